"""What is about to be played: handed out a frame at a time, just before the far end needs it.

The protocol can take nothing back and reports nothing: what must stay clearable stays here, and what was heard is
reckoned from the clock.
"""

from __future__ import annotations

from collections import deque

from core_pipeline.contracts.legs import FRAME_SECONDS

# As much as survives a short stall of ours; a caller who breaks in still hears so much at most.
AHEAD_SECONDS = 0.06
# When nothing is to be said, silence is sent at the last moment, so that speech does not wait behind it.
SILENCE_AHEAD = 0.01
_TINY = 1e-6


class Outbox:
    """The way of one leg's sound and marks to the far end; every time is given by the caller, in seconds."""

    def __init__(self, frame_bytes: int) -> None:
        self._frame = frame_bytes
        self._waiting = bytearray()
        self._added = self._taken = 0
        self._marks: deque[tuple[int, str]] = deque()
        self._timed: deque[tuple[float, str]] = deque()
        # Until when the far end has something to play, and until when that is sound of ours.
        self._until = self._sounds = 0.0

    @property
    def taken(self) -> int:
        """Bytes of sound handed out so far, silence of our own not counted."""
        return self._taken

    def add(self, pcm: bytes) -> None:
        """Append sound."""
        self._waiting += pcm
        self._added += len(pcm)

    def mark(self, name: str) -> None:
        """Ask to be told when everything before this was played."""
        self._marks.append((self._added, name))

    def clear(self) -> list[str]:
        """Throw away what was not handed out yet, and give every mark that was not reached, in order."""
        names = [name for _, name in (*self._timed, *self._marks)]
        self._waiting.clear()
        self._marks.clear()
        self._timed.clear()
        self._added = self._taken
        return names

    def due(self, now: float) -> tuple[list[bytes], list[str]]:
        """Take the frames to be sent now, and the marks that were reached by now."""
        self._until = max(self._until, now)
        frames: list[bytes] = []
        while (frame := self._next(self._until - now)) is not None:
            frames.append(frame)
            self._until += FRAME_SECONDS
            self._time()
        self._time()
        return frames, self._reached(now)

    def wait(self, now: float) -> float:
        """How long until something is due again, in seconds."""
        ahead = AHEAD_SECONDS - FRAME_SECONDS if len(self._waiting) >= self._frame else SILENCE_AHEAD
        times = [self._until - ahead, *(time for time, _ in list(self._timed)[:1])]
        return max(min(times) - now, 0.001)

    def _next(self, ahead: float) -> bytes | None:
        """A whole frame in good time; a part of one, filled up, or silence at the last moment."""
        if len(self._waiting) >= self._frame:
            return self._cut() if ahead + FRAME_SECONDS <= AHEAD_SECONDS + _TINY else None
        return self._cut() if ahead <= SILENCE_AHEAD + _TINY else None

    def _cut(self) -> bytes:
        frame = bytes(self._waiting[: self._frame])
        del self._waiting[: self._frame]
        self._taken += len(frame)
        if frame:
            self._sounds = self._until + FRAME_SECONDS
        return frame.ljust(self._frame, b"\0")

    def _time(self) -> None:
        while self._marks and self._marks[0][0] <= self._taken:
            self._timed.append((self._sounds, self._marks.popleft()[1]))

    def _reached(self, now: float) -> list[str]:
        names = []
        while self._timed and self._timed[0][0] <= now + _TINY:
            names.append(self._timed.popleft()[1])
        return names
