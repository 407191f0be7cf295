"""Signing in and out: name and password, then the second step, a cookie that no script can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from admin.frame.guard import COOKIE, WANTED
from admin.people.faults import faults, waiting
from core_pipeline.telling import status_of
from errors import Forged, Retryable, SawtakError
from tenants import audit
from tenants.people import entering, signed_in
from tenants.people.entering import Browser, Entered

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

LONGEST_FIELD = 1000
_OURS = re.compile(r"/admin/[\w./?=&%-]*")


async def sign_in_page(visit: Visit) -> Response:
    """Where strangers are sent."""
    if visit.signed_in is not None and visit.signed_in.sign_in.whole:
        return visit.go("/admin/")
    return visit.page("people/sign_in.html", menu=(), login="")


async def sign_in(visit: Visit) -> Response:
    """Try a name and a password."""
    login, password = await _typed(visit, "login"), await _typed(visit, "password")
    try:
        entered = await entering.by_password(visit.rooms.floor.db, login, password, browser_of(visit))
    except (Forged, Retryable) as error:
        return refused(visit, error, "people/sign_in.html", login=login[:100])
    return admitted(visit, entered, wanted(visit))


async def second_page(visit: Visit) -> Response:
    """Ask for the second step."""
    if visit.who.sign_in.whole:
        return visit.go("/admin/")
    return visit.page("people/second.html", menu=())


async def second_step(visit: Visit) -> Response:
    """Try a code."""
    if visit.who.sign_in.whole:
        return visit.go("/admin/")
    floor, code = visit.rooms.floor, await _typed(visit, "code")
    try:
        entered = await entering.by_code(floor.db, floor.vault, visit.who, code, browser_of(visit))
    except (Forged, Retryable) as error:
        return refused(visit, error, "people/second.html")
    return admitted(visit, entered, wanted(visit))


async def sign_out(visit: Visit) -> Response:
    """Sign out: here, or (`everywhere`) in every browser."""
    everywhere = "everywhere" in await visit.fields()
    person, here = visit.who.person, visit.who.sign_in
    async with visit.rooms.floor.db.platform() as session:
        if everywhere:
            await signed_in.end_all(session, person.id)
        else:
            await signed_in.end(session, here.id)
        audit.record(session, visit.actor, "people.sign-out", person.login, after={"everywhere": everywhere})
    response = visit.go("/admin/sign-in")
    response.delete_cookie(COOKIE, path="/admin")
    return response


def browser_of(visit: Visit) -> Browser:
    """From where the visitor comes."""
    client = visit.request.client.host if visit.request.client else ""
    return Browser(client, visit.request.headers.get("user-agent", "").replace("\0", ""))


def admitted(visit: Visit, entered: Entered, path: str = "/admin/") -> Response:
    """Send the browser on, with its cookie."""
    response = visit.go(path if entered.whole else "/admin/sign-in/second")
    lasts = int(signed_in.LONGEST.total_seconds()) if entered.whole else None
    guarded: Any = {"path": "/admin", "httponly": True, "samesite": "lax", "secure": _secure(visit)}
    response.set_cookie(COOKIE, entered.token, max_age=lasts, **guarded)
    if entered.whole:
        response.delete_cookie(WANTED, path="/admin")
    return response


def wanted(visit: Visit) -> str:
    """Where the visitor was going when they were asked to sign in; the first page for who came by themselves."""
    path = visit.request.cookies.get(WANTED, "")
    return path if _OURS.fullmatch(path) else "/admin/"


def refused(visit: Visit, error: SawtakError, page: str, **given: Any) -> Response:
    """The form again, with what was wrong."""
    response = visit.page(page, status=_status(error), menu=(), **{"errors": faults(visit, error), **given})
    response.headers.update(waiting(error))
    return response


def _status(error: SawtakError) -> int:
    """A wrong name or code is a form that was not filled in well; 401 would have browsers ask for a password."""
    return 422 if isinstance(error, Forged) else status_of(error)


def _secure(visit: Visit) -> bool:
    """Whether the browser came by https, also where a proxy before us speaks it."""
    url, ours = visit.request.url, urlsplit(visit.rooms.address)
    return url.scheme == "https" or (ours.scheme == "https" and ours.hostname == url.hostname)


async def _typed(visit: Visit, name: str) -> str:
    """What was typed, white space and all: it may be part of a password."""
    return str((await visit.form()).get(name, ""))[:LONGEST_FIELD]
