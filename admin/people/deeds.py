"""What everybody did: of a business, of an agency with its businesses, and of the platform; also as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.responses import Response, StreamingResponse

from admin.people.staff import base_of
from admin.people.wording import deed, subjects, thing
from tenants import audit
from tenants.audit import Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from admin.frame.visit import Visit
    from tenants.models import AuditEntry

COLUMNS = ("at", "who", "action", "thing", "before", "after", "address")
ROWS_AT_ONCE, MOST_ROWS = 500, 50_000
LARGEST_ID = 2**62


async def page(visit: Visit) -> Response:
    """Fifty deeds, newest first, with a way on to older ones."""
    wanted = _wanted(visit)
    async with visit.rooms.floor.db.platform(reads=True) as session:
        entries = await audit.listing(session, wanted, audit.PAGE + 1)
        doers = await audit.doers(session, wanted)
    shown = entries[: audit.PAGE]
    older = visit.link(before=shown[-1].id) if len(entries) > audit.PAGE else ""
    asked = {name: visit.request.query_params.get(name, "") for name in ("who", "action", "from", "to")}
    return visit.page(
        "people/audit.html",
        base=base_of(visit),
        entries=[(one, differences(one.before, one.after)) for one in shown],
        doers=[(one, one) for one in doers if one],
        older=older,
        asked=asked,
        subjects=subjects(visit._, asked["action"]),
        deed=lambda action: deed(action, visit._),
        thing=thing,
        download=f"{base_of(visit)}/audit.csv?{visit.request.url.query}",
    )


async def download(visit: Visit) -> Response:
    """The same as a CSV file that spreadsheets read as it is."""
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_lines(visit, _wanted(visit)), media_type="text/csv; charset=utf-8", headers=headers)


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """What changed, a line each: its name, how it was and how it is, "" where it was not there."""
    was, now = _flat(before or {}), _flat(after or {})
    return [(name, was.get(name, ""), now.get(name, "")) for name in dict.fromkeys([*was, *now])]


def cell(value: object) -> str:
    """A value that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


async def _lines(visit: Visit, wanted: Wanted) -> AsyncIterator[str]:
    yield "\ufeff" + _row(COLUMNS)
    sent = 0
    while sent < MOST_ROWS:
        async with visit.rooms.floor.db.platform(reads=True) as session:
            entries = await audit.listing(session, wanted, ROWS_AT_ONCE)
        yield "".join(_row(_cells(one)) for one in entries)
        if len(entries) < ROWS_AT_ONCE:
            return
        sent, wanted = sent + len(entries), replace(wanted, before=entries[-1].id)


def _cells(one: AuditEntry) -> list[str]:
    texts = [one.at.isoformat(timespec="seconds"), one.who, one.action, one.thing]
    texts += [json.dumps(each, ensure_ascii=False) if each is not None else "" for each in (one.before, one.after)]
    return [cell(text) for text in (*texts, one.address)]


def _row(cells: tuple[str, ...] | list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _wanted(visit: Visit) -> Wanted:
    asked = {name: value.replace("\0", "") for name, value in visit.request.query_params.items()}
    until = _day(asked.get("to", ""), visit.zone)
    return Wanted(
        tenant_id=visit.tenant.id if visit.tenant is not None else "",
        agency_id=visit.agency.id if visit.agency is not None else "",
        who=asked.get("who", ""),
        action=asked.get("action", "").strip(),
        since=_day(asked.get("from", ""), visit.zone),
        until=until + timedelta(days=1) if until is not None else None,
        before=_number(asked.get("before", "")),
    )


def _day(text: str, zone: str) -> datetime | None:
    """The beginning of a day at this place; None for what is no date."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), ZoneInfo(zone)) if 1970 <= day.year < 9999 else None


def _number(text: str) -> int | None:
    return min(int(text), LARGEST_ID) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _written(value: Any) -> str:
    """A value as people read it; what was not set is left out."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(values: Mapping[str, Any], path: str = "") -> dict[str, str]:
    """Values at any depth as words, by their paths."""
    found: dict[str, str] = {}
    for name, value in values.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            found |= _flat(value, here)
        else:
            found[here] = _written(value)
    return found
