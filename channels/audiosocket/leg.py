"""One caller's line over AudioSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Literal

from channels.audiosocket.backlog import Backlog
from channels.audiosocket.frames import ERROR, HANGUP, KINDS, Frame, Parser
from channels.audiosocket.outbox import Outbox
from core_pipeline.contracts.legs import FRAME_SECONDS, Key, LegEvent, LiveFace, Reached, Sound, Told
from errors import Impossible

if TYPE_CHECKING:
    from channels.audiosocket.desk import Desk

READ_BYTES = 4096
# Asterisk sends a frame every 20 ms; with silence suppression it pauses, but not for so long.
SILENT_SECONDS = 15.0
# A far end that takes nothing for so long is gone, whatever TCP says.
STUCK_SECONDS = 2.0
# How long Asterisk may take to notice our hang-up.
LINGER_SECONDS = 2.0
# Faster than any codec's frames: whoever sends more is read slowly.
MOST_FRAMES_A_SECOND, BURST_FRAMES, BREATH_SECONDS = 200, 400, 0.05
_ENDS = frozenset({HANGUP, ERROR})


class AudioSocketLeg:
    """The `Leg` of one connection; it paces what it sends and reckons what was heard."""

    screen: Literal["none", "text", "track", "films"] = "none"

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        wire_id: str = "",
        sample_rate: int = 8000,
        desk: Desk | None = None,
        early: tuple[Parser, Sequence[Frame]] | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self._reader, self._writer, self._desk, self._wire_id = reader, writer, desk, wire_id
        self._parser, self._early = early or (Parser(), ())
        self._kind = KINDS[sample_rate]
        self._outbox = Outbox(round(sample_rate * FRAME_SECONDS) * 2)
        self._backlog = Backlog(sample_rate)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._listening: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._over = False

    async def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the caller does until the line is dead."""
        listening = self._listening = asyncio.create_task(self._listen())
        self._tick()
        try:
            while (event := await self._backlog.take()) is not None:
                yield event
        finally:
            self._end()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def play(self, pcm: bytes) -> None:
        """Hand over sound; it is sent as the far end needs it."""
        self._outbox.add(pcm)
        self._tick()

    async def mark(self, name: str) -> None:
        """Have `Reached(name)` yielded when everything before it must have been heard."""
        self._outbox.mark(name)
        self._tick()

    async def clear(self) -> None:
        """Throw away what was not sent yet."""
        for name in self._outbox.clear():
            self._backlog.put(Reached(name))

    async def told(self, what: Told) -> None:
        """A telephone shows nothing."""

    async def film(self, data: bytes, mark: str) -> None:
        """Raise `Impossible`: a telephone shows nothing."""
        del data, mark
        raise Impossible("no-screen", "a telephone shows no films")

    def show(self, face: LiveFace | None) -> None:
        """A telephone shows nothing."""

    @property
    def played(self) -> float:
        """Seconds of sound that were sent."""
        return self._outbox.taken / 2 / self.sample_rate

    @property
    def transfers(self) -> bool:
        """Whether a dialplan will ask whom to dial."""
        return self._desk is not None and self._desk.expects(self._wire_id)

    async def transfer(self, to: str, words: str = "") -> None:  # noqa: ARG002 - the dialplan takes only the number
        """End the sound and have the dialplan dial this number; `Impossible` where no dialplan will ask for it."""
        if self._desk is None or not self._desk.put_through(self._wire_id, to):
            raise Impossible("no-transfer", "only a call whose dialplan rang by HTTP can be put through")
        await self.hang_up()

    async def hang_up(self) -> None:
        """Tell the far end that we are done, and end."""
        if not self._over:
            self._writer.write(Frame(HANGUP).wire)
            self._stop()
            self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        """Read on until the far end has gone: closed on unread sound, the connection would break off its dialplan."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._reader.read(READ_BYTES):
                    pass
        except (OSError, TimeoutError):
            pass  # gone as well, or as good as gone
        finally:
            self._close()

    async def _listen(self) -> None:
        try:
            frames, begun, count = list(self._early), self._loop.time(), 0
            while self._taken(frames):
                count += len(frames)
                if count > BURST_FRAMES + (self._loop.time() - begun) * MOST_FRAMES_A_SECOND:
                    await asyncio.sleep(BREATH_SECONDS)
                async with asyncio.timeout(SILENT_SECONDS):
                    data = await self._reader.read(READ_BYTES)
                if not data:
                    return
                frames = self._parser.feed(data)
        except (OSError, TimeoutError):
            pass  # the line is dead, which is all that there is to say
        finally:
            self._end()

    def _taken(self, frames: Sequence[Frame]) -> bool:
        """Take in what came at once, its sound in one piece; False after a frame that ends the call."""
        sound = bytearray()
        for frame in frames:
            digit = frame.digit
            sound += frame.sound(self.sample_rate)
            if sound and (digit or frame.kind in _ENDS):
                self._backlog.put(Sound(bytes(sound)))
                sound.clear()
            if frame.kind in _ENDS:
                return False
            if digit:
                self._backlog.put(Key(digit))
        if sound:
            self._backlog.put(Sound(bytes(sound)))
        return True

    def _tick(self) -> None:
        """Send what is due, and come again when more is."""
        if self._over or self._listening is None:
            return
        now = self._loop.time()
        frames, reached = self._outbox.due(now)
        for frame in frames:
            # One write each: Asterisk misreads a head that comes in two pieces.
            self._writer.write(Frame(self._kind, frame).wire)
        for name in reached:
            self._backlog.put(Reached(name))
        if self._writer.transport.get_write_buffer_size() > self.sample_rate * 2 * STUCK_SECONDS:
            self._end()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._outbox.wait(now), self._tick)

    def _end(self) -> None:
        if not self._over:
            self._stop()
            self._close()

    def _stop(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._backlog.close()

    def _close(self) -> None:
        transport = self._writer.transport
        with contextlib.suppress(OSError):
            # What a dead far end never takes would keep the connection for ever.
            transport.abort() if transport.get_write_buffer_size() else transport.close()
