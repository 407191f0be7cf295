"""The real platform in a process of its own, a visitor's spoken question, another site's page, a network to cut."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

import app as roof
from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, resample
from settings import Settings
from tenants import api_keys, demo, directory
from tenants.schema import migrate
from tenants.seed import seed
from tests.e2e.running import Running, environment
from webhooks.server import listening
from webhooks.simulate import VOICES, free_port

QUESTION = "متى تفتحون يوم الجمعة"
GREETING = "أهلا وسهلا بكم في مطعم اللؤلؤة، كيف يمكنني مساعدتكم؟"
ANSWER = "يوم الجمعة نفتح من الساعة 1 ظهرا حتى الساعة 1 صباحا."
_RATE = 48_000


@dataclass(frozen=True)
class Platform:
    """A running server with the demo restaurant."""

    running: Running

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.running.url

    async def public_key(self, *origins: str) -> str:
        """A new key of the restaurant's, for pages of these origins."""
        async with roof.open_floor(self.running.settings) as floor:
            tenant_id = await directory.id_of(floor.db, "demo")
            async with floor.db.tenant(tenant_id) as session:
                key, _ = await api_keys.make(session, "site", ["talk"], public=True, origins=origins)
        return key


@asynccontextmanager
async def platform(var: Path) -> AsyncIterator[Platform]:
    """Set up and started in this folder; ended with the block."""
    settings = Settings(var=var, port=free_port(), _env_file=None)
    migrate(settings.main_url, settings.inbox_url)
    async with roof.open_floor(settings) as floor:
        await seed(floor.db, demo.load())
    running = Running(settings, {**environment(), "VAR": str(var), "PORT": str(settings.port), "DRAIN_SECONDS": "0"})
    await running.start()
    try:
        yield Platform(running)
    finally:
        await running.end(SIGTERM)


async def question(file: Path, after: float, text: str = QUESTION) -> Path:
    """Write a visitor's spoken question that begins so many seconds after the microphone was opened; plays once."""
    voice = EspeakTts(EspeakConfig())
    try:
        parts = [part.pcm async for part in voice.speak(Saying(text, "ar", voice=VOICES["ar"]))]
    finally:
        await voice.close()
    spoken = resample(join(parts), _RATE)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(bytes(2 * round(after * _RATE)) + spoken.data + bytes(2 * _RATE))
    return file.with_name(f"{file.name}%noloop")


@asynccontextmanager
async def shop(server: str, key: str, mode: str, port: int) -> AsyncIterator[str]:
    """A business's own website, with our component on its page."""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Shop</title>'
        f'<script type="module" src="{server}/widget/voice-mic.js"></script></head>'
        f'<body><h1>Shop</h1><voice-mic key="{key}" mode="{mode}" language="ar"></voice-mic></body></html>'
    )

    async def shown(_: Request) -> HTMLResponse:
        return HTMLResponse(page)

    async with listening(Starlette(routes=[Route("/", shown)]), "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}"


@dataclass
class Cable:
    """A network between a browser and a server; `cut` breaks all that goes through it, until `mend`."""

    port: int
    to: int
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The address at this end."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection, and let none come about."""
        self.whole.clear()
        for end in list(self._ends):
            end.transport.abort()

    def mend(self) -> None:
        """Let connections come about again."""
        self.whole.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        if not self.whole.is_set():
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        ends = (writer, back)
        self._ends.update(ends)
        try:
            await asyncio.gather(_pass(reader, back), _pass(there, writer))
        finally:
            self._ends.difference_update(ends)
            for end in ends:
                end.close()
            with suppress(OSError):
                await asyncio.gather(*(end.wait_closed() for end in ends))


@asynccontextmanager
async def cable(to: int) -> AsyncIterator[Cable]:
    """A network to this port of the machine."""
    laid = Cable(free_port(), to)
    laid.mend()
    server = await asyncio.start_server(laid.carry, "127.0.0.1", laid.port)
    try:
        yield laid
    finally:
        server.close()
        laid.cut()
        await server.wait_closed()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def told(details: Sequence[dict[str, object]]) -> str:
    """The sentences of these answers in a row."""
    return " ".join(str(one["text"]) for one in details)
