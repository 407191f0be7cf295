"""The pages of engines: which serve a business in which order, and those that it sets up with a key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.connect.accounts import alert
from admin.frame.forms import Reading, draw, read
from core_pipeline.connecting import engines
from errors import Impossible, SawtakError
from tenants.engines import EngineBook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit
    from core_pipeline.connecting.engines import Kind
    from core_pipeline.contracts.specs import EngineSpec
    from tenants.models import EngineAccount

TITLES = {
    "asr": "Hearing",
    "llm": "Answering",
    "tts": "Speaking",
    "video": "Talking face",
    "embed": "Searching by meaning",
}
UNITS = {
    "second": "{price} a minute",
    "character": "{price} for a million letters",
    "token": "{price} for a million tokens",
    "answer": "{price} for a thousand answers",
}
PLACES = 4


async def listing(visit: Visit) -> Response:
    """Each kind with its chain and everything that could be put into it."""
    return await _listing(visit)


async def choose(visit: Visit) -> Response:
    """Put engines into the chain, in the order that was chosen; none: as the installation has it."""
    sent, kind = await visit.fields(), visit.path("kind")
    there = {one.name: one for one in await _kinds(visit)}
    if kind not in there:
        raise Impossible("missing", "there is no such kind of engine")
    names = list(dict.fromkeys(name for place in range(PLACES) if (name := sent.get(f"place{place}", ""))))
    usable = [one.spec.name for one in there[kind].options if one.usable]
    try:
        async with visit.work() as session:
            await engines.choose(session, visit.actor, kind, names, usable)
    except SawtakError as error:
        return await _listing(visit, error)
    return visit.go("/engines", "Saved: these engines serve your customers from now on.")


async def form(visit: Visit) -> Response:
    """The form of one engine."""
    spec = engines.offered(visit.path("kind"), visit.path("name"))
    return await _form(visit, spec)


async def set_up(visit: Visit) -> Response:
    """Keep the set-up; secrets that were left empty stay."""
    spec, sent = engines.offered(visit.path("kind"), visit.path("name")), await visit.fields()
    row = await _kept(visit, spec)
    reading = read(spec.config, sent, visit.language, kept=row.sealed if row else ())
    if reading.config is None:
        return await _form(visit, spec, reading)
    where = visit.the_tenant.id, spec.kind, spec.name
    try:
        await engines.set_up(_book(visit), *where, reading.values, reading.secrets, visit.actor)
    except SawtakError as error:
        return await _form(visit, spec, reading, error)
    return visit.go(f"/engines/{spec.kind}/{spec.name}", "Saved. Try it, then choose it for your customers.")


async def forget(visit: Visit) -> Response:
    """Delete the set-up with its secrets, and take it out of the chain."""
    spec = engines.offered(visit.path("kind"), visit.path("name"))
    rooms, where = visit.rooms, (visit.the_tenant.id, spec.kind, spec.name)
    await engines.leave(_book(visit), rooms.floor.db, rooms.engines, *where, visit.actor)
    return visit.go("/engines", "Deleted, with its keys.")


async def probe(visit: Visit) -> Response:
    """Ask the engine whether it could be used now, and say what it says."""
    spec = engines.offered(visit.path("kind"), visit.path("name"))
    rooms, tenant_id = visit.rooms, visit.the_tenant.id
    said, fine = "It answered: it can be used.", True
    try:
        if not await engines.probe(_book(visit), rooms.engines, tenant_id, spec.kind, spec.name):
            said = "It can’t be asked without using it; what is set up looks right."
    except SawtakError as error:
        said, fine = alert(visit, error), False
    return await _form(visit, spec, probed=(visit._(said), fine))


async def _kinds(visit: Visit) -> list[Kind]:
    return await engines.kinds(_book(visit), visit.rooms.engines, visit.the_tenant.id)


def _book(visit: Visit) -> EngineBook:
    return EngineBook(visit.rooms.floor.db, visit.rooms.floor.vault)


async def _listing(visit: Visit, error: SawtakError | None = None) -> Response:
    given: dict[str, Any] = {"kinds": await _kinds(visit), "titles": TITLES, "units": UNITS, "places": range(PLACES)}
    return visit.page("connect/engines.html", status=422 if error else 200, alert=alert(visit, error), **given)


async def _kept(visit: Visit, spec: EngineSpec) -> EngineAccount | None:  # type: ignore[type-arg]  # of any engine
    rows: Mapping[tuple[str, str], EngineAccount] = await _book(visit).kept(visit.the_tenant.id)
    return rows.get((spec.kind, spec.name))


async def _form(
    visit: Visit,
    spec: EngineSpec,  # type: ignore[type-arg]  # of any engine
    reading: Reading | None = None,
    error: SawtakError | None = None,
    probed: tuple[str, bool] | None = None,
) -> Response:
    row = await _kept(visit, spec)
    values, errors = (reading.typed, reading.errors) if reading else (row.config if row else {}, {})
    return visit.page(
        "connect/engine.html",
        status=422 if reading else 200,
        spec=spec,
        form=draw(spec.config, values, errors, visit.language, kept=row.sealed if row else ()),
        own=row is not None,
        alert=alert(visit, error),
        probed=probed,
        titles=TITLES,
    )
