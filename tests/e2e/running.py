"""The real platform in a process of its own, with an emulated vendor beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import app as roof
from core_pipeline.contracts.channel import ChannelSpec
from settings import Settings
from tenants import demo, directory
from tenants.floor import Floor
from tenants.models import Tenant
from tenants.schema import migrate
from tenants.seed import seed
from webhooks.simulate import connect_demo, emulated, free_port, spec_of

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """What a child needs of ours: none of our settings."""
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH"}
    return {name: value for name, value in os.environ.items() if name in kept}  # noqa: TID251 - the child's environment


@dataclass
class Running:
    """A server process that a test may kill and start again."""

    settings: Settings
    env: dict[str, str]
    command: tuple[str, ...] = ("serve",)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    async def start(self) -> None:
        """Start the process; a server is waited for until it is ready."""
        log = (self.settings.var / "server.log").open("ab")
        command = [sys.executable, str(ROOT / "cli.py"), *self.command]
        self.process = await asyncio.create_subprocess_exec(*command, env=self.env, stdout=log, stderr=log, cwd=ROOT)
        log.close()
        if self.command[0] != "serve":
            return
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while not await self._ready(http):
                assert self.process.returncode is None, self.log()
                await asyncio.sleep(0.05)

    async def _ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def end(self, sign: signal.Signals) -> int:
        """Send a signal and wait for the end; return the exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(sign)
        return await asyncio.wait_for(self.process.wait(), 30)

    def log(self) -> str:
        return (self.settings.var / "server.log").read_text(errors="replace")[-4000:]


@dataclass
class Town:
    """A platform, its demo tenant's account and the emulated vendor."""

    running: Running
    spec: ChannelSpec
    emulator: Any
    account_id: str
    floor: Floor


@asynccontextmanager
async def town(
    channel: str, var: Path, env: dict[str, str], *, command: tuple[str, ...] = ("serve",), url: str = "", **policy: Any
) -> AsyncIterator[Town]:
    """Everything set up and started, on Postgres if there is a `url`; the server is ended with the block."""
    spec = spec_of(channel)
    settings = Settings(var=var, port=free_port(), database_url=url, _env_file=None)
    var.mkdir(parents=True, exist_ok=True)
    migrate(settings.main_url, settings.inbox_url)
    async with roof.open_floor(settings) as floor:
        await seed(floor.db, demo.load())
        tenant_id = await directory.id_of(floor.db, "demo")
        async with floor.db.platform() as session:
            tenant = await session.get_one(Tenant, tenant_id)
            tenant.policy = {**tenant.policy, **policy}
        account_id = await connect_demo(floor.book, spec, tenant_id)
        hook = f"http://127.0.0.1:{settings.port}/webhooks/{channel}/{account_id}"
        async with emulated(spec, hook) as emulator:
            own = {"VAR": str(var), "PORT": str(settings.port), f"{channel.upper()}_API_URL": emulator.url}
            running = Running(settings, {**env, **own, "DATABASE_URL": url}, command)
            await running.start()
            try:
                yield Town(running, spec, emulator, account_id, floor)
            finally:
                await running.end(signal.SIGTERM)
