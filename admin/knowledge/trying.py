"""The search tried out: what it finds for a question, and how it got there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.knowledge import trying as search

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

LONGEST = 1000


async def tried(visit: Visit) -> Response:
    """Type a question, see what is found."""
    text = visit.request.query_params.get("q", "").replace("\0", "").strip()[:LONGEST]
    language = visit.request.query_params.get("language", "")
    wanted = language if language in {"ar", "en"} else None
    trial = None
    if text:
        db, shelf = visit.rooms.floor.db, visit.rooms.shelf
        trial = await search.tried(shelf, db, visit.the_tenant.id, text, visit.policy, wanted)
    block = "found" if visit.partial else None
    return visit.page("knowledge/search.html", block=block, q=text, language=language, trial=trial)
