"""What an emulated visitor's loudspeaker plays: in real time, with marks, and with an ear for gaps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from core_pipeline.contracts.engines import Pcm

_TICK = 0.01


@dataclass
class _Mark:
    name: str
    at: int


class Ear:
    """A track of 16-bit sound at `sample_rate` that grows with what arrives; `echo` sends a mark back once played.

    An underrun is sound that comes late within a sentence, that is, when the one before it was not ended by a mark.
    `spoken_until` is when all that came will have been played (seconds since the call was taken), 0 before anything.
    """

    def __init__(self, sample_rate: int, echo: Callable[[str], None]) -> None:
        self.sample_rate = sample_rate
        self.underruns = 0
        self.cleared: list[float] = []
        self.last_mark = ""
        self._echo = echo
        self._track = bytearray()
        self._marks: list[_Mark] = []
        self._flowing = False
        self._born: float | None = None
        self.spoken_until = 0.0

    def begin(self) -> None:
        """The call was taken now."""
        self._born = asyncio.get_running_loop().time()

    @property
    def now(self) -> float:
        """Seconds since the call was taken."""
        return 0.0 if self._born is None else asyncio.get_running_loop().time() - self._born

    def hear(self, pcm: bytes) -> None:
        """Play this after what came before, now if that is over."""
        late = self._bytes_at(self.now) - len(self._track)
        if late > 0:
            self.underruns += self._flowing
            self._track += bytes(late)
        self._track += pcm
        self._flowing = True
        self.spoken_until = len(self._track) / 2 / self.sample_rate

    def mark(self, name: str) -> None:
        """Send this back once everything before it was played."""
        self._flowing = False
        self._marks.append(_Mark(name, len(self._track)))

    def clear(self) -> None:
        """Throw away what was not played yet; its marks go back at once."""
        del self._track[self._bytes_at(self.now) :]
        self.cleared.append(self.now)
        self._flowing = False
        self.spoken_until = min(self.spoken_until, self.now)
        marks, self._marks = self._marks, []
        for mark in marks:
            self._echo(mark.name)

    async def play(self) -> None:
        """Send marks back as they are reached, until cancelled."""
        while True:
            played = self._bytes_at(self.now)
            while self._marks and self._marks[0].at <= played:
                self.last_mark = self._marks.pop(0).name
                self._echo(self.last_mark)
            await asyncio.sleep(_TICK)

    def heard(self, since: float = 0.0) -> Pcm:
        """Everything that was heard from then until now, silence included."""
        until = self._bytes_at(self.now)
        sound = bytes(self._track[self._bytes_at(since) : until])
        return Pcm(sound.ljust(until - self._bytes_at(since), b"\0"), self.sample_rate)

    def _bytes_at(self, seconds: float) -> int:
        return int(seconds * self.sample_rate) * 2
