"""A visitor's line over the socket of their page; it outlives the socket for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from channels.web.arrivals import Arrivals
from channels.web.outbox import Outbox
from channels.web.pace import Pace
from channels.web.protocol import Bye, Played, Resume, Start, read, shown, written
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.legs import Finished, Reached, Sound
from errors import Impossible

if TYPE_CHECKING:
    from core_pipeline.contracts.calls import Socket, Ticket
    from core_pipeline.contracts.legs import LegEvent, LiveFace, Told

log = logging.getLogger(__name__)

FLUSH_SECONDS, NOTE_SECONDS = 2.0, 5.0
# Whoever hears a whole utterance at once works this long on a piece of it before others have their turn.
PIECE_SECONDS = 0.5
# Codes of a close that say why: the conversation is over, the client is too slow, or went on elsewhere.
OVER, SLOW, TAKEN = 1000, 4008, 4001


@dataclass(frozen=True)
class Patience:
    """How long, in seconds, a session waits for its socket to come back, and for a client to take what it is sent.

    A client may send so much sound at once (push-to-talk sends it whole), and so many messages a second.
    """

    back: float = 30.0
    slow: float = 5.0
    burst: float = 60.0
    messages: float = 500.0


@dataclass(frozen=True)
class Seat:
    """Where a visitor sits: our account's name, the name of the conversation, the language that was agreed on."""

    account: str
    session: str
    language: str


@dataclass(frozen=True)
class _Link:
    socket: Socket
    reading: asyncio.Task[None]
    writing: asyncio.Task[None]


class WebLeg:
    """A `Leg` on any number of sockets, one after the other; `left` is told how the visitor went, before `events` ends.

    `secret` lets another socket go on with it; `ticket` is the call that it carries; `dropped` says that nobody came
    back. With a button ("push") sound is kept until it is released.
    """

    def __init__(
        self,
        ticket: Ticket,
        seat: Seat,
        start: Start,
        left: Callable[[CallState], Awaitable[None]],
        patience: Patience | None = None,
    ) -> None:
        self.ticket, self.seat, self.secret = ticket, seat, token_urlsafe(24)
        self.sample_rate = start.sample_rate
        self.screen: Literal["none", "text", "track", "films"] = "films" if start.films else "text"
        self.over = asyncio.Event()
        self.dropped = self.transfers = False
        self._held: bytearray | None = bytearray() if start.mode == "push" else None
        self._left, self._patience = left, patience or Patience()
        self._arrivals, self._outbox = Arrivals(), Outbox()
        self._sound_pace = Pace(1.1, self._patience.burst)
        self._message_pace = Pace(self._patience.messages, self._patience.messages * 4)
        self._complaints = Pace(1.0, 20.0)
        self._link: _Link | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._played = 0.0

    @property
    def played(self) -> float:
        """How many seconds of sound were handed over so far, those of films not counted."""
        return self._played

    def attach(self, socket: Socket, resume: Resume | None = None) -> None:
        """Go on over this socket; a former one is closed, and what it did not confirm is sent again."""
        self._let_go(TAKEN)
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        for name in self._outbox.rewind(resume.played, resume.last) if resume else []:
            self._arrivals.put(Reached(name))
        # What a page still holds of the former socket's is owed again: two of it would be heard.
        first = [self._hello(resumed=True), {"type": "clear"}] if resume else [self._hello(resumed=False)]
        self._link = _Link(socket, self._beside(self._read(socket)), self._beside(self._write(socket, first)))

    async def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the visitor does until they have gone, for good; then release everything."""
        try:
            while (event := await self._arrivals.take()) is not None:
                yield event
        finally:
            await self._release()

    async def play(self, pcm: bytes) -> None:
        """Hand over sound."""
        if pcm:
            self._outbox.sound(pcm)
            self._played += len(pcm) / 2 / self.sample_rate

    async def mark(self, name: str) -> None:
        """Have `Reached` yielded once the page has played everything before it."""
        self._outbox.mark(name)

    async def clear(self) -> None:
        """Throw away what was not played; its marks are yielded at once, whatever the page makes of it."""
        for name in self._outbox.clear():
            self._arrivals.put(Reached(name))

    async def told(self, what: Told) -> None:
        """Show this on the page."""
        message = shown(what)
        if message is not None:
            self._outbox.text(message)

    async def film(self, data: bytes, mark: str) -> None:
        """Have a film played after everything before it."""
        self._outbox.film(data, mark)

    def show(self, face: LiveFace | None) -> None:
        """Show nothing: what moves here are films."""

    async def transfer(self, to: str, words: str = "") -> None:
        """Raise `Impossible`: a page can't be connected to a number."""
        del to, words
        raise Impossible("no-transfer", "a website has no line to transfer; give the visitor the number in words")

    async def hang_up(self) -> None:
        """Say that it is over, and end once that was sent."""
        await self.end("hangup")

    async def end(self, reason: str) -> None:
        """End for this reason; may be called again."""
        self.over.set()
        self._outbox.text({"type": "ended", "reason": reason})
        self._outbox.end()
        if self._link is not None:
            await asyncio.wait({self._link.writing}, timeout=FLUSH_SECONDS)
        self._arrivals.end()
        self._let_go(OVER)

    def _hello(self, *, resumed: bool) -> dict[str, Any]:
        return {
            "type": "started",
            "session": self.seat.session,
            "resume": self.secret,
            "sample_rate": self.sample_rate,
            "language": self.seat.language,
            "resumed": resumed,
        }

    async def _read(self, socket: Socket) -> None:
        while (data := await socket.receive()) is not None:
            if not self._message_pace.allows(1):
                self._complain("too-fast", f"send at most {self._patience.messages:g} messages a second")
                break
            if isinstance(data, bytes):
                self._hear(data)
            else:
                self._obey(data)
        self._lost(socket)

    def _hear(self, pcm: bytes) -> None:
        if len(pcm) % 2:
            self._complain("sound-odd", "sound has 16 bits a sample: send an even number of bytes")
        elif not self._sound_pace.allows(len(pcm) / 2 / self.sample_rate):
            self._complain("sound-fast", f"sound comes as it is spoken, at most {self._patience.burst:g} s at once")
        elif self._held is None:
            self._arrivals.put(Sound(pcm))
        elif len(self._held) + len(pcm) > self._patience.burst * 2 * self.sample_rate:
            self._complain("too-long", f"an utterance has at most {self._patience.burst:g} s")
        else:
            self._held += pcm

    def _finish(self) -> None:
        """Bring what was said while the button was held: all of it at once, so that no pause within ends the turn."""
        held, piece = bytes(self._held or b""), 2 * int(PIECE_SECONDS * self.sample_rate)
        for at in range(0, len(held), piece):
            self._arrivals.put(Sound(held[at : at + piece]), kept=True)
        if self._held is not None:
            self._held.clear()
        self._arrivals.put(Finished())

    def _obey(self, raw: str) -> None:
        try:
            message = read(raw)
        except Impossible as error:
            self._complain(error.code, error.detail)
            return
        if isinstance(message, Played):
            for name in self._outbox.played(message.mark):
                self._arrivals.put(Reached(name))
        elif isinstance(message, Start | Resume):
            self._complain("already-started", "open another socket for another conversation")
        elif isinstance(message, Bye):
            self._leave(CallState.ENDED)
        elif isinstance(message, Finished):
            self._finish()
        else:
            self._arrivals.put(message)

    def _complain(self, code: str, text: str) -> None:
        if self._complaints.allows(1):
            self._outbox.text({"type": "error", "code": code, "text": text})

    async def _write(self, socket: Socket, first: list[dict[str, Any]]) -> None:
        """Send what there is; a client that takes too long over it is cut off, and may come back."""
        since, slow = monotonic(), self._patience.slow
        code = SLOW
        try:
            for message in first:
                async with asyncio.timeout(slow):
                    await socket.send(written(message))
            while (item := await self._outbox.take()) is not None:
                if monotonic() - max(item.at, since) > slow:
                    break
                for frame in item.frames():
                    async with asyncio.timeout(slow):
                        await socket.send(frame)
            else:
                code = OVER
        except TimeoutError:
            log.info("a page was too slow and was cut off")
        await socket.close(code)

    def _lost(self, socket: Socket) -> None:
        """The socket is dead: wait for another."""
        if self._link is None or self._link.socket is not socket or self.over.is_set():
            return
        self._let_go(SLOW)
        self._grace = asyncio.get_running_loop().call_later(self._patience.back, self._expire)

    def _expire(self) -> None:
        self.dropped = True
        self._leave(CallState.DROPPED)

    def _leave(self, state: CallState) -> None:
        """The visitor has gone for good: nobody can go on with this any more."""
        if not self.over.is_set():
            self.over.set()
            self._beside(self._gone(state))

    async def _gone(self, state: CallState) -> None:
        try:
            async with asyncio.timeout(NOTE_SECONDS):
                await self._left(state)
        except Exception:
            log.exception("the end of a session could not be noted")
        await self.end("dropped" if self.dropped else "caller")

    def _let_go(self, code: int) -> None:
        """Leave the socket to itself, closed."""
        link, self._link = self._link, None
        if link is None:
            return
        link.writing.cancel()
        if asyncio.current_task() is not link.reading:
            link.reading.cancel()
        self._beside(link.socket.close(code))

    def _beside(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _release(self) -> None:
        self.over.set()
        self._arrivals.end()
        self._outbox.end()
        if self._grace is not None:
            self._grace.cancel()
        self._let_go(OVER)
        mine = asyncio.current_task()
        if rest := {task for task in self._tasks if task is not mine}:
            await asyncio.wait(rest, timeout=FLUSH_SECONDS)
