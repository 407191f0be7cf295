"""A farm with real databases and a paper vendor: the network and the engines do what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.channel import Limits, VoiceFormat, WebhookRequest
from core_pipeline.contracts.engines import Ask, Pcm, Piece, Saying, Speech, Transcript
from core_pipeline.contracts.faces import Clip, Scene, Shape
from core_pipeline.contracts.messages import (
    Identity,
    Inbound,
    Kind,
    MediaRef,
    Receipt,
    Reply,
    ReplyKind,
    Sender,
    Status,
)
from core_pipeline.engines.router import Engines, For
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.film.reel import Reel
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.turns.deps import Deps, Line
from core_pipeline.turns.fair import FairGate
from core_pipeline.turns.farm import Farm
from core_pipeline.turns.flow import Tries
from core_pipeline.turns.works import working
from tenants.blobs import Blobs
from tenants.inbox import Inbox, NewRow
from tenants.models import ChannelAccount, Tenant, Turn, TurnState
from tests.conftest import Floor
from tests.factories import make_account, make_tenant

OGG = VoiceFormat("ogg", "libopus", 48000, 24000, "audio/ogg; codecs=opus")
Trouble = Callable[[Reply], BaseException | None]


@dataclass
class PaperChannel:
    """Records what it is asked to send; `trouble` decides what goes wrong, `landed` what arrived all the same."""

    limits: Limits
    sent: list[Reply] = field(default_factory=list)
    busy_calls: list[ReplyKind] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    trouble: Trouble = lambda _: None

    def verify(self, request: WebhookRequest) -> str | None:
        return None

    def read(self, request: WebhookRequest) -> list[Inbound | Receipt]:
        return []

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        yield self.files[media.id]

    async def send(self, reply: Reply) -> str:
        error = self.trouble(reply)
        if error is None or getattr(error, "landed", False):
            self.sent.append(reply)
        if error is not None:
            raise error
        return f"out-{len(self.sent)}"

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:
        self.busy_calls.append(kind)

    async def install(self, url: str) -> None:
        return None

    async def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        yield []


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class PaperEngines:
    """Hears the bytes as text, answers by echo, speaks silence; each may be told to fail."""

    fail: dict[str, list[BaseException]] = field(default_factory=dict)
    confidence: float = 0.9
    asked: list[Ask] = field(default_factory=list)
    hang: int = 0
    queue: float = 0.0
    scenes: list[Scene] = field(default_factory=list)
    drawing: asyncio.Event = field(default_factory=_set)

    def _maybe(self, kind: str) -> None:
        if self.fail.get(kind):
            raise self.fail[kind].pop(0)

    async def asr(self, language: str | None, order: For, voice: object = None) -> PaperEngines:
        return self

    llm = tts = asr

    async def video(self, faces: str, language: str, order: For) -> PaperMakers:
        return PaperMakers(self, order)

    async def upscaler(self, order: For) -> PaperMakers:
        return PaperMakers(self, order)

    def wait(self, kind: str) -> float:
        return self.queue

    async def summariser(self, language: str, order: For) -> None:
        return None

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        self._maybe("asr")
        if self.hang:
            self.hang -= 1
            await asyncio.sleep(60)
        return Transcript(speech.data.decode().strip(), "ar", self.confidence)

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self._maybe("llm")
        self.asked.append(ask)
        yield f"[{ask.question}]"

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self._maybe("tts")
        yield Speech(Pcm(b"\0\1" * 8000, 16000))

    async def close(self) -> None:
        return None


@dataclass
class PaperMakers:
    """Draws one colour a scene, told by its sound; larger pictures are drawn as large ones."""

    engines: PaperEngines
    order: For
    served: object = field(default_factory=lambda: SimpleNamespace(hosted=False, captions=True))

    async def animated(self, scene: Scene, told: Callable[[int], None]) -> Clip:
        self.engines.scenes.append(scene)
        await self.engines.drawing.wait()
        self.engines._maybe("video")
        told(scene.frames)
        with self.order.ledger.timed("animate", "paper", "second") as use:
            use.units = scene.speech.seconds
        return coloured(scene.shape, scene.frames, scene.speech.data[1])

    async def upscaled(self, clip: Clip, shape: Shape) -> Clip:
        return coloured(shape, clip.frames, 0)


def coloured(shape: Shape, frames: int, red: int) -> Clip:
    """A clip of one colour."""
    reel = Reel(shape)
    for _ in range(frames):
        reel.add(bytes((red, 90, 40, 255)) * (shape.width * shape.height))
    return Clip(reel.end(), shape, frames)


class PaperSandbox:
    """Takes the file's bytes for samples."""

    async def decode(self, data: bytes) -> Pcm:
        return Pcm(data + b" " * (len(data) % 2), 16000)


@dataclass
class Plant:
    """Everything that a test of turns may touch."""

    floor: Floor
    tenant: Tenant
    account: ChannelAccount
    channel: PaperChannel
    engines: PaperEngines
    inbox: Inbox
    deps: Deps
    url: str
    tries: Tries
    farm: Farm | None = None
    count: int = 0

    @asynccontextmanager
    async def working(self, executor_id: str = "test") -> AsyncIterator[Plant]:
        """Relay and answer during the block."""
        async with working(
            self.deps, self.inbox, self.url, executor_id=executor_id, tries=self.tries, at_once=8
        ) as self.farm:
            yield self

    async def says(
        self,
        text: str | None,
        chat: str = "c1",
        kind: Kind = Kind.TEXT,
        media: bytes | None = None,
        names: tuple[str, ...] = (),
    ) -> str:
        """Put a customer's message into the inbox, who may bear more names than the chat; return its turn id."""
        self.count += 1
        provider_id = f"in-{self.count}"
        ref = None
        if media is not None:
            self.channel.files[provider_id] = media
            ref = MediaRef(id=provider_id, mime="audio/ogg")
        inbound = Inbound(
            account=self.account.external_id,
            provider_id=provider_id,
            chat=chat,
            sender=Sender(identities=tuple(Identity(kind="paper", value=name) for name in (chat, *names))),
            sent_at=datetime.now(UTC),
            kind=kind,
            text=text,
            media=ref,
            address={"to": chat},
        )
        await self.put(provider_id, inbound.model_dump_json())
        return f"{self.account.id}:{provider_id}"

    async def put(self, provider_id: str, payload: str) -> None:
        await self.inbox.put([NewRow(self.tenant.id, self.account.id, provider_id, payload)])

    async def receipt(self, message_id: str, status: Status, key: str | None = None) -> None:
        """Put a vendor's receipt into the inbox."""
        event = Receipt(
            account=self.account.external_id, message_id=message_id, status=status, at=datetime.now(UTC), key=key
        )
        await self.put(event.provider_id, event.model_dump_json())

    async def turn(self, turn_id: str, *states: TurnState, timeout: float = 20.0) -> Turn:
        """The turn, once it is in one of these states."""
        wanted = states or (TurnState.ANSWERED, TurnState.DEAD)
        async with asyncio.timeout(timeout):
            while True:
                async with self.floor.db.platform(reads=True) as session:
                    turn = await session.get(Turn, turn_id)
                if turn is not None and turn.state in wanted:
                    return turn
                await asyncio.sleep(0.02)

    async def rows(self, table: type[Any], **where: Any) -> list[Any]:
        """Rows of a table, in order of their ids."""
        query = select(table).order_by(col(table.id))
        for name, value in where.items():
            query = query.where(col(getattr(table, name)) == value)
        async with self.floor.db.platform(reads=True) as session:
            return list((await session.scalars(query)).all())

    def texts(self) -> list[str]:
        return [reply.text or "" for reply in self.channel.sent]


class OneLine:
    """Every account is the paper channel's."""

    def __init__(self, channel: PaperChannel) -> None:
        self.channel = channel

    async def line(self, account_id: str) -> Line:
        return Line(self.channel, self.channel.limits)


def turns_url(floor: Floor) -> str:
    """Where the workflow engine keeps its checkpoints for this floor."""
    main = floor.main_url
    return main.replace("sqlite+aiosqlite", "sqlite").replace("main.db", "turns.db") if "sqlite" in main else main


@asynccontextmanager
async def planted(floor: Floor, tmp_path: Path, *, receipts: bool = True, **policy: Any) -> AsyncIterator[Plant]:
    """A tenant with one paper account, ready to work; bursts are short so that tests are."""
    tenant = await make_tenant(floor.db, policy={"burst_seconds": 0.05, "answerable": 0, **policy})
    account = await make_account(floor.db, tenant, channel="paper")
    limits = Limits(
        text_chars=100,
        voice=OGG,
        voice_bytes=1 << 20,
        fetch_bytes=1 << 20,
        busy_seconds=0.05,
        receipts=receipts,
        polling=False,
    )
    channel, engines = PaperChannel(limits), PaperEngines()
    deps = Deps(
        floor.db,
        Blobs(f"file://{tmp_path}/blobs"),
        OneLine(channel),
        cast("Sandbox", PaperSandbox()),
        cast("Engines", engines),
        Shelf(floor.db),
        FairGate(2),
        settle_seconds=1.0,
    )
    async with Inbox(floor.inbox_url) as inbox:
        yield Plant(floor, tenant, account, channel, engines, inbox, deps, turns_url(floor), Tries(3, 0.05))
