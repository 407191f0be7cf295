"""The labels by which a business sorts its conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.inbox.words import fault
from core_pipeline.desk import labels
from core_pipeline.telling import status_of
from errors import SawtakError

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

# Messages of the catalogue, by the names of the colours.
COLOURS = {"grey": "Grey", "red": "Red", "amber": "Amber", "green": "Green", "blue": "Blue", "violet": "Violet"}


async def page(visit: Visit) -> Response:
    """All labels, and a form for one more."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Make a label, or give it another colour."""
    fields = await visit.fields()
    try:
        async with visit.work() as session:
            await labels.save(session, visit.actor, fields.get("name", ""), fields.get("colour", "grey"))
    except SawtakError as error:
        return await _page(visit, fault(visit, error), status_of(error), fields.get("name", ""))
    return visit.go("/inbox/labels", "Saved.")


async def delete(visit: Visit) -> Response:
    """Take a label away from everywhere."""
    async with visit.work() as session:
        await labels.delete_label(session, visit.actor, visit.path("label").replace("\0", ""))
    return visit.go("/inbox/labels", "Deleted.")


async def _page(visit: Visit, error: str = "", status: int = 200, typed: str = "") -> Response:
    async with visit.work(reads=True) as session:
        known = await labels.listing(session)
    return visit.page(
        "inbox/labels.html",
        status=status,
        labels=known,
        colours=[(name, visit._(words)) for name, words in COLOURS.items()],
        colour_words=COLOURS,
        error=error,
        typed=typed,
    )
