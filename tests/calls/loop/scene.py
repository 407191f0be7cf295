"""A caller and a business for the loop: a leg in memory with a far end that plays, and a host that answers by rote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from core_pipeline.calls.call import Call
from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import End, Heard, Manner, Minutes, Outcome, Say, Step
from core_pipeline.contracts.engines import Pcm, Speech, Word
from core_pipeline.contracts.legs import Key, LegEvent, LiveFace, Reached, Sound, Told, Typed
from errors import Impossible

FRAME = 0.02
# What a host does by rote: say or do something, think for so many seconds, or break.
Rote: TypeAlias = "Step | float | Exception"
WORDS = {
    "moment": "لحظة من فضلك.",
    "trouble": "عذرا حدث خلل.",
    "not_heard": "لم أسمعك.",
    "still_there": "هل ما زلت معي؟",
    "silence_over": "سأنهي المكالمة.",
    "time_over": "انتهى الوقت.",
    "goodbye": "مع السلامة.",
}


@dataclass
class FakeLeg:
    """A line whose far end plays in the loop's own time, `delay` seconds late both ways for marks.

    `heard` is what its loudspeaker gave, sample by sample, from `started` on; `sent` what was handed over and when.
    """

    sample_rate: int = 8_000
    screen: Literal["none", "text", "track", "films"] = "text"
    delay: float = 0.03
    transfers: bool = True
    dropped: bool = False

    def __post_init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.started = self.loop.time()
        self.until = 0.0
        self.sent: list[tuple[float, bytes]] = []
        self.played_at: list[tuple[float, bytes]] = []
        self.clears: list[float] = []
        self.marks: dict[str, asyncio.TimerHandle] = {}
        self.told_all: list[Told] = []
        self.films: list[tuple[float, bytes]] = []
        self.gone: str = ""
        self._events: asyncio.Queue[LegEvent | None] = asyncio.Queue()

    @property
    def now(self) -> float:
        return self.loop.time() - self.started

    @property
    def played(self) -> float:
        return sum(len(pcm) for _, pcm in self.played_at) / 2 / self.sample_rate

    @property
    def silent(self) -> bool:
        return self.until <= self.loop.time()

    def send(self, event: LegEvent) -> None:
        self._events.put_nowait(event)

    def drop(self) -> None:
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[LegEvent]:
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            for mark in self.marks.values():
                mark.cancel()

    async def play(self, pcm: bytes) -> None:
        now = self.loop.time()
        begins = max(now, self.until)
        self.sent.append((now - self.started, pcm))
        self.played_at.append((begins - self.started, pcm))
        self.until = begins + len(pcm) / 2 / self.sample_rate

    async def mark(self, name: str) -> None:
        self.marks[name] = self.loop.call_at(max(self.until, self.loop.time()) + self.delay, self._reached, name)

    def _reached(self, name: str) -> None:
        del self.marks[name]
        self.send(Reached(name))

    async def clear(self) -> None:
        now = self.loop.time()
        self.clears.append(now - self.started)
        self.until = min(self.until, now)
        for name, timer in list(self.marks.items()):
            timer.cancel()
            self.marks[name] = self.loop.call_later(self.delay, self._reached, name)

    async def told(self, what: Told) -> None:
        self.told_all.append(what)

    async def film(self, data: bytes, mark: str) -> None:
        self.films.append((self.now, data))
        self.until = max(self.until, self.loop.time()) + float(data)
        await self.mark(mark)

    def show(self, face: LiveFace | None) -> None:
        del face

    async def transfer(self, to: str, words: str = "") -> None:
        if not self.transfers:
            raise Impossible("no-transfer", "this line can't")
        self.gone = f"transfer:{to}"
        self.drop()

    async def hang_up(self) -> None:
        self.gone = self.gone or "hangup"
        self.drop()


@dataclass
class RoteHost:
    """Understands what `hears` gives for the length of the speech, answers what `answers` gives, speaks in tones."""

    hears: Callable[[Pcm], str] = lambda _: "سؤال"
    answers: Callable[[str], Sequence[Rote]] = lambda text: [Say(f"جواب {text}", "ar")]
    keys: Callable[[str], Sequence[Rote]] = lambda digits: [Say(f"مفتاح {digits}", "ar")]
    hearing_seconds: float = 0.1
    seconds: Callable[[str], float] = lambda _: 1.0
    speaking_seconds: float = 0.05
    rate: int = 22_050

    def __post_init__(self) -> None:
        self.heard: list[float] = []
        self.asked: list[tuple[str, int]] = []
        self.minutes: list[Minutes] = []
        self.outcome: Outcome | None = None
        self.open: list[str] = []
        self.most_at_once: dict[str, int] = {}
        self.spoken: list[str] = []

    def words(self, name: str, language: str) -> str:
        return WORDS[name] if language == "ar" else name

    async def hear(self, speech: Pcm) -> Heard:
        self.heard.append(speech.seconds)
        async with self._once("hear"):
            await asyncio.sleep(self.hearing_seconds)
            text = self.hears(speech)
        return Heard(text, "en" if text.isascii() and text else "ar", 0.9)

    async def answer(self, minutes: Minutes) -> AsyncIterator[Step]:
        assert minutes.heard is not None
        self.asked.append((minutes.heard.text, minutes.turn))
        async with self._once("answer"):
            async for step in _paced(self.answers(minutes.heard.text)):
                yield step

    async def pressed(self, digits: str, minutes: Minutes) -> AsyncIterator[Step]:
        self.asked.append((digits, minutes.turn))
        async with self._once("answer"):
            async for step in _paced(self.keys(digits)):
                yield step

    async def speak(self, say: Say) -> AsyncIterator[Speech]:
        self.spoken.append(say.text)
        await asyncio.sleep(self.speaking_seconds)
        left = self.seconds(say.text)
        at = 0.0
        while left > 0:
            part = min(left, 0.4)
            word = Word(say.text, at, at + part)
            yield Speech(tone(part, self.rate, at), (word,), (word,))
            left, at = left - part, at + part

    async def wrote(self, minutes: Minutes) -> None:
        await asyncio.sleep(0.01)
        self.minutes.append(minutes)

    async def ended(self, outcome: Outcome) -> None:
        assert self.outcome is None
        self.outcome = outcome

    def _once(self, what: str) -> _Counted:
        return _Counted(self, what)

    @property
    def lines(self) -> list[tuple[int, str, bool]]:
        return [(each.turn, line.text, line.heard) for each in self.minutes for line in each.lines]


@dataclass
class _Counted:
    host: RoteHost
    what: str

    async def __aenter__(self) -> None:
        self.host.open.append(self.what)
        most = self.host.most_at_once
        most[self.what] = max(most.get(self.what, 0), self.host.open.count(self.what))

    async def __aexit__(self, *_: object) -> None:
        self.host.open.remove(self.what)


async def _paced(steps: Sequence[Rote]) -> AsyncIterator[Step]:
    for step in steps:
        if isinstance(step, float):
            await asyncio.sleep(step)
        elif isinstance(step, Exception):
            raise step
        else:
            yield step


def tone(seconds: float, rate: int, at: float = 0.0, pitch: float = 440.0) -> Pcm:
    times = at + np.arange(round(seconds * rate)) / rate
    return Pcm((8000 * np.sin(2 * np.pi * pitch * times)).astype("<i2").tobytes(), rate)


@dataclass
class Scene:
    """A call that runs; `speak` and `wait` move the caller's side in real frames of 20 ms."""

    leg: FakeLeg
    host: RoteHost
    call: Call
    running: asyncio.Task[Outcome]
    voice: dict[str, bytes] = field(default_factory=dict)

    async def wait(self, seconds: float) -> None:
        """Send room noise for so long."""
        await self.say(noise(seconds, self.leg.sample_rate))

    async def say(self, pcm: bytes) -> None:
        """Send this in real time; nothing happens any more once the call is over."""
        size = 2 * int(FRAME * self.leg.sample_rate)
        due = self.leg.loop.time()
        for at in range(0, len(pcm), size):
            due += FRAME
            await asyncio.sleep(due - self.leg.loop.time())
            self.leg.send(Sound(pcm[at : at + size]))

    async def until(self, true: Callable[[], Any], seconds: float = 30.0) -> None:
        """Send room noise until this is true."""
        end = self.leg.loop.time() + seconds
        while not true():
            assert self.leg.loop.time() < end, "it never became true"
            await self.wait(FRAME)

    async def hang_up(self) -> Outcome:
        self.leg.drop()
        return await self.running

    @property
    def states(self) -> list[str]:
        return [told.text for told in self.leg.told_all if told.kind == "state"]


def noise(seconds: float, rate: int, loud: float = 15.0) -> bytes:
    generator = np.random.default_rng(7)
    return generator.normal(0, loud, round(seconds * rate)).astype("<i2").tobytes()


class Opened:
    """A running call in a `with`; what was not ended is hung up."""

    def __init__(self, equipment: Equipment, host: RoteHost | None = None, leg: FakeLeg | None = None, **manner: Any):
        self._equipment, self._host, self._leg = equipment, host or RoteHost(), leg
        self._hooks = {name: manner.pop(name) for name in ("on_spoken", "filming") if name in manner}
        self._manner = Manner(**{"language": "ar", **manner})

    async def __aenter__(self) -> Scene:
        leg = self._leg or FakeLeg()
        call = Call(leg, self._host, self._manner, self._equipment, **self._hooks)
        self._scene = Scene(leg, self._host, call, asyncio.create_task(call.run()))
        await asyncio.sleep(0)
        return self._scene

    async def __aexit__(self, *_: object) -> None:
        if not self._scene.running.done():
            await self._scene.hang_up()


__all__ = ["End", "FakeLeg", "Key", "Opened", "RoteHost", "Scene", "Typed", "noise", "tone"]
