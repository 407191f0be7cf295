"""Lets visitors through a door or turns them away: sign-in, role, tenant, CSRF, language; on the server, every time."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import select
from sqlmodel import col
from starlette.responses import RedirectResponse, Response

from admin.frame.doors import Door, Open
from admin.frame.headers import guarding
from admin.frame.saying import said
from admin.frame.visit import Visit
from admin.frame.words import LANGUAGES
from core_pipeline.telling import status_of
from errors import SawtakError
from tenants import choices
from tenants.models import Agency, Tenant, now
from tenants.people import signed_in
from tenants.people.roles import May, allows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.requests import Request

    from admin.frame.doors import Nav
    from admin.frame.drawing import Drawing
    from admin.frame.rooms import Rooms

log = logging.getLogger(__name__)

COOKIE, LANGUAGE = "sawtak", "sawtak-language"
# Where somebody wanted to go before they were asked to sign in.
WANTED = "sawtak-wanted"
SAFE = ("GET", "HEAD")
_LASTING: Any = {"max_age": 365 * 86400, "path": "/admin", "samesite": "lax", "httponly": True}
TITLES = {403: "You may not do this", 404: "There is no such page", 500: "Something broke on our side"}


class Guard:
    """Wraps every door's handler."""

    def __init__(self, rooms: Rooms, drawing: Drawing, menu: tuple[Nav, ...]) -> None:
        self._rooms, self._drawing, self._menu = rooms, drawing, menu

    def behind(self, door: Door) -> Callable[[Request], Awaitable[Response]]:
        """What answers requests to this door."""
        subject = door.handler.__module__.split(".")[1]

        async def answer(request: Request) -> Response:
            visit = Visit(request, self._rooms, self._drawing, self._menu, _language(request), subject=subject)
            try:
                response = await self._passed(visit, door)
            except SawtakError as error:
                response = refusal(visit, status_of(error), error.code, error.detail)
            except Exception:  # a person gets a page in their language, whatever broke
                log.exception("a page of the panel broke")
                response = refusal(visit, 500)
            finally:
                await request.close()  # files that were sent lie open until then
            for name, value in guarding(request).items():
                response.headers.setdefault(name, value)
            if request.query_params.get("lang") in LANGUAGES:
                response.set_cookie(LANGUAGE, visit.language, **_LASTING)
            return response

        return answer

    async def nowhere(self, request: Request) -> Response:
        """The answer to an address that is no door."""
        visit = Visit(request, self._rooms, self._drawing, self._menu, _language(request))
        async with self._rooms.floor.db.platform(reads=True) as session:
            await _find_visitor(session, visit)
        await self._note(visit)
        response = refusal(visit, 404)
        response.headers.update(guarding(request))
        return response

    async def _passed(self, visit: Visit, door: Door) -> Response:
        async with self._rooms.floor.db.platform(reads=True) as session:
            await _find_visitor(session, visit)
            has_place = await _find_place(session, visit)
        await self._note(visit)
        if not has_place:
            return self._sign_in_first(visit) if visit.signed_in is None else refusal(visit, 404)
        if door.may is not Open.ANYBODY and (turned_away := self._turned_away(visit, door)) is not None:
            return turned_away
        if door.method not in SAFE and not await _meant(visit, door):
            return refusal(visit, 403, "csrf")
        return await door.handler(visit)

    def _turned_away(self, visit: Visit, door: Door) -> Response | None:
        if visit.signed_in is None:
            return self._sign_in_first(visit)
        if not visit.signed_in.sign_in.whole and door.may is not Open.HALF:
            return visit.go("/admin/sign-in/second")
        if isinstance(door.may, May) and not allows(visit.role, door.may):
            named = visit.tenant is not None or visit.agency is not None
            return refusal(visit, 403 if named or visit.role else 404 if door.may is May.PLATFORM else 403)
        return None

    def _sign_in_first(self, visit: Visit) -> Response:
        """Ask a person to sign in; a script gets the plain word."""
        if visit.partial:
            return Response(status_code=401, headers={"HX-Redirect": "/admin/sign-in"})
        if visit.request.method not in SAFE:
            return refusal(visit, 401, "signed-out")
        response = RedirectResponse("/admin/sign-in", 303)
        if visit.request.headers.get("sec-fetch-mode", "navigate") == "navigate":
            remember(response, visit.request)
        return response

    async def _note(self, visit: Visit) -> None:
        """Write down, once in a while, that the visitor is still there."""
        if visit.signed_in is not None and now() - visit.signed_in.sign_in.seen_at > signed_in.SEEN_EVERY:
            async with self._rooms.floor.db.platform() as session:
                await signed_in.seen(session, visit.signed_in.sign_in.id)


def remember(response: Response, request: Request) -> None:
    """Have the browser come back to this address once somebody has signed in."""
    wanted = quote(f"{request.url.path}?{request.url.query}".removesuffix("?"), safe="/?=&%")
    response.set_cookie(WANTED, wanted, max_age=600, path="/admin", samesite="lax", httponly=True)


def refusal(visit: Visit, status: int, code: str = "", detail: str = "") -> Response:
    """A page, a part of one, or JSON, that says what went wrong and what to do."""
    words = said(visit, status, code, detail)
    if "application/json" in visit.request.headers.get("accept", ""):
        return visit.json({"code": code, "error": words}, status)
    given = {"title": visit._(TITLES.get(status, "This did not work")), "words": words}
    return visit.page("refusal.html", status=status, block="words" if visit.partial else None, **given)


async def _meant(visit: Visit, door: Door) -> bool:
    """Whether the request comes from a page of ours: no other site can know the token, nor name our origin."""
    site = visit.request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        return False
    if door.may is Open.ANYBODY and visit.signed_in is None:
        return True
    given = visit.request.headers.get("x-csrf-token") or str((await visit.form()).get("csrf", ""))
    return hmac.compare_digest(given.encode(), visit.who.sign_in.csrf.encode())


async def _find_visitor(session: AsyncSession, visit: Visit) -> None:
    cookies = visit.request.cookies
    token = cookies.get(COOKIE, "")
    visit.brand = await _brand_of(session, visit.request)
    visit.signed_in = await signed_in.find(session, token) if token else None
    if visit.signed_in is None:
        return
    visit.notice = (await choices.read(session)).notice
    visit.role = visit.signed_in.reach.anywhere
    if LANGUAGE not in cookies and "lang" not in visit.request.query_params:
        visit.language = visit.signed_in.person.language


async def _find_place(session: AsyncSession, visit: Visit) -> bool:
    """Find the tenant or agency that the address names; False where the visitor has nothing to do there.

    What somebody has no role in never becomes part of the visit: no page can show it by mistake.
    """
    if visit.signed_in is None:
        return not {"tenant", "agency"} & visit.request.path_params.keys()
    reach = visit.signed_in.reach
    if slug := visit.request.path_params.get("tenant"):
        asked = select(Tenant, Agency).join(Agency, col(Agency.id) == col(Tenant.agency_id))
        row = (await session.execute(asked.where(col(Tenant.slug) == _plain(slug)))).first()
        visit.role = reach.role_in(row[0]) if row is not None else None
        if row is None or visit.role is None:
            return False
        visit.tenant, visit.brand = row[0], row[1].brand or visit.brand
    elif slug := visit.request.path_params.get("agency"):
        agency = await session.scalar(select(Agency).where(col(Agency.slug) == _plain(slug)))
        visit.role = reach.role_at(agency.id) if agency is not None else None
        if agency is None or visit.role is None:
            return False
        visit.agency, visit.brand = agency, agency.brand or visit.brand
    return True


async def _brand_of(session: AsyncSession, request: Request) -> Mapping[str, str]:
    """How the panel looks at this host name: an agency's own domain shows the agency's brand."""
    host = (request.url.hostname or "").lower()
    found = await session.scalar(select(Agency).where(col(Agency.domain) == _plain(host)))
    return dict(found.brand) if found is not None else {}


def _plain(text: str) -> str:
    """Postgres takes no NUL, not even to look for it."""
    return text.replace("\0", "")


def _language(request: Request) -> str:
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else "ar"
