"""Hands sound to the far end a little ahead of real time, and knows what of it was heard."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from core_pipeline.contracts.legs import FRAME_SECONDS

if TYPE_CHECKING:
    from core_pipeline.calls.far_end import FarEnd
    from core_pipeline.calls.host import Line

LEAD = 0.2
STEP = 0.04
MOST_QUEUED = 2.0
MARK_SECONDS = 5.0  # after its last sound a mark that did not come back is not waited for any more
_TOLERATED = 0.001


@dataclass
class Sentence:
    """A sentence on its way to the far end; `first` is awaited before its first frame is handed over."""

    line: Line
    mark: str
    generation: int
    first: Callable[[], Awaitable[None]]
    rest: bytearray


@dataclass(frozen=True)
class _Film:
    data: bytes
    pcm: bytes
    mark: str


_Item: TypeAlias = "bytes | Sentence | str | _Film"


class Player:
    """Plays sentences one after the other; everything that belongs to an earlier generation than `clear` is void.

    `played` is told what the far end begins to play when, `cleared` when it threw away the rest; in seconds of the
    loop's clock.
    """

    def __init__(self, far: FarEnd, played: Callable[[float, bytes], None], cleared: Callable[[float], None]) -> None:
        self._far, self._played, self._cleared = far, played, cleared
        self._rate = far.leg.sample_rate
        self._frame = 2 * int(self._rate * FRAME_SECONDS)
        self._loop = asyncio.get_running_loop()
        self._items: deque[_Item] = deque()
        self._marks: dict[str, Line] = {}
        self._generation = self._named = 0
        self._waiting: asyncio.Future[None] | None = None
        self._room, self._quiet = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._quiet.set()
        self._queued = self.until = 0.0
        self._within = self._alarmed = False
        self.underruns = 0
        self.seconds = 0.0

    @property
    def playing(self) -> bool:
        """Whether something is being played, or will be at once."""
        left = self.until - self._loop.time()
        return bool(self._items) or left > 0 or (bool(self._marks) and left > -MARK_SECONDS)

    def silent_since(self, moment: float) -> bool:
        """Whether all that there was to play was played by then, so that who spoke after it broke into nothing."""
        return not self._items and self.until <= moment

    def begin(self, line: Line, first: Callable[[], Awaitable[None]]) -> Sentence:
        """Queue a sentence; its sound comes by `put`."""
        self._named += 1
        sentence = Sentence(line, f"{self._generation}.{self._named}", self._generation, first, bytearray())
        self._marks[sentence.mark] = line
        self._quiet.clear()
        self._add(sentence)
        return sentence

    async def put(self, sentence: Sentence, pcm: bytes) -> None:
        """Queue more of its sound at the leg's rate; waits while enough is queued already."""
        await self._room.wait()
        if sentence.generation != self._generation:
            return
        rest, frame = sentence.rest, self._frame
        rest += pcm
        whole = len(rest) // frame * frame
        for at in range(0, whole, frame):
            self._add(bytes(rest[at : at + frame]))
        del rest[:whole]

    def end(self, sentence: Sentence) -> None:
        """The sentence has no more sound."""
        if sentence.generation == self._generation:
            if sentence.rest:
                self._add(bytes(sentence.rest.ljust(self._frame, b"\0")))
            self._add(sentence.mark)

    def film(self, sentence: Sentence, data: bytes, pcm: bytes) -> None:
        """Queue a film in the place of the sentence's sound, which it brings along."""
        if sentence.generation == self._generation:
            self._add(_Film(data, pcm, sentence.mark))

    async def clear(self) -> None:
        """Throw away whatever was not played; its marks count no more."""
        self._generation += 1
        self._items.clear()
        self._marks.clear()
        now = self._loop.time()
        self._queued, self._within = 0.0, False
        self.seconds -= max(0.0, self.until - now)
        self.until = min(self.until, now)
        self._cleared(now)
        self._room.set()
        self._quiet.set()
        self._wake()
        await self._far.clear()

    def reached(self, mark: str) -> None:
        """The far end played everything before this mark."""
        line = self._marks.pop(mark, None)
        if line is not None:
            line.heard = True
        if not self._marks and not self._items:
            self._quiet.set()

    async def drained(self) -> None:
        """Return once everything was heard, or should have been."""
        while not self._quiet.is_set():
            left = MARK_SECONDS if self._items else self.until + MARK_SECONDS - self._loop.time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._quiet.wait()

    async def run(self) -> None:
        """Keep the far end supplied until cancelled."""
        while True:
            ahead = self.until - self._loop.time()
            if not self._items:
                await self._sleep(None)
            elif ahead > LEAD - STEP / 2 + _TOLERATED:
                await self._sleep(ahead - LEAD + STEP / 2)
            else:
                await self._supply()

    async def _supply(self) -> None:
        while self._items and self.until - self._loop.time() <= LEAD:
            item = self._items.popleft()
            if isinstance(item, bytes):
                await self._hand_over(item)
            elif isinstance(item, str):
                self._within = False
                await self._far.mark(item)
            elif isinstance(item, Sentence):
                await item.first()
            else:
                self._note(item.pcm)
                await self._far.film(item.data, item.mark)

    async def _hand_over(self, frame: bytes) -> None:
        self._queued -= FRAME_SECONDS
        if self._queued < MOST_QUEUED:
            self._room.set()
        if self._within and self._loop.time() - self.until > _TOLERATED:
            self.underruns += 1
        self._within = True
        self._note(frame)
        await self._far.play(frame)

    def _note(self, pcm: bytes) -> None:
        """Count what the far end plays next."""
        begins = max(self.until, self._loop.time())
        seconds = len(pcm) / 2 / self._rate
        self.until = begins + seconds
        self.seconds += seconds
        self._played(begins, pcm)

    def _add(self, item: _Item) -> None:
        self._items.append(item)
        if isinstance(item, bytes):
            self._queued += FRAME_SECONDS
            if self._queued >= MOST_QUEUED:
                self._room.clear()
        # While something plays, more sound is no reason to look: the alarm rings in time.
        if not self._alarmed:
            self._wake()

    async def _sleep(self, seconds: float | None) -> None:
        """Wait until something changes, so many seconds at most."""
        self._waiting, self._alarmed = self._loop.create_future(), seconds is not None
        alarm = self._loop.call_later(seconds, self._wake) if seconds is not None else None
        try:
            await self._waiting
        finally:
            self._waiting, self._alarmed = None, False
            if alarm is not None:
                alarm.cancel()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
