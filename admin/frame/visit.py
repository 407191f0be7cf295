"""One request to the panel: who asks, about which tenant, in which language; and the ways to answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from admin.frame.words import words
from errors import Forged, Impossible
from tenants import audit
from tenants.audit import Actor
from tenants.people.roles import May, Role, allows
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.datastructures import FormData
    from starlette.requests import Request

    from admin.frame.doors import Nav
    from admin.frame.drawing import Drawing
    from admin.frame.rooms import Rooms
    from tenants.models import Agency, Tenant
    from tenants.people.signed_in import SignedIn

SAID = "sawtak-said"


@dataclass
class Visit:
    """Everything that a handler needs; `role` is the visitor's here, `here` the beginning of this tenant's addresses.

    `signed_in`, `tenant`, `agency` and `role` are None where the door asks for none. `notice` is what the platform's
    administrator tells everybody. `subject` is the folder whose door this is: its words go first.
    """

    request: Request
    rooms: Rooms
    drawing: Drawing
    menu: tuple[Nav, ...]
    language: str
    signed_in: SignedIn | None = None
    tenant: Tenant | None = None
    agency: Agency | None = None
    role: Role | None = None
    brand: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    subject: str = ""

    @property
    def the_tenant(self) -> Tenant:
        """The tenant that this address is about."""
        if self.tenant is None:
            raise Impossible("missing", "this address names no tenant")
        return self.tenant

    @property
    def who(self) -> SignedIn:
        """Who is signed in; `Forged` where the door let a stranger pass."""
        if self.signed_in is None:
            raise Forged("signed-out", "sign in first")
        return self.signed_in

    @property
    def policy(self) -> Policy:
        """How the tenant wants its customers served."""
        return Policy.model_validate(self.the_tenant.policy)

    @property
    def zone(self) -> str:
        """The time zone in which this tenant's people read times."""
        return self.policy.zone if self.tenant is not None else "Africa/Cairo"

    @property
    def here(self) -> str:
        """The beginning of this tenant's addresses."""
        return f"/admin/t/{quote(self.the_tenant.slug)}"

    @property
    def partial(self) -> bool:
        """Whether only a part of the page is asked for, by htmx."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def actor(self) -> Actor:
        """Who does what is done here, for the audit."""
        client = self.request.client.host if self.request.client else ""
        if self.signed_in is None:
            return Actor("", address=client)
        return Actor(self.signed_in.person.name, self.signed_in.person.id, client)

    def may(self, what: May) -> bool:
        """Whether the visitor may do this here."""
        return allows(self.role, what)

    def _(self, text: str) -> str:
        """The text in the visitor's language."""
        return words(self.language, self.subject).gettext(text)

    def path(self, name: str) -> str:
        """A part of the address, by its name in the door's path."""
        return str(self.request.path_params[name])

    async def form(self) -> FormData:
        """What was sent, files too."""
        return await self.request.form()

    async def fields(self) -> dict[str, str]:
        """The texts that were sent, by name, without the white space around them; the last of several counts."""
        return {name: value.strip() for name, value in (await self.form()).items() if isinstance(value, str)}

    def work(self, *, reads: bool = False) -> AbstractAsyncContextManager[AsyncSession]:
        """A unit of work for this tenant."""
        return self.rooms.floor.db.tenant(self.the_tenant.id, reads=reads)

    def note(
        self,
        session: AsyncSession,
        action: str,
        thing: str = "",
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write into the audit, within the deed's own unit of work, what the visitor does; see `tenants.audit`."""
        about = {"agency_id": self.agency.id} if self.agency is not None else {}
        audit.record(session, self.actor, action, thing, before=before, after=after, **about)

    def page(self, template: str, /, *, status: int = 200, block: str | None = None, **given: Any) -> Response:
        """Draw a page ("subject/name.html"), or one block of it."""
        drawn = self.drawing.page(self.language, template, {**self._given(), **given}, block=block)
        response = HTMLResponse(drawn, status)
        if SAID in self.request.cookies and block is None:
            response.delete_cookie(SAID, path="/admin")
        return response

    def go(self, path: str, said: str = "") -> Response:
        """Send the browser to an address within the panel; `said` (a message's source text) is told there once."""
        target = path if path.startswith("/admin") else f"{self.here}{path}"
        if self.partial:
            response: Response = Response(status_code=200, headers={"HX-Redirect": target})
        else:
            response = RedirectResponse(target, 303)
        if said:
            response.set_cookie(SAID, quote(said), max_age=60, path="/admin", httponly=True, samesite="lax")
        return response

    def json(self, content: Any, status: int = 200) -> Response:
        """Answer a script of ours."""
        return JSONResponse(content, status)

    def link(self, **changed: Any) -> str:
        """This address with parts of its query changed; None and "" take a part away."""
        query = {**self.request.query_params, **changed}
        left = {name: value for name, value in query.items() if value not in {None, ""}}
        return f"{self.request.url.path}?{urlencode(left)}" if left else self.request.url.path

    def _given(self) -> dict[str, Any]:
        """What every template may use."""
        from urllib.parse import unquote  # noqa: PLC0415

        signed_in = self.signed_in
        return {
            "visit": self,
            "tenant": self.tenant,
            "agency": self.agency,
            "here": self.here if self.tenant is not None else "",
            "zone": self.zone,
            "may": self.may,
            "May": May,
            "person": signed_in.person if signed_in else None,
            "csrf": signed_in.sign_in.csrf if signed_in else "",
            "headers": json.dumps({"X-CSRF-Token": signed_in.sign_in.csrf if signed_in else ""}),
            "said": unquote(self.request.cookies.get(SAID, "")),
            "menu": [nav for nav in self.menu if self.may(nav.may)],
            "brand": self.brand,
            "errors": {},
        }
