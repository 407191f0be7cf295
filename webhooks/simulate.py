"""Plays a customer through the real front door and the vendor's emulator, and tells what came of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlmodel import col

from channels import discover
from core_pipeline.contracts.channel import CustomerMessage
from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.engines.wrap.voiced import Voice
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import add_noise, join
from errors import Impossible
from tenants.models import Tenant, Turn, TurnStage, TurnState

if TYPE_CHECKING:
    from pathlib import Path

    from core_pipeline.contracts.channel import ChannelSpec, Delivery, Emulator, VoiceFormat
    from core_pipeline.engines.router import Engines
    from tenants.accounts import AccountBook
    from tenants.db import Database

# Other voices than the bot's, so that nobody hears himself; the noise of a quiet room.
VOICES = {"ar": "ar+f2", "en": "en-us+f2"}
NOISE_DB = 20.0
POLL_SECONDS = 0.02
MIMES = {
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".amr": "audio/amr",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
    ".flac": "audio/flac",
}
SUFFIXES = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "video/mp4": "mp4"}
REPLIES = {
    "video": {"video": "always"},
    "voice": {"video": "never", "reply": "voice"},
    "text": {"video": "never", "reply": "text"},
}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def spec_of(channel: str) -> ChannelSpec:
    """The channel of this name; `Impossible` names those there are."""
    spec = discover().get(channel)
    if spec is None:
        raise Impossible("no-such-channel", f"there is no channel {channel!r}; there are: {', '.join(discover())}")
    return spec


async def connect_demo(book: AccountBook, spec: ChannelSpec, tenant_id: str) -> str:
    """Connect the emulated account to a tenant, once; return its id."""
    there = await book.find(spec.name, spec.demo.external_id)
    if there is not None:
        return there.id
    config = {**spec.demo_config, "mode": "webhook"} if "mode" in spec.config.model_fields else dict(spec.demo_config)
    shared = {name: value for name, value in spec.demo.platform.items() if name in spec.secrets}
    secrets = {**shared, **spec.demo.secrets}
    return await book.connect(tenant_id, spec.name, spec.demo.external_id, "emulator", config, secrets)


@asynccontextmanager
async def emulated(spec: ChannelSpec, webhook_url: str, api_url: str | None = None) -> AsyncIterator[Emulator]:
    """Start the vendor's emulator; with `api_url`, on the local port that a running platform already talks to."""
    parts = urlsplit("http://127.0.0.1:0" if api_url is None else api_url)
    if parts.hostname not in LOOPBACK or parts.port is None:
        fix = f"start the server with {spec.name.upper()}_API_URL=http://127.0.0.1:PORT"
        raise Impossible("no-emulator-address", fix)
    async with spec.emulate(replace(spec.demo, webhook_url=webhook_url, port=parts.port)) as emulator:
        yield emulator


def pointing_at(api_url: str, spec: ChannelSpec, of_channel: Callable[[str], Mapping[str, str]]) -> Any:
    """The channels' settings, with this channel's vendor replaced by its emulator."""

    def settings_of(name: str) -> Mapping[str, str]:
        own = {**spec.demo.platform, "api_url": api_url} if name == spec.name else {}
        return {**of_channel(name), **own}

    return settings_of


async def customer_voice(engines: Engines, text: str, language: str, fmt: VoiceFormat) -> bytes:
    """A customer's voice note saying this text: another voice, some noise, the network's own format."""
    engine = await engines.tts(language, For(Ledger()), Voice("espeak", VOICES.get(language)))
    parts = [part.pcm async for part in engine.speak(Saying(text, language))]
    return await encode_voice(add_noise(join(parts), NOISE_DB, seed=1), fmt)


@dataclass(frozen=True)
class Asked:
    """What is to be played: on which channel, for which tenant, and one of `say`, `voice` and `text`.

    `reply` is the form in which the answer is wanted, None for as the tenant has set it.
    """

    channel: str
    tenant: str
    say: str | None
    voice: Path | None
    text: str | None
    language: str
    out: Path
    reply: str | None = None

    async def insist(self, db: Database, tenant_id: str) -> None:
        """Have the tenant, which is a copy for this rehearsal alone, answer in the form that is wanted."""
        if self.reply is not None:
            async with db.tenant(tenant_id) as session:
                tenant = await session.get_one(Tenant, tenant_id)
                tenant.policy = {**tenant.policy, **REPLIES[self.reply]}

    async def message(self, spec: ChannelSpec, engines: Engines) -> CustomerMessage:
        """What the customer sends: a text as it is, a recorded file as it is, or our own voice for them."""
        if self.text is not None:
            return CustomerMessage(spec.demo_customer, text=self.text)
        if self.voice is not None:
            mime = MIMES.get(self.voice.suffix.lower(), "application/octet-stream")
            return CustomerMessage(spec.demo_customer, data=await asyncio.to_thread(self.voice.read_bytes), mime=mime)
        spoken = await customer_voice(engines, self.say or "", self.language, spec.limits.voice)
        return CustomerMessage(spec.demo_customer, data=spoken, mime=spec.limits.voice.mime)


def free_port() -> int:
    """A local port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Played:
    """One simulated exchange; stage times in milliseconds, `bills` with engine, units and cost in millionths of a $."""

    transcript: str | None
    answer: str | None
    language: str | None
    note: str | None
    state: str
    reply: dict[str, Any]
    stages: dict[str, float]
    total_ms: float
    citations: list[str]
    bills: list[dict[str, Any]]


async def play(
    emulator: Emulator, db: Database, account_id: str, message: CustomerMessage, out: Path, timeout: float = 180.0
) -> Played:
    """Send one message as the customer, wait for the answer, keep its file in `out`."""
    start = perf_counter()
    provider_id = await emulator.customer_says(message)
    await emulator.wait_delivery(1, timeout)
    total_ms = (perf_counter() - start) * 1000
    turn, stages = await _finished(db, f"{account_id}:{provider_id}", timeout)
    richest = max(emulator.deliveries, key=lambda one: one.kind == turn.reply_kind)
    if richest is not emulator.deliveries[0]:
        total_ms = (perf_counter() - start) * 1000  # the first word was that it takes a while
    return Played(
        transcript=turn.heard,
        answer=turn.answer,
        language=turn.language,
        note=turn.note or turn.cause,
        state=turn.state,
        reply=await asyncio.to_thread(_keep, richest, out),
        stages={_stage(row): row.ms for row in stages},
        total_ms=round(total_ms, 1),
        citations=turn.citations,
        bills=[
            {"stage": _stage(row), **row.model_dump(include={"engine", "ms", "units", "unit", "cost"})}
            for row in stages
        ],
    )


def _stage(row: TurnStage) -> str:
    return row.name if not row.part else f"{row.name}.{row.part}"


async def _finished(db: Database, turn_id: str, timeout: float) -> tuple[Turn, Sequence[TurnStage]]:
    async with asyncio.timeout(timeout):
        while True:
            async with db.platform(reads=True) as session:
                turn = await session.get(Turn, turn_id)
                if turn is not None and turn.state != TurnState.RUNNING:
                    rows = await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn_id))
                    return turn, rows.all()
            await asyncio.sleep(POLL_SECONDS)


def _keep(delivery: Delivery, out: Path) -> dict[str, Any]:
    reply: dict[str, Any] = {"kind": delivery.kind.value, "faults": list(delivery.faults)}
    if delivery.data is None:
        return {**reply, "text": delivery.text}
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"reply.{SUFFIXES.get((delivery.mime or '').split(';')[0], 'bin')}"
    path.write_bytes(delivery.data)
    return {
        **reply,
        "path": str(path),
        "mime": delivery.mime,
        "seconds": delivery.seconds,
        "bytes": len(delivery.data),
    }
