"""Three server processes behind one port: signing in, live news and uploads work whoever answers."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx
import pytest
from sqlalchemy import select

from core_pipeline.contracts.channel import CustomerMessage
from tenants import directory, house_keys
from tenants.audit import Actor
from tenants.models import AccessGrant, Document, DocumentState, Person
from tenants.people import passwords
from tests.e2e.gate import Gate, gate
from tests.e2e.running import Running, Town, environment, town
from webhooks.simulate import free_port

PASSWORD = "a long password of the test 7"
CSRF = re.compile(r'data-csrf="([^"]+)"')


@dataclass
class Shop:
    """The platform as three processes, and a colleague who may do everything there."""

    town: Town
    gate: Gate
    login: str

    def browser(self) -> httpx.AsyncClient:
        """A browser that opens a connection for every request, so that each process answers in turn."""
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.AsyncClient(base_url=self.gate.url, limits=limits, timeout=30)

    async def signed_in(self, browser: httpx.AsyncClient) -> str:
        """Sign in by the form, and give the token that forms need."""
        form = {"login": self.login, "password": PASSWORD}
        assert (await browser.post("/admin/sign-in", data=form)).status_code == 303
        found = CSRF.search((await browser.get("/admin/t/demo?lang=en")).text)
        assert found is not None
        return found[1]


@dataclass
class News:
    """What a stream told."""

    events: list[tuple[float, dict[str, object]]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, browser: httpx.AsyncClient) -> None:
        """Read an inbox's stream until cancelled."""
        async with browser.stream("GET", "/admin/t/demo/inbox/stream", timeout=None) as stream:
            assert stream.status_code == 200
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    self.events.append((monotonic(), json.loads(line.removeprefix("data:"))))
                    self.came.set()


@asynccontextmanager
async def shop(var: Path, url: str) -> AsyncIterator[Shop]:
    """Three processes on one Postgres, one of which answers messages."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(town("telegram", var, environment(), url=url, burst_seconds=0.0))
        ports = [here.running.settings.port]
        for _ in range(2):
            settings = here.running.settings.model_copy(update={"port": free_port()})
            env = {**here.running.env, "PORT": str(settings.port)}
            more = Running(settings, env, ("serve", "--no-work"))
            await more.start()
            stack.push_async_callback(more.end, signal.SIGTERM)
            ports.append(settings.port)
        tenant_id = await directory.id_of(here.floor.db, "demo")
        person = Person(login="three", name="Three", password=await passwords.hashed(PASSWORD), language="en")
        async with here.floor.db.platform() as session:
            session.add(person)
            await session.flush()
            session.add(AccessGrant(person_id=person.id, role="owner", tenant_id=tenant_id))
        yield Shop(here, await stack.enter_async_context(gate(ports)), person.login)


@pytest.fixture
async def three(postgres_url_pair: tuple[str, str], tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with three processes."""
    async with shop(tmp_path / "var", postgres_url_pair[0]) as opened:
        yield opened


@pytest.mark.alone
async def test_three_processes_are_one_panel(three: Shop) -> None:
    async with three.browser() as browser:
        csrf = await three.signed_in(browser)
        for _ in range(6):
            assert (await browser.get("/admin/t/demo/inbox")).status_code == 200
        news = [News() for _ in range(3)]
        listening = [asyncio.create_task(one.listen(browser)) for one in news]
        try:
            async with asyncio.timeout(30):
                while three.gate.passed.total() < 11:  # every listener is through
                    await asyncio.sleep(0.05)
            await three.town.emulator.customer_says(CustomerMessage("77", text="بكام طبق الكشري؟"))
            async with asyncio.timeout(30):
                for one in news:
                    await one.came.wait()
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
        await _uploaded(three, browser, csrf)
        await _looked_after(three, browser)
        await _signed_out(browser, csrf)
    assert len(three.gate.passed) == 3
    assert min(three.gate.passed.values()) >= 4


async def _uploaded(three: Shop, browser: httpx.AsyncClient, csrf: str) -> None:
    """A document comes in at one process, is read by another and seen at each."""
    file = {"file": ("menu.txt", "التوصيل مجاني في المعادي.\n".encode(), "text/plain")}
    sent = await browser.post("/admin/t/demo/knowledge/documents", data={"csrf": csrf}, files=file)
    assert sent.status_code == 303
    for _ in range(3):
        assert "menu" in (await browser.get("/admin/t/demo/knowledge")).text
    async with asyncio.timeout(60):
        while True:
            async with three.town.floor.db.platform(reads=True) as session:
                document = (await session.scalars(select(Document))).one()
            if document.state == DocumentState.READY:
                return
            await asyncio.sleep(0.2)


async def _looked_after(three: Shop, browser: httpx.AsyncClient) -> None:
    """A key of the platform is let in by each, and each sees all of them."""
    async with three.town.floor.db.platform() as session:
        key, _ = await house_keys.make(session, Actor("Test"), None, "watch")
    for _ in range(3):
        state = await browser.get("/api/v1/platform/state", headers={"Authorization": f"Bearer {key}"})
        assert state.status_code == 200
        assert sum(one["kind"] == "serve" for one in state.json()["processes"]) == 3


async def _signed_out(browser: httpx.AsyncClient, csrf: str) -> None:
    """Who signs out at one is out at each."""
    kept = dict(browser.cookies)
    assert (await browser.post("/admin/sign-out", data={"csrf": csrf})).status_code == 303
    browser.cookies = httpx.Cookies(kept)
    for _ in range(3):
        back = await browser.get("/admin/t/demo")
        assert (back.status_code, back.headers["location"]) == (303, "/admin/sign-in")
