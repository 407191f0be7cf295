"""Plays a caller through the real door of calls and the vendor's emulator, and tells what came of it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sqlalchemy import func, select
from sqlmodel import col

from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.engines.wrap.voiced import Voice
from core_pipeline.media.pcm import join, peak, resample, samples
from errors import Impossible
from tenants.models import Call, Direction, Message, Turn, TurnStage
from webhooks.simulate import VOICES, spec_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.calls import Caller
    from core_pipeline.contracts.channel import ChannelSpec
    from core_pipeline.engines.router import Engines
    from tenants.db import Database

OfChannel = Callable[[str], Mapping[str, str]]
AUDIBLE = 0.02
STEP = 0.1
# How long a caller waits for us to say something, and after the last words for us to hang up.
PATIENCE, GRACE = 30.0, 2.0
LONGEST = 3600.0
OPEN = {"ringing", "running"}


@dataclass(frozen=True)
class CallAsked:
    """What the caller does: says these sentences, one after the other, then presses these keys.

    With `barge_at` each sentence but the first breaks into the answer before it, so many seconds after that began.
    """

    channel: str
    tenant: str
    say: tuple[str, ...]
    barge_at: float | None
    press: str
    language: str
    out: Path

    async def spoken(self, engines: Engines) -> list[Pcm]:
        """The sentences in a caller's voice, which is not the bot's."""
        engine = await engines.tts(self.language, For(Ledger()), Voice("espeak", VOICES.get(self.language)))
        return [join([part.pcm async for part in engine.speak(Saying(text, self.language))]) for text in self.say]


@dataclass(frozen=True)
class PlayedCall:
    """One simulated call: what was understood and said in turn, and how much of it was heard."""

    state: str
    reason: str
    ended: str
    seconds: float
    exchanges: list[dict[str, Any]]
    metrics: dict[str, Any]
    wav: str
    faults: list[str]


def call_spec(channel: str) -> ChannelSpec:
    """The channel of this name; `Impossible` for one that carries no calls."""
    spec = spec_of(channel)
    if spec.calls is None:
        raise Impossible("no-calls", f"{channel} carries no calls; give --text, --say or --voice without --then")
    return spec


def on_port(spec: ChannelSpec, port: int, of_channel: OfChannel) -> OfChannel:
    """The channels' settings, with this channel's vendor, or its own wire, on a local port."""
    own = {**spec.demo.platform, "api_url": f"http://127.0.0.1:{port}"}
    if spec.calls is not None and spec.calls.wire is not None:
        own["port"] = str(port)
    return lambda name: {**of_channel(name), **own} if name == spec.name else of_channel(name)


@asynccontextmanager
async def calling(spec: ChannelSpec, base: str, account_id: str, port: int, token: str = "") -> AsyncIterator[Caller]:
    """An emulated caller whose vendor, or our wire, is on this local port; `token` lets them in at our own channel."""
    if spec.calls is None:
        raise Impossible("no-calls", f"{spec.name} carries no calls")
    secrets = {**spec.demo.secrets, **({"token": token} if spec.own else {})}
    async with spec.calls.caller(replace(spec.demo, port=port, secrets=secrets), base, account_id) as caller:
        yield caller


async def play_call(
    caller: Caller, asked: CallAsked, speech: Sequence[Pcm], db: Database, account_id: str
) -> PlayedCall:
    """Call, talk, hang up; keep both sides as a stereo WAV (left: the caller)."""
    await caller.dial()
    async with Conversing(caller, db, account_id) as talk:
        await talk.answered(0)
        for number, sentence in enumerate(speech):
            await talk.say(sentence)
            if asked.barge_at is not None and number + 1 < len(speech):
                await talk.heard_for(asked.barge_at)
            else:
                await talk.answered(await talk.told())
        if asked.press:
            await talk.press(asked.press)
        ended = await talk.end()
    call, exchanges = await _kept(db, account_id)
    wav = await asyncio.to_thread(_stereo, asked.out, talk.said, caller.heard)
    seconds = round(caller.heard.seconds, 2)
    return PlayedCall(call.state, call.reason, ended, seconds, exchanges, call.metrics, wav, caller.faults)


class Conversing:
    """A caller in a running call: `said` is what they said, and when. Nobody waits for us longer than `PATIENCE`."""

    def __init__(self, caller: Caller, db: Database, account_id: str) -> None:
        self._caller, self._db, self._account_id = caller, db, account_id
        self.said: list[tuple[float, Pcm]] = []

    async def __aenter__(self) -> Self:
        self._over = asyncio.create_task(self._caller.wait_end(LONGEST))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.cancel()
        await asyncio.gather(self._over, return_exceptions=True)

    async def say(self, sentence: Pcm) -> None:
        """Say this, in real time."""
        self.said.append((self._caller.now, sentence))
        await self._caller.say(sentence)

    async def press(self, digits: str) -> None:
        """Press these keys, and hear what comes of them."""
        before = await self.told()
        for digit in digits:
            await self._caller.press(digit)
        await self.answered(before)

    async def told(self) -> int:
        """How many things the business has said in the call until now, each to its end or as far as it was heard."""
        ours = col(Message.account_id) == self._account_id, col(Message.direction) == Direction.OUT
        async with self._db.platform(reads=True) as session:
            return int(await session.scalar(select(func.count(col(Message.id))).where(*ours)) or 0)

    async def answered(self, before: int) -> None:
        """Wait until more than `before` things were said."""

        async def more() -> bool:
            return await self.told() > before

        await self._until(more)

    async def heard_for(self, seconds: float) -> None:
        """Wait until the business has spoken for so long."""

        async def loud() -> bool:
            return peak(await self._caller.listen(STEP)) >= AUDIBLE

        if await self._until(loud):
            await asyncio.sleep(seconds)

    async def end(self) -> str:
        """Hang up, unless the business does; how it ended the call, "caller" when it did not."""
        async with self._db.platform(reads=True) as session:
            call = await _latest(session, self._account_id)
        leaving = call is not None and call.reason == "transfer"
        await asyncio.wait({self._over}, timeout=PATIENCE if leaving else GRACE)
        ended = self._over.result() if self._over.done() else "caller"
        await self._caller.hang_up()
        return ended

    async def _until(self, there: Callable[[], Awaitable[bool]]) -> bool:
        """Wait for it; False when the call was over before, or it took too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not self._over.done():
                    if await there():
                        return True
                    await asyncio.sleep(STEP)
        return False


async def _kept(db: Database, account_id: str) -> tuple[Call, list[dict[str, Any]]]:
    """The call once it is over, with its exchanges in order."""
    for _ in range(round(PATIENCE / STEP)):
        async with db.platform(reads=True) as session:
            call = await _latest(session, account_id)
            if call is not None and call.state not in OPEN:
                turns = select(Turn).where(col(Turn.call_id) == call.id).order_by(col(Turn.started_at))
                return call, [await _exchange(session, turn) for turn in await session.scalars(turns)]
        await asyncio.sleep(STEP)
    raise Impossible("call-open", "the caller has gone, but the call is not written down as over; the log says why")


async def _latest(session: AsyncSession, account_id: str) -> Call | None:
    asked = select(Call).where(col(Call.account_id) == account_id).order_by(col(Call.started_at).desc())
    return (await session.scalars(asked.limit(1))).first()


async def _exchange(session: AsyncSession, turn: Turn) -> dict[str, Any]:
    ours = select(Message).where(col(Message.turn_id) == turn.id, col(Message.direction) == Direction.OUT)
    said = await session.scalar(ours)
    stages = await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn.id))
    return {
        "transcript": turn.heard,
        "answer": turn.answer,
        "heard": said.heard if said is not None else None,
        "language": turn.language,
        "note": turn.note,
        "stages": {row.name if not row.part else f"{row.name}.{row.part}": round(row.ms, 1) for row in stages},
    }


def _stereo(out: Path, said: Sequence[tuple[float, Pcm]], heard: Pcm) -> str:
    """Write both sides, aligned by the caller's clock."""
    rate = heard.sample_rate
    right = samples(heard)
    ends = [int(at * rate) + samples(resample(pcm, rate)).size for at, pcm in said]
    both = np.zeros((max([right.size, *ends]), 2), np.float32)
    both[: right.size, 1] = right
    for at, pcm in said:
        mine = samples(resample(pcm, rate))
        both[int(at * rate) : int(at * rate) + mine.size, 0] += mine
    out.mkdir(parents=True, exist_ok=True)
    path = out / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(both, -1, 1) * 32767).astype("<i2").tobytes())
    return str(path)
