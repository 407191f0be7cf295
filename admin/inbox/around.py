"""What stands around a conversation: the list as the address asks for it, its filters and its counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from admin.inbox.showing import Open, channel_of, counted, drawn_rows, drawn_thread, names_of
from core_pipeline.desk import labels, rows
from core_pipeline.desk.rows import Filters, Page
from tenants.models import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin.frame.visit import Visit
    from tenants.models import Label

FILTERS = ("state", "channel", "label", "language", "search")
LANGUAGES = ("ar", "en")


@dataclass(frozen=True)
class Listed:
    """The list as it is asked for, and what stands around it."""

    wanted: Filters
    page: Page
    counts: dict[str, int]
    labels: Sequence[Label]
    names: Mapping[str, str]
    channels: Sequence[str]


def wanted_of(visit: Visit) -> Filters:
    """Which conversations the address asks for."""
    query = visit.request.query_params
    given = {name: query[name].replace("\0", "")[:100] for name in FILTERS if query.get(name)}
    wanted = Filters(**given, me=visit.who.person.id)
    return wanted if wanted.state in rows.STATES else replace(wanted, state="open")


async def listed(visit: Visit) -> Listed:
    """The list as the address asks for it."""
    wanted = wanted_of(visit)
    async with visit.work(reads=True) as session:
        page = await rows.page(session, wanted, visit.request.query_params.get("after") or None)
        counts, known = await counted(visit, session), await labels.listing(session)
        channels = await rows.channels(session)
    return Listed(wanted, page, counts, known, await names_of(visit, page.rows), channels)


def around(visit: Visit, found: Listed, here: Open | None) -> dict[str, Any]:
    """What the page is drawn with."""
    wanted = found.wanted
    query = {name: getattr(wanted, name) for name in FILTERS if getattr(wanted, name)}
    drawn_at = now().isoformat()
    at = here.row.conversation.id if here else ""
    return {
        "wanted": wanted,
        "query": urlencode(query),
        "states": rows.STATES,
        "counts": found.counts,
        "rows": drawn_rows(visit, found.page.rows, found.names, at),
        "next": found.page.next,
        "labels": found.labels,
        "channels": [(one, channel_of(visit, one)) for one in found.channels],
        "languages": LANGUAGES,
        "here_open": here,
        "thread": drawn_thread(visit, here) if here else None,
        "before": here.thread.before if here else None,
        "nonce": uuid4().hex,
        "drawn_at": drawn_at,
        "typed": "",
        "fault": "",
    }
