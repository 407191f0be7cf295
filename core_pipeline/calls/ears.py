"""Hears where a caller begins and stops speaking, and keeps what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from core_pipeline.calls.rates import Stream
from core_pipeline.calls.vad import RATES, Vad

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ON, OFF = 0.6, 0.45
ON_WINDOWS, OFF_WINDOWS = 4, 6  # 128 ms and 192 ms
PRE_ROLL = 0.5
LONGEST = 60.0
_FORGET_WINDOWS = 62  # the network's memory drifts in two seconds of silence
_SURE_WINDOWS = 2
_MOST_HELD = 16


@dataclass(frozen=True)
class Began:
    """Speech began at this sample of all that was heard (counted at `Ears.rate`)."""

    at: int


@dataclass(frozen=True)
class Paused:
    """Speech ended at this sample; `speech` is all of it, with what was heard just before and after."""

    at: int
    speech: bytes
    forced: bool = False


Notice: TypeAlias = Began | Paused


def _never(windows: int, recent: bytes) -> bool:
    del windows, recent
    return False


class Ears:
    """One caller's sound at the leg's rate in, beginnings and ends of speech out: the same wherever the sound is cut.

    `hold` is asked before speech is believed: after how many windows of it, with what was heard in the last half
    second; as long as it says True the speech is none (our own voice that comes back). Sound is kept at `rate`.
    """

    def __init__(self, network: InferenceSession, leg_rate: int, hold: Callable[[int, bytes], bool] = _never) -> None:
        self.rate = leg_rate if leg_rate in RATES else max(RATES)
        self._stream, self._vad, self._hold = Stream(leg_rate, self.rate), Vad(network, self.rate), hold
        self._step = 2 * self._vad.window
        self._kept = bytearray()
        self._origin = self._next = 0  # bytes of all that was heard: where `_kept` begins, the window to come
        self._high = self._low = self._since_reset = 0
        self._rise = self._fall = self._start = 0
        self.speaking = self._spent = False

    @property
    def position(self) -> int:
        """How many samples were heard so far."""
        return (self._origin + len(self._kept)) // 2

    @property
    def spoken(self) -> float:
        """Seconds of the speech that goes on now; 0.0 when there is none."""
        return (self._next - self._start) / 2 / self.rate if self.speaking else 0.0

    def feed(self, pcm: bytes) -> tuple[bytes, list[Notice]]:
        """Hear more; return it at `rate`, and what was noticed."""
        heard = self._stream.feed(pcm)
        self._kept += heard
        found: list[Notice] = []
        while self._origin + len(self._kept) - self._next >= self._step:
            at = self._next - self._origin
            self._next += self._step
            self._count(self._vad.speech(bytes(self._kept[at : at + self._step])))
            if (notice := self._notice()) is not None:
                found.append(notice)
        return heard, found

    def finish(self) -> Paused | None:
        """Take what was said so far for all of it; None when nothing was."""
        speaking = self.speaking and not self._spent
        if not speaking and self._high >= _SURE_WINDOWS:
            self._start, speaking = self._origin, True
        self.speaking = self._spent = False
        self._high = self._low = 0
        return self._cut(self._origin + len(self._kept)) if speaking else None

    def _count(self, speech: float) -> None:
        """Follow how long it has sounded like speech, or like none."""
        self._since_reset += 1
        if speech >= ON:
            self._rise = self._rise if self._high else self._next - self._step
            self._high, self._low = self._high + 1, 0
        elif speech < OFF:
            self._fall = self._fall if self._low else self._next - self._step
            self._high, self._low = 0, self._low + 1

    def _notice(self) -> Notice | None:
        """What the last window changed."""
        if self.speaking:
            return self._ending()
        if self._high >= ON_WINDOWS and not self._hold(self._high, self._recent()):
            self.speaking = True
            self._start = max(self._origin, self._rise - self._preroll)
            return Began(self._rise // 2)
        if self._low > ON_WINDOWS and self._since_reset > _FORGET_WINDOWS:
            self._vad.reset()
            self._since_reset = 0
        self._forget(self._preroll + min(self._high, _MOST_HELD) * self._step)
        return None

    def _recent(self) -> bytes:
        """What was heard in the half second until the last window's end."""
        end = self._next - self._origin
        return bytes(self._kept[max(0, end - self._preroll) : end])

    def _ending(self) -> Paused | None:
        if self._low >= OFF_WINDOWS:
            self.speaking = False
            if not self._spent:
                return self._cut(self._fall)
            self._spent = False
            self._forget(0)
        elif self._spent:
            self._forget(0)
        elif self.spoken >= LONGEST:
            # The rest of an endless speech is not heard: who goes on talking is not to be answered every minute.
            self._spent = True
            return self._cut(self._next, forced=True)
        return None

    def _cut(self, end: int, *, forced: bool = False) -> Paused:
        """Hand over the speech and begin anew after it."""
        speech = bytes(self._kept[self._start - self._origin : self._next - self._origin])
        self._forget(0)
        return Paused(end // 2, speech, forced)

    def _forget(self, kept: int) -> None:
        """Keep so many bytes before the window to come, and what is after them."""
        gone = self._next - kept - self._origin
        if gone > 0:
            del self._kept[:gone]
            self._origin += gone

    @property
    def _preroll(self) -> int:
        return 2 * int(PRE_ROLL * self.rate)
