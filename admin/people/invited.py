"""Links that somebody was given: to become a colleague, or to choose a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.frame.guard import remember
from admin.people.entrance import admitted, browser_of
from admin.people.faults import faults
from admin.people.roles import ROLES
from core_pipeline.telling import status_of
from errors import Impossible
from tenants.models import Person
from tenants.people import entering, invites

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit
    from tenants.people.invites import Opened

LONGEST_FIELD = 1000


async def page(visit: Visit) -> Response:
    """What the link is for, and a form."""
    return await _drawn(visit)


async def accept(visit: Visit) -> Response:
    """Use the link as its page says."""
    try:
        link = await _opened(visit)
        if link.person is not None:
            return await _new_password(visit, link.person.login)
        if "join" in await visit.form():
            return await _joined(visit)
        return await _new_person(visit)
    except Impossible as error:
        return await _drawn(visit, error)


async def _new_person(visit: Visit) -> Response:
    form = {name: str(value)[:LONGEST_FIELD] for name, value in (await visit.form()).items()}
    password = form.get("password", "")
    _check_again(form)
    fresh = Person(login=form.get("login", ""), name=form.get("name", ""), language=visit.language)
    await invites.accept(visit.rooms.floor.db, visit.path("token"), fresh, password, browser_of(visit).address)
    return admitted(visit, await entering.by_password(visit.rooms.floor.db, fresh.login, password, browser_of(visit)))


async def _new_password(visit: Visit, login: str) -> Response:
    form = {name: str(value)[:LONGEST_FIELD] for name, value in (await visit.form()).items()}
    password, db = form.get("password", ""), visit.rooms.floor.db
    _check_again(form)
    await invites.choose_password(db, visit.path("token"), password, browser_of(visit).address)
    return admitted(visit, await entering.by_password(db, login, password, browser_of(visit)))


async def _joined(visit: Visit) -> Response:
    """Take the link as who is signed in."""
    if visit.signed_in is None or not visit.signed_in.sign_in.whole:
        return visit.go("/admin/sign-in")
    async with visit.rooms.floor.db.platform() as session:
        address = browser_of(visit).address
        place = await invites.join(session, visit.path("token"), visit.signed_in.person, address)
    return visit.go(f"/admin/t/{place.tenant.slug}" if place.tenant else "/admin/", "Welcome.")


async def _opened(visit: Visit) -> Opened:
    async with visit.rooms.floor.db.platform(reads=True) as session:
        return await invites.opened(session, visit.path("token"))


async def _drawn(visit: Visit, error: Impossible | None = None) -> Response:
    try:
        link = await _opened(visit)
    except Impossible as gone:
        return visit.page("people/gone.html", status=status_of(gone), menu=())
    whole = visit.signed_in is not None and visit.signed_in.sign_in.whole
    typed = await visit.fields() if error is not None else {}
    name = {"ar": "name_ar", "en": "name_en"}[visit.language]
    response = visit.page(
        "people/invite.html",
        status=422 if error is not None else 200,
        menu=(),
        link=link,
        role=visit._(ROLES[link.invite.role][0]) if link.invite.role else "",
        place=getattr(link.place.tenant, name, "") or getattr(link.place.agency, "name", ""),
        joins=whole and link.person is None,
        login=typed.get("login", ""),
        called=typed.get("name", link.invite.name),
        errors=faults(visit, error) if error is not None else {},
    )
    if visit.signed_in is None:
        remember(response, visit.request)
    return response


def _check_again(form: dict[str, str]) -> None:
    if form.get("again", "") != form.get("password", ""):
        raise Impossible("password-again", "type the same password twice")
