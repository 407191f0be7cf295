"""Versions of a persona: the list, what differs between two, bringing one back; and templates, which make new ones."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from admin.frame.doors import Door
from admin.persona.naming import title_of, value_of
from core_pipeline.thinking.variables import filled
from errors import Impossible
from tenants import personas
from tenants.people.roles import May
from tenants.trades import applied, trade, trades

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.responses import Response

    from admin.frame.visit import Visit

PAGE = 30
# A text that is longer is compared line by line.
LONG = 80


@dataclass(frozen=True)
class Change:
    """A field that differs: its title, and either both values or the lines that went and came (" ", "-", "+")."""

    title: str
    before: str
    after: str
    lines: tuple[tuple[str, str], ...] = ()


def _(text: str) -> str:
    return text


async def whole_of(session: AsyncSession, number: int) -> dict[str, Any] | None:
    """A version's values, the present ones by their own number; None where there is no such version."""
    now = await personas.current(session)
    if number == now.number:
        return personas.whole(now)
    try:
        return personas.whole(await personas.version(session, number))
    except Impossible:
        return None


def told(visit: Visit, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs, in the visitor's language."""
    return [_change(visit, one) for one in personas.differences(before, after)]


def _change(visit: Visit, one: personas.Difference) -> Change:
    title = title_of(one.where, visit._, visit.language)
    was, became = (_value(visit, one.where, value) for value in (one.before, one.after))
    long = any("\n" in text or len(text) > LONG for text in (was, became))
    return Change(title, was, became, tuple(_lines(was, became)) if long else ())


def _value(visit: Visit, place: str, value: Any) -> str:
    """A value in the visitor's words; a trade that has a template by the template's title."""
    known = trades().get(str(value)) if place == "facts.trade" else None
    return known.title[visit.language] if known else value_of(place, value, visit._)


def _lines(was: str, became: str) -> Iterator[tuple[str, str]]:
    old, new = was.splitlines(), became.splitlines()
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ((" ", line) for line in old[i:j])
        else:
            yield from (("-", line) for line in old[i:j])
            yield from (("+", line) for line in new[k:m])


async def listed(visit: Visit) -> Response:
    """All versions, newest first."""
    before = _number(visit.request.query_params.get("before", ""))
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
        rows = await personas.versions(session, before=before, most=PAGE)
    more = visit.link(before=rows[-1].number) if len(rows) == PAGE and rows[-1].number > 1 else ""
    return visit.page("persona/versions.html", now=now, rows=rows, more=more, first=before is None)


async def shown(visit: Visit) -> Response:
    """A version beside another one: the one before it, or the one that is asked for."""
    number, other = _number(visit.path("number")), _number(visit.request.query_params.get("with", ""))
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
        after = await whole_of(session, number or 0)
        compared = other if other is not None else (number or 1) - 1
        before = await whole_of(session, compared)
        row = next((one for one in await personas.versions(session, before=(number or 0) + 1, most=1)), None)
        rows = await personas.versions(session, most=PAGE)
    if after is None or number is None:
        raise Impossible("missing", "there is no version of this number")
    changes = told(visit, before, after) if before is not None else None
    given: dict[str, Any] = {"row": row if row and row.number == number else None, "rows": rows, "compared": compared}
    return visit.page("persona/version.html", number=number, now=now, changes=changes, **given)


async def restored(visit: Visit) -> Response:
    """Serve customers as in this version again."""
    number = _number(visit.path("number")) or 0
    began = _number((await visit.fields()).get("began", ""))
    note = visit._("Version {number} brought back").format(number=number)
    try:
        async with visit.work() as session:
            await personas.restore(session, visit.actor, number, note, began=began)
    except Impossible as error:
        if error.code != "persona-changed":
            raise
        return visit.go(f"/persona/versions/{number}", _("Somebody saved meanwhile: look at it, then try again."))
    return visit.go("/persona/versions", _("The version is back. Customers are served like this from now on."))


async def templates(visit: Visit) -> Response:
    """Ready personas by trade."""
    return visit.page("persona/templates.html", trades=list(trades().values()))


async def template(visit: Visit) -> Response:
    """What a template would change, with its words as customers of this business would hear them."""
    chosen = trade(visit.path("trade"))
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
    policy = applied(now.policy, chosen)
    like = type(visit.the_tenant)(**{**visit.the_tenant.model_dump(), "facts": {"trade": chosen.slug, **now.facts}})
    changes = told(
        visit, personas.whole(now), {"policy": policy.model_dump(mode="json"), "facts": _facts(now, chosen.slug)}
    )
    said = filled(like, policy)
    return visit.page("persona/template.html", trade=chosen, now=now, changes=changes, worded=said)


async def apply(visit: Visit) -> Response:
    """Take a template over, as a new version."""
    chosen = trade(visit.path("trade"))
    began = _number((await visit.fields()).get("began", ""))
    note = visit._("Template: {title}").format(title=chosen.title[visit.language])
    try:
        async with visit.work() as session:
            now = await personas.current(session)
            facts = _facts(now, chosen.slug)
            await personas.save(session, visit.actor, applied(now.policy, chosen), facts, note, began=began)
    except Impossible as error:
        if error.code != "persona-changed":
            raise
        return visit.go(f"/persona/templates/{chosen.slug}", _("Somebody saved meanwhile: look at it, then try again."))
    return visit.go("/persona", _("The template is yours now: make it your own."))


def _facts(now: personas.Current, slug: str) -> dict[str, str]:
    return {"trade": slug, **now.facts}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


DOORS = (
    Door("GET", "/t/{tenant}/persona/versions", May.SEE, listed),
    Door("GET", "/t/{tenant}/persona/versions/{number}", May.SEE, shown),
    Door("POST", "/t/{tenant}/persona/versions/{number}/restore", May.EDIT, restored),
    Door("GET", "/t/{tenant}/persona/templates", May.SEE, templates),
    Door("GET", "/t/{tenant}/persona/templates/{trade}", May.SEE, template),
    Door("POST", "/t/{tenant}/persona/templates/{trade}", May.EDIT, apply),
)
