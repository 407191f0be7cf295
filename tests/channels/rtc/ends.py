"""Two real WebRTC ends in one process: a leg that is listened to, and an emulated customer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from channels.rtc.caller import RtcCaller
from channels.rtc.leg import RtcLeg
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import LegEvent, Sound

RATE = 16_000


@dataclass
class Ends:
    """Both ends, and what the leg was told, without the sound, which is in `sound`."""

    leg: RtcLeg
    caller: RtcCaller
    events: list[LegEvent] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    async def listen(self) -> None:
        """Take what the leg hears until it ends."""
        async for event in self.leg.events():
            if isinstance(event, Sound):
                self.sound += event.pcm
            else:
                self.events.append(event)
            self._news.set()
        self.ended = True
        self._news.set()

    async def until(self, count: int, timeout: float = 10.0) -> list[LegEvent]:
        """Wait for so many events."""
        async with asyncio.timeout(timeout):
            while len(self.events) < count:
                self._news.clear()
                await self._news.wait()
        return self.events

    async def until_ended(self, timeout: float = 10.0) -> None:
        """Wait for the end of the leg's events."""
        async with asyncio.timeout(timeout):
            while not self.ended:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def ends(
    leg: RtcLeg | None = None, caller: RtcCaller | None = None, *, ours: bool = False
) -> AsyncIterator[Ends]:
    """Connect them, by an offer of the caller's or (`ours`) of the leg's; close both at the end."""
    both = Ends(leg or RtcLeg(), caller or RtcCaller())
    listening = asyncio.create_task(both.listen())
    try:
        if ours:
            await both.leg.accept_answer(await both.caller.answers(await both.leg.offer()))
        else:
            await both.caller.answered(await both.leg.answer(await both.caller.offer()))
        await asyncio.gather(both.caller.connected(), both.leg.wait_connected())
        yield both
    finally:
        await both.leg.close()
        await both.caller.close()
        await listening


def babble(seconds: float, seed: int = 1) -> Pcm:
    """Sound as of a voice: harmonics that rise and fall, in syllables."""
    at = np.arange(round(seconds * RATE)) / RATE
    pitch = 140 + 30 * np.sin(2 * np.pi * (0.7 * at + seed / 7))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(number * phase) / number for number in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * at + seed) + 0.4, 0, 1)
    return Pcm((6000 * voice * syllables).astype(np.int16).tobytes(), RATE)


def samples(pcm: bytes | bytearray) -> NDArray[np.float64]:
    """Samples of the whole pairs of bytes."""
    return np.frombuffer(bytes(pcm[: len(pcm) // 2 * 2]), np.int16).astype(float)


def likeness(heard: bytes | bytearray, said: bytes) -> tuple[float, float]:
    """How like a sound is to what was heard, 0..1, and when it begins in that, in seconds.

    Its halves are sought one by one and the better one counts: a hiccup of this machine must not tell.
    """
    found = [_likest(samples(heard), part) for part in np.array_split(samples(said), 2)]
    return max(likest for likest, _ in found), found[0][1]


def _likest(long: NDArray[np.float64], short: NDArray[np.float64]) -> tuple[float, float]:
    size = len(long) + len(short)
    product = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)[: len(long)]
    best = int(np.argmax(product))
    stretch = long[best : best + len(short)]
    power = np.linalg.norm(stretch) * np.linalg.norm(short)
    return float(product[best] / power) if power else 0.0, best / RATE
