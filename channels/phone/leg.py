"""One call's sound over the vendor's websocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol

from channels.phone import mulaw
from channels.phone.backlog import Backlog
from channels.phone.frames import MESSAGE_BYTES, Media, Stop, clear_out, frame, mark_out, media_out, opened
from core_pipeline.contracts.legs import LegEvent, Sound
from errors import Impossible, SawtakError

if TYPE_CHECKING:
    from core_pipeline.contracts.calls import Socket
    from core_pipeline.contracts.legs import LiveFace, Told

_FRAME = mulaw.RATE // 50
_CHUNK = 5 * _FRAME
# Jitter of the vendor's clock is not filled; a longer hole than this is no pause of the same talk any more.
_JITTER_MS, _HOLE_MS = 40, 1000
_JUNK = 500
# The vendor sends sound all the time and takes ours at once: who does neither for so long is gone.
SILENT_SECONDS, STUCK_SECONDS = 30.0, 5.0


class Remote(Protocol):
    """What can be done with the call from outside its sound."""

    async def put_through(self, to: str) -> None:
        """Connect the caller to this number instead of us; raises a `SawtakError`, `Impossible` for no number."""

    async def end(self) -> None:
        """End the call; raises a `SawtakError`."""


class Holes:
    """How much sound is missing, by the vendor's timestamps."""

    def __init__(self) -> None:
        self._next: float | None = None

    def before(self, media: Media) -> int:
        """How many samples of silence belong before this sound: none, or 40 ms to 1 s."""
        seconds = 1000 * len(media.codes) / mulaw.RATE
        if media.at is None or self._next is None:
            base = self._next if media.at is None else media.at
            self._next = None if base is None else base + seconds
            return 0
        missing = media.at - self._next
        if -_HOLE_MS <= missing < _JITTER_MS:
            self._next += seconds
            return 0
        self._next = media.at + seconds
        return int(max(0.0, min(missing, _HOLE_MS)) * mulaw.RATE / 1000)


class PhoneLeg:
    """A caller on the telephone: 8 kHz both ways, no screen. `dropped` says that the line broke without a goodbye."""

    sample_rate = mulaw.RATE
    screen: Literal["none", "text", "track", "films"] = "none"
    transfers = True

    def __init__(self, socket: Socket, stream_sid: str, remote: Remote) -> None:
        self._socket, self._stream, self._remote = socket, stream_sid, remote
        self._backlog, self._holes = Backlog(), Holes()
        self._rest = b""
        self._played = self._cleared = self._junk = 0
        self._gone = self._stopped = self.dropped = False

    async def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the caller does until the line is dead."""
        reading = asyncio.create_task(self._read())
        try:
            while (event := await self._backlog.take()) is not None:
                yield event
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self._socket.close()

    async def play(self, pcm: bytes) -> None:
        """Send the sound in frames of 20 ms, up to five at once; what fills none waits for more, or for a mark."""
        self._played += len(pcm) // 2
        codes, generation = self._rest + mulaw.encode(pcm), self._cleared
        whole = len(codes) - len(codes) % _FRAME
        self._rest = codes[whole:]
        for at in range(0, whole, _CHUNK):
            if generation != self._cleared:
                return
            await self._send(media_out(self._stream, codes[at : min(at + _CHUNK, whole)]))

    async def mark(self, name: str) -> None:
        """Have the mark come back once everything before it was played."""
        if self._rest:
            last, self._rest = self._rest, b""
            await self._send(media_out(self._stream, last.ljust(_FRAME, bytes([mulaw.SILENCE]))))
        await self._send(mark_out(self._stream, name))

    async def clear(self) -> None:
        """Throw away what was not played yet."""
        self._rest = b""
        self._cleared += 1
        await self._send(clear_out(self._stream))

    async def told(self, what: Told) -> None:
        """Nothing is seen on a telephone."""

    async def film(self, data: bytes, mark: str) -> None:  # noqa: ARG002 - there is no screen
        """Raise `Impossible`: nothing is seen on a telephone."""
        raise Impossible("no-screen", "a telephone shows nothing")

    def show(self, face: LiveFace | None) -> None:
        """Nothing is seen on a telephone."""

    @property
    def played(self) -> float:
        """Seconds of sound that were handed over."""
        return self._played / mulaw.RATE

    async def transfer(self, to: str, words: str = "") -> None:  # noqa: ARG002 - a telephone shows no words
        """Have the vendor dial the person; where that fails, the closed socket makes it ask us what to do next."""
        try:
            if not self._gone:
                await self._remote.put_through(to)
        except Impossible as error:
            if error.code == "transfer-number":
                raise
        except SawtakError:
            pass
        await self._close()

    async def hang_up(self) -> None:
        """Close the socket, after which nothing follows, and end the call in case nobody asks what follows."""
        gone = self._gone
        await self._close()
        if gone:
            return
        try:
            await self._remote.end()
        except SawtakError:
            return

    async def _send(self, text: str) -> None:
        if self._gone:
            return
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                await self._socket.send(text)
        except TimeoutError:
            await self._close()

    async def _close(self) -> None:
        self._gone = True
        self._backlog.close()
        await self._socket.close()

    async def _read(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENT_SECONDS) as patience:
                    while (message := await self._socket.receive()) is not None and self._taken(message):
                        patience.reschedule(clock() + SILENT_SECONDS)
            self.dropped = not (self._gone or self._stopped)
        finally:
            self._gone = True
            self._backlog.close()

    def _taken(self, message: str | bytes) -> bool:
        """Whether to read on."""
        if len(message) > MESSAGE_BYTES or self._junk > _JUNK:
            return False
        told = opened(message)
        said = frame(told) if told.get("streamSid") == self._stream else None
        if isinstance(said, Stop):
            self._stopped = True
            return False
        if isinstance(said, Media):
            return self._backlog.put(self._sound(said))
        if said is None:
            self._junk += 1
            return True
        return self._backlog.put(said)

    def _sound(self, media: Media) -> Sound:
        pcm = mulaw.decode(media.codes)
        missing = self._holes.before(media)
        return Sound(bytes(2 * missing) + pcm if missing else pcm)
