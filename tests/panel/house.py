"""A panel to visit: real rooms, real pages, people with roles; requests go through the whole site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from starlette.applications import Starlette

import app as roof
from admin import opening
from settings import Settings
from tenants import demo, directory
from tenants.db import Database
from tenants.models import AccessGrant, Person, Tenant
from tenants.people import signed_in
from tenants.people.roles import Role
from tenants.seed import seed
from webhooks.media import MediaDoor

ORIGIN = "http://panel.test"


@dataclass
class Visitor:
    """A browser in which somebody with a role is signed in; `csrf` is what its forms bring along."""

    http: httpx.AsyncClient
    csrf: str
    person: Person

    async def get(self, path: str, **given: Any) -> httpx.Response:
        """Open an address under /admin."""
        return await self.http.get(f"/admin{path}", **given)

    async def post(self, path: str, data: dict[str, Any] | None = None, **given: Any) -> httpx.Response:
        """Send a form as a page of ours would."""
        return await self.http.post(f"/admin{path}", data={"csrf": self.csrf, **(data or {})}, **given)


@dataclass
class Panel:
    """The running panel: `tenant` is the demo tenant, `house` what stands behind it, `web` answers requests."""

    web: Starlette
    house: roof.House
    settings: Settings
    tenant: Tenant

    @property
    def db(self) -> Database:
        """The database."""
        return self.house.floor.db

    async def person(self, role: Role, tenant: Tenant | None = None, **fields: Any) -> Person:
        """Somebody new with this role: for the tenant (none given: the demo tenant), its agency or the platform."""
        whose = tenant or self.tenant
        given = {"login": f"{role}-{uuid4().hex[:6]}", "name": f"Test {role}", **fields}
        async with self.db.platform() as session:
            person = Person(**given)
            session.add(person)
            await session.flush()
            grant = AccessGrant(person_id=person.id, role=role)
            if role is Role.AGENCY_ADMIN:
                grant.agency_id = whose.agency_id
            elif role is not Role.PLATFORM_ADMIN:
                grant.tenant_id = whose.id
            session.add(grant)
        return person

    @asynccontextmanager
    async def visitor(
        self, role: Role, tenant: Tenant | None = None, *, language: str = "en", whole: bool = True
    ) -> AsyncIterator[Visitor]:
        """A browser in which somebody new with this role is signed in."""
        person = await self.person(role, tenant)
        async with self.db.platform() as session:
            token = await signed_in.begin(session, person.id, whole=whole)
        async with self.db.platform(reads=True) as session:
            found = await signed_in.find(session, token)
        assert found is not None
        cookies = {"sawtak": token, "sawtak-language": language}
        async with self.stranger(cookies) as http:
            yield Visitor(http, found.sign_in.csrf, person)

    def stranger(self, cookies: dict[str, str] | None = None) -> httpx.AsyncClient:
        """A browser in which nobody is signed in."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.web), base_url=ORIGIN, cookies=cookies)


@asynccontextmanager
async def opened(urls: tuple[str, str], folder: Path, *, whole: bool = True, **settings: Any) -> AsyncIterator[Panel]:
    """The site on this database, with the demo tenant; nothing answers messages. Not `whole`: panel and media alone."""
    on_sqlite = urls[0].startswith("sqlite")
    where = {"var": Path(urls[0].removeprefix("sqlite+aiosqlite:///")).parent} if on_sqlite else {"var": folder}
    given = {"public_url": ORIGIN, "database_url": urls[0], **where, **settings}
    made = Settings(_env_file=None, **given)
    async with roof.open_house(made, work=False) as house, _site(made, house, whole=whole) as web:
        await seed(house.floor.db, demo.load())
        tenant_id = await directory.id_of(house.floor.db, "demo")
        async with house.floor.db.platform(reads=True) as session:
            tenant = await session.get_one(Tenant, tenant_id)
        yield Panel(web, house, made, tenant)


@asynccontextmanager
async def _site(settings: Settings, house: roof.House, *, whole: bool) -> AsyncIterator[Starlette]:
    """Opening all the rest for every test would take most of their time."""
    if whole:
        async with roof.open_site(settings, house) as site:
            yield site.web
        return
    chains, inner = settings.chains, settings.inner_hosts
    terms = opening.Terms(settings.address, settings.executor, settings.var, settings.turns_url, chains, inner)
    async with opening.open_panel(house, terms) as panel:
        yield Starlette(routes=[*MediaDoor(house.links, house.blobs).routes(), *panel.routes])
