"""What we say: a queue of sound and marks, sent in real time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from channels.rtc.opus import FRAME_BYTES, RATE, SILENT, Encoder
from channels.rtc.pace import Pace

if TYPE_CHECKING:
    from av.packet import Packet

_STEP, _LATE = 0.02, 0.1


def _silence() -> bytes:
    return SILENT


class Outgoing(MediaStreamTrack):
    """Sends 20 ms at each beat; `beat` is called every time, `reached` for marks.

    When there is nothing to send, `room` is asked for what is heard then: silence, or a little noise.
    """

    kind = "audio"

    def __init__(
        self, beat: Callable[[], None], reached: Callable[[str], None], room: Callable[[], bytes] = _silence
    ) -> None:
        super().__init__()
        self._room = room
        self._beat, self._reached = beat, reached
        self._queue: deque[memoryview | str] = deque()
        self._passed: list[str] = []
        self._encoder, self._pace = Encoder(), Pace(_STEP, _LATE)
        self._sent = self._in_last = 0
        self._last_at = 0.0

    @property
    def played(self) -> float:
        """Seconds of sound that were sent, silence not counted."""
        return self._sent / 2 / RATE

    def heard(self) -> tuple[float, bool]:
        """Return how much of the sound is heard by now if nothing took time on the way, and whether it goes on."""
        before = (self._sent - self._in_last) / 2 / RATE
        since = min(time.monotonic() - self._last_at, self._in_last / 2 / RATE)
        return before + since, self._in_last > 0

    def put(self, pcm: bytes) -> None:
        """Send this after everything before it."""
        if pcm:
            self._queue.append(memoryview(pcm))

    def mark(self, name: str) -> None:
        """Tell when everything before was heard."""
        self._queue.append(name)

    def clear(self) -> None:
        """Forget what was not sent; its marks are told."""
        marks = [*self._passed, *(one for one in self._queue if isinstance(one, str))]
        self._queue.clear()
        self._passed.clear()
        for name in marks:
            self._reached(name)

    async def recv(self) -> Packet[Any]:
        """The next packet, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        now = await self._pace.beat()
        self._beat()
        self._tell()
        sound = self._next()
        self._last_at, self._in_last = now, len(sound)
        self._sent += len(sound)
        pcm = sound.ljust(FRAME_BYTES, b"\0") if sound else self._room()
        return self._encoder.packet(pcm, self._pace.number)

    def _tell(self) -> None:
        passed, self._passed = self._passed, []
        while self._queue and isinstance(self._queue[0], str):
            passed.append(self._queue.popleft())  # type: ignore[arg-type]  # a mark, as was just seen
        for name in passed:
            self._reached(name)

    def _next(self) -> bytes:
        """Take the next 20 ms, less where the queue ends; marks inside are told at the next beat."""
        taken = bytearray()
        while self._queue and len(taken) < FRAME_BYTES:
            first = self._queue.popleft()
            if isinstance(first, str):
                self._passed.append(first)
                continue
            wanted = FRAME_BYTES - len(taken)
            taken += first[:wanted]
            if len(first) > wanted:
                self._queue.appendleft(first[wanted:])
        return bytes(taken)
