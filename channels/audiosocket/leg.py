"""One caller's line over AudioSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
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
# Faster than any codec's frames: whoever sends more is read slowly.
MOST_FRAMES_A_SECOND, BURST_FRAMES, BREATH_SECONDS = 200, 400, 0.05


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
        self._begun = self._over = False

    async def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the caller does until the line is dead."""
        self._begun = True
        listening = asyncio.create_task(self._listen())
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

    async def transfer(self, to: str, words: str = "") -> None:  # noqa: ARG002 - the dialplan takes only the number
        """End the sound and have the dialplan dial this number; `Impossible` where no dialplan will ask for it."""
        if self._desk is None or not self._desk.put_through(self._wire_id, to):
            raise Impossible("no-transfer", "only a call whose dialplan rang by HTTP can be put through")
        await self.hang_up()

    async def hang_up(self) -> None:
        """Tell the far end that we are done, and end."""
        if not self._over and not self._writer.is_closing():
            self._writer.write(Frame(HANGUP).wire)
        self._end()

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
        """Take frames in; False after one that ends the call."""
        for frame in frames:
            if frame.kind in {HANGUP, ERROR}:
                return False
            if pcm := frame.sound(self.sample_rate):
                self._backlog.put(Sound(pcm))
            elif digit := frame.digit:
                self._backlog.put(Key(digit))
        return True

    def _tick(self) -> None:
        """Send what is due, and come again when more is."""
        if self._over or not self._begun:
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
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        transport = self._writer.transport
        with contextlib.suppress(OSError):
            # What a dead far end never takes would keep the connection for ever.
            _closer(transport)()
        self._backlog.close()


def _closer(transport: asyncio.WriteTransport) -> Callable[[], None]:
    return transport.abort if transport.get_write_buffer_size() else transport.close
