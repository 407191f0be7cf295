"""The tools page: what the bot may do in the business's own system, switched, written and tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.frame.doors import Door
from admin.frame.saying import said
from admin.persona.drafts import TYPES, arguments, drafted, row_numbers, shown
from core_pipeline.telling import status_of, told
from errors import Impossible
from tenants import actions
from tenants.actions import ActionDraft
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit
    from core_pipeline.actions.rehearsing import Rehearsed
    from tenants.models import Action

NEW = "new"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TOLD = ("name", "description", "method", "url", "headers", "parameters", "changes", "timeout", "active")
# Where the form shows what is wrong.
_PLACES = {
    "action-name": "name",
    "action-taken": "name",
    "action-description": "description",
    "action-url": "url",
    "action-header": "headers",
    "action-secret": "secret-value",
    "action-timeout": "timeout",
    "action-schema": "schema",
}


def _(text: str) -> str:
    return text


async def listed(visit: Visit) -> Response:
    """All tools, with their switches."""
    async with visit.work(reads=True) as session:
        rows = await actions.actions(session)
    return visit.page("persona/tools.html", rows=rows)


async def opened(visit: Visit) -> Response:
    """One tool's form, an empty one for a new tool."""
    return await _page(visit, await _found(visit))


async def saved(visit: Visit) -> Response:
    """Keep what was typed."""
    typed, kept = await visit.fields(), await _found(visit)
    try:
        draft = drafted(typed, kept)
        async with visit.work() as session:
            vault, inner = visit.rooms.floor.vault, visit.rooms.inner
            before = _audited(kept) if kept else None
            row = await actions.save(session, vault, draft, action_id=kept.id if kept else None, allow=inner)
            visit.note(session, "action.save", row.id, before=before, after=_audited(row))
    except Impossible as error:
        place = _PLACES.get(error.code, "")
        return await _page(
            visit, kept, typed, 422, errors={place: said(visit, status_of(error), error.code, error.detail)}
        )
    return visit.go(f"/persona/tools/{row.id}", _("The tool is saved. Try it below."))


async def switched(visit: Visit) -> Response:
    """Switch a tool on or off."""
    kept, on = await _needed(visit), (await visit.fields()).get("on") == "yes"
    draft = ActionDraft.model_validate({**kept.model_dump(include=set(_TOLD)), "secrets": dict.fromkeys(kept.sealed)})
    async with visit.work() as session:
        draft = draft.model_copy(update={"active": on})
        await actions.save(session, visit.rooms.floor.vault, draft, action_id=kept.id, allow=visit.rooms.inner)
        visit.note(session, "action.switch", kept.id, before={"active": kept.active}, after={"active": on})
    return visit.go("/persona/tools", _("The tool is on.") if on else _("The tool is off."))


async def removed(visit: Visit) -> Response:
    """Forget a tool with its secrets."""
    kept = await _needed(visit)
    async with visit.work() as session:
        await actions.remove(session, kept.id)
        visit.note(session, "action.remove", kept.id, before=_audited(kept))
    return visit.go("/persona/tools", _("The tool is gone."))


async def called(visit: Visit) -> Response:
    """Call a tool once, with the arguments that were typed."""
    kept, typed = await _needed(visit), await visit.fields()
    if kept.changes and typed.get("sure") != "yes":
        return await _page(visit, kept, status=422, errors={"sure": visit._("Tick this first: the call is real.")})
    came: Rehearsed = await visit.rooms.actions.rehearse(kept, arguments(kept.parameters, typed))
    why = told(came.problem, 422, visit.language, came.detail) if came.problem else ""
    async with visit.work() as session:
        visit.note(session, "action.try", kept.id, after={"status": came.status, "problem": came.problem})
    return await _page(visit, kept, came=came, why=why, arguments=typed)


async def _page(
    visit: Visit, kept: Action | None, typed: Mapping[str, str] | None = None, status: int = 200, **given: Any
) -> Response:
    held = {**shown(kept), **(typed or {})}
    if typed is not None:
        held |= {name: typed.get(name, "") for name in ("changes", "active")}
    secrets = sorted(kept.sealed) if kept else []
    options: dict[str, Any] = {"methods": [(one, one) for one in METHODS], "types": TYPES, "rows": row_numbers(held)}
    more = {"errors": {}, "came": None, "why": "", "arguments": {}, **given}
    return visit.page(
        "persona/tool.html", status=status, action=kept, v=_Blank(held), secrets=secrets, **options, **more
    )


class _Blank(dict[str, str]):
    """Values by name; "" for a control that holds nothing."""

    def __missing__(self, name: str) -> str:
        return ""


async def _found(visit: Visit) -> Action | None:
    if visit.path("action") == NEW:
        return None
    async with visit.work(reads=True) as session:
        rows = await actions.actions(session)
    found = next((row for row in rows if row.id == visit.path("action")), None)
    if found is None:
        raise Impossible("missing", "there is no such tool")
    return found


async def _needed(visit: Visit) -> Action:
    found = await _found(visit)
    if found is None:
        raise Impossible("missing", "there is no such tool")
    return found


def _audited(action: Action) -> dict[str, Any]:
    """What the audit keeps: everything but secrets, whose names it may know."""
    return {**{name: getattr(action, name) for name in _TOLD}, "sealed_headers": len(action.sealed)}


DOORS = (
    Door("GET", "/t/{tenant}/persona/tools", May.SEE, listed),
    Door("GET", "/t/{tenant}/persona/tools/{action}", May.CONNECT, opened),
    Door("POST", "/t/{tenant}/persona/tools/{action}", May.CONNECT, saved),
    Door("POST", "/t/{tenant}/persona/tools/{action}/switch", May.EDIT, switched),
    Door("POST", "/t/{tenant}/persona/tools/{action}/remove", May.CONNECT, removed),
    Door("POST", "/t/{tenant}/persona/tools/{action}/call", May.CONNECT, called),
)
