"""The persona pages: who the bot is, its words, its hours, its rules; each saves a version of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.frame.doors import Door, Nav
from admin.persona import past, tools, trial
from admin.persona.calling import LONGEST_QUESTION, bounds, key_rows
from admin.persona.fields import HOURS, RULES, SECTIONS, WHO, WORDS, Section, blank, holiday_rows, shown, taken
from admin.persona.naming import (
    DAY_TITLES,
    FACT_TITLES,
    PHRASE_TITLES,
    TITLES,
    VARIABLE_TITLES,
    WEEK,
    choices,
    explained,
)
from admin.persona.week import hours_given, preview, zones
from core_pipeline.contracts.phrases import READY
from core_pipeline.notices import subscriptions
from core_pipeline.thinking.variables import values
from core_pipeline.tryout import generating
from errors import Impossible
from tenants import personas
from tenants.people.roles import May
from tenants.personas import LONGEST_PERSONA, LONGEST_PHRASE
from tenants.trades import trades
from tenants.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.doors import Handler
    from admin.frame.visit import Visit
    from tenants.personas import Current


def _opener(section: Section) -> Handler:
    async def open_page(visit: Visit) -> Response:
        return await page(visit, section)

    return open_page


def _saver(section: Section) -> Handler:
    async def save(visit: Visit) -> Response:
        typed = await visit.fields()
        began = number(typed.get("began", ""))
        async with visit.work(reads=True) as session:
            now = await personas.current(session)
        try:
            policy, facts = taken(section, now, typed)
            async with visit.work() as session:
                await personas.save(session, visit.actor, policy, facts, typed.get("note", ""), began=began)
        except personas.Wrong as wrong:
            names = [field.name for field in section.fields] + list(typed)
            return await page(visit, section, typed, 422, errors=explained(wrong.faults, names, visit._))
        except Impossible as error:
            if error.code != "persona-changed":
                raise
            return await page(visit, section, typed, 409, conflict=await _meanwhile(visit, began))
        return visit.go(section.path, _("Saved. Customers are served like this from now on."))

    return save


async def page(
    visit: Visit, section: Section, typed: Mapping[str, str] | None = None, status: int = 200, **given: Any
) -> Response:
    """Draw a section with what is kept, or with what was typed and what is wrong with it."""
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
    held = shown(section, now) if typed is None else blank(section, typed)
    more = await _MORE[section.name](visit, now, held)
    common = {"v": held, "now": now, "section": section, "choices": choices(visit._), "titles": TITLES}
    drawn = {"errors": {}, "conflict": None, "note": (typed or {}).get("note", ""), **common, **more, **given}
    return visit.page(f"persona/{section.name}.html", status=status, **drawn)


async def _meanwhile(visit: Visit, began: int | None) -> list[Any]:
    """What others changed since this version, for whoever was about to overwrite it."""
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
        before = await past.whole_of(session, began or 0)
    return past.told(visit, before or personas.whole(now), personas.whole(now))


async def _who(visit: Visit, now: Current, held: Mapping[str, str]) -> dict[str, Any]:
    tenant, facts = visit.the_tenant, {name: held.get(f"facts.{name}", "") for name in FACT_TITLES}
    like = type(tenant)(**{**tenant.model_dump(), "facts": facts})
    known = {language: values(like, now.policy, language) for language in ("ar", "en")}
    return {
        "facts": FACT_TITLES,
        "variables": [(name, VARIABLE_TITLES[name], known["ar"][name], known["en"][name]) for name in VARIABLES],
        "longest": LONGEST_PERSONA,
        "trades": [(slug, one.title[visit.language]) for slug, one in trades().items()],
        "generates": await generating(trial.stand(visit), tenant.id),
    }


async def _words(visit: Visit, now: Current, held: Mapping[str, str]) -> dict[str, Any]:
    del now, held, visit
    return {"phrases": PHRASE_TITLES, "ready": READY, "longest": LONGEST_PHRASE, "variables": VARIABLES}


async def _hours(visit: Visit, now: Current, held: Mapping[str, str]) -> dict[str, Any]:
    return {
        "days": [(day, DAY_TITLES[day]) for day in WEEK],
        "rows": holiday_rows(held),
        **hours_given(visit, now.policy),
    }


async def _rules(visit: Visit, now: Current, held: Mapping[str, str]) -> dict[str, Any]:
    del now, held
    async with visit.work(reads=True) as session:
        told = [one.url for one in await subscriptions.listing(session) if "handoff.requested" in one.events]
    return {"told": told}


async def _calls(visit: Visit, now: Current, held: Mapping[str, str]) -> dict[str, Any]:
    del visit
    return {
        "days": [(day, DAY_TITLES[day]) for day in WEEK],
        "zones": zones(now.policy.calls.zone),
        "bounds": bounds(),
        "rows": key_rows(held),
        "longest": LONGEST_QUESTION,
    }


_MORE = {"who": _who, "words": _words, "hours": _hours, "rules": _rules, "calls": _calls}


async def week_preview(visit: Visit) -> Response:
    """The next days as the hours that are typed would make them; nothing is saved."""
    typed = await visit.fields()
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
    try:
        policy, _facts = taken(HOURS, now, typed)
    except personas.Wrong as wrong:
        names = [field.name for field in HOURS.fields] + list(typed)
        return await page(visit, HOURS, typed, 422, errors=explained(wrong.faults, names, visit._))
    if visit.partial:
        return visit.page("persona/week.html", **preview(visit, policy))
    return await page(visit, HOURS, typed, **hours_given(visit, policy))


def number(text: str) -> int | None:
    """A number that a form carried along; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _(text: str) -> str:
    return text


DOORS = (
    *(Door("GET", f"/t/{{tenant}}{one.path}", May.SEE, _opener(one)) for one in SECTIONS.values()),
    *(Door("POST", f"/t/{{tenant}}{one.path}", May.EDIT, _saver(one)) for one in SECTIONS.values()),
    Door("POST", "/t/{tenant}/persona/hours/preview", May.SEE, week_preview),
    *past.DOORS,
    *tools.DOORS,
    *trial.DOORS,
)
NAV = (
    Nav(20, "/t/{tenant}/persona", "Persona", "persona", May.SEE),
    Nav(25, "/t/{tenant}/try", "Try it", "play", May.SEE),
)
__all__ = ["DOORS", "NAV", "RULES", "WHO", "WORDS"]
