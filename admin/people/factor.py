"""The second step of signing in: set up with an app, recovery codes, switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno

from admin.people.entrance import LONGEST_FIELD
from admin.people.faults import faults, waiting
from core_pipeline.telling import status_of
from errors import Forged, SawtakError
from tenants import audit
from tenants.people import profile, second

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

FIELDS = {"password-wrong": "password", "code-wrong": "code"}


async def begin(visit: Visit) -> Response:
    """Make a secret for an app, to be confirmed."""
    floor = visit.rooms.floor
    async with floor.db.platform() as session:
        await second.propose(session, floor.vault, visit.who.person.id, _issuer(visit))
    return visit.go("/admin/me/second")


async def page(visit: Visit) -> Response:
    """Show what the app has to learn, or how to switch the second step off."""
    return await _drawn(visit)


async def confirm(visit: Visit) -> Response:
    """Put the second step in force with a first code; shows the recovery codes, this once."""
    floor, person, code = visit.rooms.floor, visit.who.person, await _typed(visit, "code")
    try:
        async with floor.db.platform() as session:
            codes = await second.confirm(session, floor.vault, person.id, code)
            audit.record(session, visit.actor, "people.second-on", person.login)
    except SawtakError as error:
        return await _drawn(visit, error)
    return visit.page("people/codes.html", codes=codes)


async def off(visit: Visit) -> Response:
    """Switch the second step off, with password and code."""
    floor, password, code = visit.rooms.floor, await _typed(visit, "password"), await _typed(visit, "code")
    try:
        await profile.second_off(floor.db, floor.vault, visit.actor, visit.who, password, code)
    except SawtakError as error:
        return await _drawn(visit, error)
    return visit.go("/admin/me", "The second step is switched off.")


async def codes(visit: Visit) -> Response:
    """Fresh recovery codes for the password; shows them, this once."""
    given = await _typed(visit, "password_codes")
    try:
        fresh = await profile.new_codes(visit.rooms.floor.db, visit.actor, visit.who, given)
    except SawtakError as error:
        return await _drawn(visit, error, {"password-wrong": "password_codes"})
    return visit.page("people/codes.html", codes=fresh)


async def _drawn(visit: Visit, error: SawtakError | None = None, fields: dict[str, str] | None = None) -> Response:
    floor, person = visit.rooms.floor, visit.who.person
    async with floor.db.platform(reads=True) as session:
        proposed = await second.proposed(session, floor.vault, person.id, _issuer(visit))
    if proposed is None and person.totp_at is None:
        return visit.go("/admin/me")
    drawn = segno.make(proposed.address, error="m") if proposed else None
    response = visit.page(
        "people/factor.html",
        status=200 if error is None else 422 if isinstance(error, Forged) else status_of(error),
        qr=drawn.svg_data_uri(scale=5, border=3, light="#fff") if drawn else "",
        secret=" ".join(proposed.secret[at : at + 4] for at in range(0, len(proposed.secret), 4)) if proposed else "",
        address=proposed.address if proposed else "",
        codes_left=len(person.recovery),
        errors=faults(visit, error, fields or FIELDS) if error is not None else {},
    )
    response.headers.update(waiting(error) if error is not None else {})
    return response


def _issuer(visit: Visit) -> str:
    return visit.brand.get("name_en") or "Sawtak"


async def _typed(visit: Visit, name: str) -> str:
    return str((await visit.form()).get(name, ""))[:LONGEST_FIELD]
