"""One's own page: name, language, password, the second step, and where one is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.frame.guard import LANGUAGE
from admin.people.entrance import LONGEST_FIELD
from admin.people.faults import faults, waiting
from admin.people.roles import ROLES
from admin.people.wording import browser
from core_pipeline.telling import status_of
from errors import Forged, SawtakError
from tenants import audit
from tenants.people import profile, signed_in

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

COUNTED = {"password-wrong": "old"}


async def page(visit: Visit) -> Response:
    """The page."""
    return await _drawn(visit)


async def save(visit: Visit) -> Response:
    """Change one's name and language."""
    fields = await visit.fields()
    person, language = visit.who.person, fields.get("language", "")
    try:
        async with visit.rooms.floor.db.platform() as session:
            await profile.save(session, visit.actor, person.id, fields.get("name", ""), language)
    except SawtakError as error:
        return await _drawn(visit, error)
    visit.language = language
    response = visit.go("/admin/me", "Saved.")
    response.set_cookie(LANGUAGE, language, max_age=365 * 86400, path="/admin", httponly=True, samesite="lax")
    return response


async def password(visit: Visit) -> Response:
    """Change one's password; other browsers are signed out."""
    form = await visit.form()
    old, new, again = (str(form.get(name, ""))[:LONGEST_FIELD] for name in ("old", "password", "again"))
    try:
        if new != again:
            raise Forged("password-again", "type the same password twice")
        await profile.change_password(visit.rooms.floor.db, visit.actor, visit.who, old, new)
    except SawtakError as error:
        return await _drawn(visit, error, COUNTED)
    return visit.go("/admin/me", "The password is changed, and other browsers are signed out.")


async def sign_out_of(visit: Visit) -> Response:
    """Sign one of one's browsers out."""
    person = visit.who.person
    async with visit.rooms.floor.db.platform() as session:
        await profile.sign_out_of(session, person.id, visit.path("sign_in").replace("\0", ""))
        audit.record(session, visit.actor, "people.sign-out", person.login)
    return visit.go("/admin/me", "That browser is signed out.")


async def sign_out_elsewhere(visit: Visit) -> Response:
    """Sign every other browser out."""
    person = visit.who.person
    async with visit.rooms.floor.db.platform() as session:
        await signed_in.end_all(session, person.id, but=visit.who.sign_in.id)
        audit.record(session, visit.actor, "people.sign-out", person.login, after={"elsewhere": True})
    return visit.go("/admin/me", "The other browsers are signed out.")


async def _drawn(visit: Visit, error: SawtakError | None = None, fields: dict[str, str] | None = None) -> Response:
    async with visit.rooms.floor.db.platform(reads=True) as session:
        browsers = await profile.browsers(session, visit.who.person.id)
        agencies, tenants = await profile.places(session, visit.who.reach)
    typed = await visit.fields() if error is not None else {}
    role_of = visit.who.reach.role_in
    response = visit.page(
        "people/me.html",
        status=200 if error is None else 422 if isinstance(error, Forged) else status_of(error),
        browsers=[(one, browser(one.browser)) for one in browsers],
        agencies=agencies,
        tenants=[(one, visit._(ROLES[role][0])) for one in tenants if (role := role_of(one))],
        called=typed.get("name", visit.who.person.name),
        codes_left=len(visit.who.person.recovery),
        errors=faults(visit, error, fields) if error is not None else {},
    )
    response.headers.update(waiting(error) if error is not None else {})
    return response
