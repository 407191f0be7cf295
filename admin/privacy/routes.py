"""How long things are kept, customers who want to be forgotten, and the business's own archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from starlette.responses import StreamingResponse

from admin.frame.doors import Door, Nav
from core_pipeline.erasing import archive as archiving
from core_pipeline.erasing.customer import Erasing
from tenants import choices, customers, personas
from tenants.models import now
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit

KEPT = ("keep_media_days", "keep_words_days")


class Kept(BaseModel):
    """How many days things are kept."""

    keep_media_days: choices.Days
    keep_words_days: choices.Days


async def page(visit: Visit) -> Response:
    """How long things are kept, and a search for a customer."""
    return await _page(visit, visit.policy.model_dump(), {})


async def keep(visit: Visit) -> Response:
    """Choose how long things are kept."""
    fields = await visit.fields()
    given = {name: fields.get(name, "") for name in KEPT}
    try:
        days = Kept.model_validate(given)
    except ValidationError as error:
        wrong = {str(one["loc"][0]): visit._("Give a whole number, 0 for no bound.") for one in error.errors()}
        return await _page(visit, given, wrong, 422)
    async with visit.work() as session:
        await personas.change(session, visit.actor, days.model_dump())
    return visit.go("/privacy", "Saved.")


async def erase(visit: Visit) -> Response:
    """Erase a customer with everything of theirs."""
    contact_id = (await visit.fields()).get("contact", "").replace("\0", "")
    rooms = visit.rooms
    erasing = Erasing(rooms.floor.db, rooms.blobs, rooms.inbox, rooms.desk)
    await erasing.customer(visit.the_tenant.id, contact_id, visit.actor)
    return visit.go("/privacy", "The customer and everything of theirs is gone.")


async def archive(visit: Visit) -> Response:
    """Everything of the business in one file."""
    tenant, rooms = visit.the_tenant, visit.rooms
    made = await archiving.archive(rooms.floor.db, rooms.blobs, tenant.id, visit.actor)
    name = f"{tenant.slug}-{now().date()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(made.size)}
    return StreamingResponse(made.sent(), media_type="application/zip", headers=headers)


async def _page(visit: Visit, values: Mapping[str, Any], errors: Mapping[str, str], status: int = 200) -> Response:
    words = visit.request.query_params.get("words", "")
    async with visit.work(reads=True) as session:
        found = await customers.search(session, words)
    async with visit.rooms.floor.db.platform(reads=True) as session:
        ours = await choices.read(session)
    given = {"words": words, "found": found, "ours": ours, "searched": len(words.strip()) >= customers.FEWEST_LETTERS}
    return visit.page("privacy/page.html", status=status, values=values, errors=errors, **given)  # type: ignore[arg-type]  # the rest is the template's


DOORS = (
    Door("GET", "/t/{tenant}/privacy", May.PEOPLE, page),
    Door("POST", "/t/{tenant}/privacy", May.PEOPLE, keep),
    Door("POST", "/t/{tenant}/privacy/erase", May.PEOPLE, erase),
    Door("POST", "/t/{tenant}/privacy/archive", May.PEOPLE, archive),
)
NAV = (Nav(85, "/t/{tenant}/privacy", "Privacy", "lock", May.PEOPLE),)
