"""Plays a caller through the real door of calls and the vendor's emulator, and tells what came of it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select
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

    from core_pipeline.contracts.calls import Caller
    from core_pipeline.contracts.channel import ChannelSpec
    from core_pipeline.engines.router import Engines
    from tenants.db import Database

OfChannel = Callable[[str], Mapping[str, str]]
AUDIBLE = 0.02
STEP = 0.1
GREETING_SECONDS, ANSWER_SECONDS = 0.8, 1.2
PATIENCE = 30.0
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
    said: list[tuple[float, Pcm]] = []
    await caller.dial()
    await caller.quiet(GREETING_SECONDS, PATIENCE)
    for number, sentence in enumerate(speech):
        said.append((caller.now, sentence))
        await caller.say(sentence)
        if asked.barge_at is not None and number + 1 < len(speech):
            await _answered(caller)
            await asyncio.sleep(asked.barge_at)
        else:
            await caller.quiet(ANSWER_SECONDS, PATIENCE)
    for digit in asked.press:
        await caller.press(digit)
    ended = await caller.wait_end(PATIENCE) if asked.press else "caller"
    await caller.hang_up()
    call, exchanges = await _kept(db, account_id)
    wav = await asyncio.to_thread(_stereo, asked.out, said, caller.heard)
    seconds = round(caller.heard.seconds, 2)
    return PlayedCall(call.state, call.reason, ended, seconds, exchanges, call.metrics, wav, caller.faults)


async def _answered(caller: Caller) -> None:
    """Wait until something is heard."""
    async with asyncio.timeout(PATIENCE):
        while peak(await caller.listen(STEP)) < AUDIBLE:
            pass


async def _kept(db: Database, account_id: str) -> tuple[Call, list[dict[str, Any]]]:
    """The call once it is over, with its exchanges in order."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with db.platform(reads=True) as session:
                asked = select(Call).where(col(Call.account_id) == account_id).order_by(col(Call.started_at).desc())
                call = await session.scalar(asked.limit(1))
                if call is not None and call.state not in OPEN:
                    turns = select(Turn).where(col(Turn.call_id) == call.id).order_by(col(Turn.started_at))
                    return call, [await _exchange(session, turn) for turn in await session.scalars(turns)]
            await asyncio.sleep(STEP)


async def _exchange(session: Any, turn: Turn) -> dict[str, Any]:
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
