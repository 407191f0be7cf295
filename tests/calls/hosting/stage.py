"""A call at a tenant's with paper engines: the test is the caller, and decides how much of an answer is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.calls.host import End, Heard, Line, Manner, Minutes, Outcome, Say, Step, Transfer
from core_pipeline.calls.hosting import CallHost, host_for
from core_pipeline.calls.lobby import Lobby
from core_pipeline.contracts.engines import Ask, Cited, Pcm, Piece, Saying, Speech
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.engines.wrap.voiced import Voice
from core_pipeline.knowledge.shelf import Shelf
from tenants.blobs import Blobs
from tenants.models import Call, Conversation, Tenant
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_tenant
from tests.turns.paper import PaperEngines

SECOND = Pcm(b"\0\1" * 8000, 8000)


@dataclass
class CallEngines(PaperEngines):
    """Paper engines that answer by a `script`, each page once, and by echo after its end; and note what they spoke.

    While `thinking` is not set the engine says nothing more after its first sentence, nor the voice while `speaking` is
    not; `left` and `silent` are set once they have ended.
    """

    script: list[list[Piece]] = field(default_factory=list)
    spoken: list[Saying] = field(default_factory=list)
    voices: list[Voice | None] = field(default_factory=list)
    orders: list[For] = field(default_factory=list)
    thinking: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    speaking: asyncio.Event = field(default_factory=asyncio.Event)
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    async def configurations(self, tenant_id: str = "") -> list[Any]:
        return []

    async def asr(self, language: str | None, order: For, voice: object = None) -> CallEngines:
        self.orders.append(order)
        return self

    llm = asr

    async def tts(self, language: str | None, order: For, voice: object = None) -> CallEngines:
        self.voices.append(cast("Voice | None", voice))
        self.orders.append(order)
        return self

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self._maybe("llm")
        self.asked.append(ask)
        try:
            page: list[Piece] = self.script.pop(0) if self.script else [f"[{ask.question}]", Cited(("e1",))]
            for number, piece in enumerate(page):
                if number:
                    self.reached.set()
                    await self.thinking.wait()
                yield piece
        finally:
            self.left.set()

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self._maybe("tts")
        self.spoken.append(saying)
        yield Speech(Pcm(saying.text.encode().ljust(400, b"\0")[:400], 16_000))
        await self.speaking.wait()
        yield Speech(Pcm(b"\0\1" * 100, 16_000))
        self.silent.set()


@dataclass
class Stage:
    """One call and what it rests on."""

    floor: Floor
    tenant: Tenant
    conversation: Conversation
    lobby: Lobby
    engines: CallEngines
    call_id: str
    host: CallHost
    manner: Manner
    turn: int = 0

    async def hears(self, text: str, confidence: float = 0.9) -> Heard:
        """What the host hears in a recording of these words."""
        self.engines.confidence = confidence
        data = text.encode()
        return await self.host.hear(Pcm(data + b" " * (len(data) % 2), 16_000))

    async def says(
        self, text: str, *, language: str = "ar", typed: bool = False, stop: int | None = None
    ) -> list[Step]:
        """Say something and hear the answer; with `stop` the caller breaks into the sentence of that number."""
        self.turn += 1
        minutes = Minutes(self.turn, Heard(text, language, None if typed else 0.9), None if typed else SECOND)
        return await self._answered(minutes, self.host.answer(minutes), stop)

    async def presses(self, digits: str) -> list[Step]:
        self.turn += 1
        minutes = Minutes(self.turn, Heard(digits, self.host.language))
        return await self._answered(minutes, self.host.pressed(digits, minutes), None)

    async def _answered(self, minutes: Minutes, steps: AsyncIterator[Step], stop: int | None) -> list[Step]:
        said: list[Step] = []
        async with flowing(steps) as answer:
            async for step in answer:
                said.append(step)
                if isinstance(step, Say):
                    minutes.lines.append(Line(step.text, step.language, heard=len(said) != stop))
                if len(said) == stop:
                    minutes.broken_into = True
                    break
        minutes.times["first_audio"] = 412.34
        await self.host.wrote(minutes)
        return said

    async def hangs_up(self, reason: str = "caller", recording: bytes = b"") -> Call:
        await self.host.ended(Outcome(reason, 12.5, 8000, recording, {"underruns": 0.0}))
        call = await self.row(Call, self.call_id)
        assert isinstance(call, Call)
        return call

    async def row(self, table: type[Any], key: Any) -> Any:
        async with self.floor.db.platform(reads=True) as session:
            return await session.get(table, key)

    async def rows(self, table: type[Any], **where: Any) -> list[Any]:
        """Rows of the tenant's, in order of their ids."""
        query = select(table).where(col(table.tenant_id) == self.tenant.id).order_by(col(table.id))
        for name, value in where.items():
            query = query.where(col(getattr(table, name)) == value)
        async with self.floor.db.platform(reads=True) as session:
            return list((await session.scalars(query)).all())

    async def policy(self, **changes: Any) -> None:
        async with self.floor.db.platform() as session:
            tenant = await session.get_one(Tenant, self.tenant.id)
            tenant.policy = {**tenant.policy, **changes}

    async def wishes(self, **wishes: str) -> None:
        """What the caller's own program asked for."""
        async with self.floor.db.tenant(self.tenant.id) as session:
            conversation = await session.get_one(Conversation, self.conversation.id)
            conversation.address = {**conversation.address, **wishes}

    async def again(self, **call: Any) -> Stage:
        """Another call of the same customer."""
        made = await make_call(self.floor, self.conversation, **call)
        host, manner = await host_for(self.lobby, made)
        return replace(self, call_id=made, host=host, manner=manner, turn=0)


def texts(steps: list[Step]) -> list[str]:
    """What was said, and what was done, in order."""
    return [step.text if isinstance(step, Say) else deed(step) for step in steps]


def deed(step: Transfer | End) -> str:
    return f"transfer {step.to}" if isinstance(step, Transfer) else f"end {step.reason}"


async def make_call(floor: Floor, conversation: Conversation, **fields: Any) -> str:
    """A call of this customer that is running."""
    given = {"state": "running", "provider_id": uuid4().hex, **fields}
    own: dict[str, Any] = {"tenant_id": conversation.tenant_id, "account_id": conversation.account_id}
    call = Call(conversation_id=conversation.id, **own, **given)
    async with floor.db.platform() as session:
        session.add(call)
    return call.id


@asynccontextmanager
async def staged(
    floor: Floor, folder: Path, call: dict[str, Any] | None = None, faces: bool = False, **policy: Any
) -> AsyncIterator[Stage]:
    """A tenant whose customer calls; what is left running when the call has ended fails the test."""
    tenant = await make_tenant(floor.db, policy={"answerable": 0, **policy})
    conversation = await make_conversation(floor.db, await make_account(floor.db, tenant, channel="paper"))
    engines = CallEngines()
    engines.thinking.set()
    engines.speaking.set()
    lobby = Lobby(floor.db, Blobs(f"file://{folder}/blobs"), cast("Engines", engines), Shelf(floor.db))
    before = asyncio.all_tasks()
    call_id = await make_call(floor, conversation, **(call or {}))
    host, manner = await host_for(lobby, call_id, faces=faces)
    stage = Stage(floor, tenant, conversation, lobby, engines, call_id, host, manner)
    yield stage
    await stage.hangs_up()
    await lobby.shelf.close()
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
