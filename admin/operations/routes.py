"""Pages of the platform's administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from admin.frame.doors import Door, Nav
from core_pipeline.operating import logbook
from core_pipeline.operating.costs import this_month
from core_pipeline.operating.machine import MOST_WAITING, Machine
from errors import Impossible
from tenants import choices, quotas
from tenants.choices import Choices
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit


async def state(visit: Visit) -> Response:
    """What runs, what waits and what failed."""
    machine = _machine(visit)
    found = await machine.state()
    return visit.page(
        "operations/state.html",
        now_so=found.standing,
        refused=await machine.troubles(),
        processes=found.processes,
        waiting=found.waiting,
        most_waiting=MOST_WAITING,
        engines=found.engines,
        me=visit.rooms.process,
    )


async def letters(visit: Visit) -> Response:
    """Turns that died, with what killed them."""
    return visit.page("operations/letters.html", letters=await visit.rooms.desk.dead_letters())


async def retry(visit: Visit) -> Response:
    """Try a dead turn again from the step that failed."""
    await _machine(visit).retry(visit.actor, (await visit.fields()).get("turn", ""))
    return visit.go("/admin/platform/letters", "The message is tried again.")


async def doctor(visit: Visit) -> Response:
    """What is missing or wrong on this installation, and what to do about it."""
    return visit.page("operations/doctor.html", findings=await _machine(visit).findings())


async def logs(visit: Visit) -> Response:
    """What processes write about themselves, kept fresh by the page."""
    given = visit.request.query_params
    least = given.get("level", "INFO") if given.get("level") in logbook.LEVELS else "INFO"
    words = given.get("words", "")[:100]
    lines = await _machine(visit).logs(least, words)
    block = "lines" if visit.partial else None
    return visit.page("operations/logs.html", block=block, lines=lines, least=least, words=words)


async def costs(visit: Visit) -> Response:
    """What each business had and cost this month, and how much it may have."""
    async with visit.rooms.floor.db.platform(reads=True) as session:
        period, found = await this_month(session)
    return visit.page("operations/costs.html", shares=found, first=period.since)


async def allow(visit: Visit) -> Response:
    """Let a business have so many answers a month."""
    fields = await visit.fields()
    slug, messages = fields.get("tenant", "").replace("\0", ""), fields.get("messages", "")
    if not messages.isdecimal():
        raise Impossible("quota", "give a number of answers, 0 for no bound")
    async with visit.rooms.floor.db.platform() as session:
        await quotas.grant(session, visit.actor, slug, int(messages), stop="stop" in fields)
    return visit.go("/admin/platform/costs", "Saved.")


async def settings(visit: Visit) -> Response:
    """The choices for the whole installation."""
    async with visit.rooms.floor.db.platform(reads=True) as session:
        chosen = await choices.read(session)
    return _settings_page(visit, chosen.model_dump(), {})


async def choose(visit: Visit) -> Response:
    """Keep choices for the whole installation."""
    fields = await visit.fields()
    given = {name: fields[name] for name in Choices.model_fields if name in fields}
    try:
        chosen = Choices.model_validate(given)
    except ValidationError as error:
        wrong = {str(one["loc"][0]): visit._("Give a whole number, 0 for no bound.") for one in error.errors()}
        return _settings_page(visit, given, wrong, 422)
    async with visit.rooms.floor.db.platform() as session:
        await choices.decide(session, visit.actor, chosen)
    return visit.go("/admin/platform/settings", "Saved.")


def _settings_page(
    visit: Visit, values: Mapping[str, object], errors: Mapping[str, str], status: int = 200
) -> Response:
    return visit.page("operations/settings.html", status=status, values=values, errors=errors)


def _machine(visit: Visit) -> Machine:
    rooms = visit.rooms
    house = rooms.floor, rooms.inbox, rooms.lines, rooms.engines, rooms.desk
    return Machine(*house, rooms.var, rooms.address, rooms.chains)


DOORS = (
    Door("GET", "/platform", May.PLATFORM, state),
    Door("GET", "/platform/letters", May.PLATFORM, letters),
    Door("POST", "/platform/letters", May.PLATFORM, retry),
    Door("GET", "/platform/doctor", May.PLATFORM, doctor),
    Door("GET", "/platform/logs", May.PLATFORM, logs),
    Door("GET", "/platform/costs", May.PLATFORM, costs),
    Door("POST", "/platform/costs", May.PLATFORM, allow),
    Door("GET", "/platform/settings", May.PLATFORM, settings),
    Door("POST", "/platform/settings", May.PLATFORM, choose),
)
NAV = (Nav(90, "/platform", "Operations", "gear", May.PLATFORM),)
