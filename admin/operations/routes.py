"""Pages of the platform's administrator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from admin import checks
from admin.frame.doors import Door, Nav
from admin.operations import logbook
from core_pipeline.insight.standing import shares, standing, troubles
from errors import Impossible
from tenants import audit, choices, directory, processes, quotas
from tenants.choices import Choices
from tenants.models import Tenant, now
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit

MOST_WAITING = 1000
TROUBLES_SINCE = timedelta(days=7)
HOUSE_ZONE = "Africa/Cairo"


async def state(visit: Visit) -> Response:
    """What runs, what waits and what failed."""
    async with visit.rooms.floor.db.platform(reads=True) as session:
        now_so = await standing(session)
        refused = await troubles(session, now() - TROUBLES_SINCE)
        everyone = await processes.everyone(session)
    waiting = len(await visit.rooms.inbox.pending(MOST_WAITING))
    return visit.page(
        "operations/state.html",
        now_so=now_so,
        refused=refused,
        processes=[(one, processes.there(one)) for one in everyone],
        waiting=waiting,
        most_waiting=MOST_WAITING,
        engines=visit.rooms.engines.figures(),
        me=visit.rooms.process,
    )


async def letters(visit: Visit) -> Response:
    """Turns that died, with what killed them."""
    return visit.page("operations/letters.html", letters=await visit.rooms.desk.dead_letters())


async def retry(visit: Visit) -> Response:
    """Try a dead turn again from the step that failed."""
    turn_id = (await visit.fields()).get("turn", "")
    await visit.rooms.desk.retry(turn_id)
    await _noted(visit, "letter.retry", turn_id)
    return visit.go("/admin/platform/letters", "The message is tried again.")


async def doctor(visit: Visit) -> Response:
    """What is missing or wrong on this installation, and what to do about it."""
    rooms = visit.rooms
    found = checks.machine(rooms.var, rooms.address)
    found += checks.chains(rooms.chains)
    found += await checks.engines(rooms.engines, rooms.floor, rooms.chains)
    found.append(await checks.walls(rooms.floor.db))
    found += await checks.accounts(rooms.floor.book, rooms.lines)
    return visit.page("operations/doctor.html", findings=sorted(found, key=lambda one: one.fine))


async def logs(visit: Visit) -> Response:
    """What processes write about themselves, kept fresh by the page."""
    given = visit.request.query_params
    least = given.get("level", "INFO") if given.get("level") in logbook.LEVELS else "INFO"
    words = given.get("words", "")[:100]
    lines = logbook.latest(visit.rooms.var, least, words)
    block = "lines" if visit.partial else None
    return visit.page("operations/logs.html", block=block, lines=lines, least=least, words=words)


async def costs(visit: Visit) -> Response:
    """What each business had and cost this month, and how much it may have."""
    at = now().astimezone(ZoneInfo(HOUSE_ZONE))
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with visit.rooms.floor.db.platform(reads=True) as session:
        found = await shares(session, first, now())
    return visit.page("operations/costs.html", shares=found, first=first)


async def allow(visit: Visit) -> Response:
    """Let a business have so many answers a month."""
    fields = await visit.fields()
    slug, messages = fields.get("tenant", ""), fields.get("messages", "")
    if not messages.isdecimal():
        raise Impossible("quota", "give a number of answers, 0 for no bound")
    tenant_id = await directory.id_of(visit.rooms.floor.db, slug.replace("\0", ""))
    async with visit.rooms.floor.db.platform() as session:
        before = dict((await session.get_one(Tenant, tenant_id)).quota or {})
        await quotas.allow(session, tenant_id, int(messages), stop="stop" in fields)
        after = dict((await session.get_one(Tenant, tenant_id)).quota)
        audit.record(session, visit.actor, "quota.allow", slug, before=before, after=after, tenant_id=tenant_id)
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
        before = await choices.write(session, chosen)
        audit.record(session, visit.actor, "platform.choose", before=before, after=chosen.model_dump())
    return visit.go("/admin/platform/settings", "Saved.")


def _settings_page(
    visit: Visit, values: Mapping[str, object], errors: Mapping[str, str], status: int = 200
) -> Response:
    return visit.page("operations/settings.html", status=status, values=values, errors=errors)


async def _noted(visit: Visit, action: str, thing: str) -> None:
    async with visit.rooms.floor.db.platform() as session:
        audit.record(session, visit.actor, action, thing)


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
