"""Who has the floor: utterances become exchanges, which are answered, broken into, merged and written down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from core_pipeline.calls.deciding import decide
from core_pipeline.calls.exchange import Exchange
from core_pipeline.calls.host import End, Heard, Minutes, Transfer
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Sense, Told
from errors import SawtakError

if TYPE_CHECKING:
    from core_pipeline.calls.equipment import Equipment
    from core_pipeline.calls.host import Host, Manner, Say, Step
    from core_pipeline.calls.minutes import Writer
    from core_pipeline.calls.mouth import Mouth

log = logging.getLogger(__name__)

_Lead: TypeAlias = "Callable[[Exchange], Awaitable[Step | None]]"
_ASKED_AGAIN = 2
_LONGEST = 60


class Talk:
    """The exchanges of one call; its methods return at once, what they begin goes on by itself.

    `rate` is that of the caller's speech, `over` is told the reason when the call is to end. `meant` is when the caller
    last did something that meant anything, `wrote` whether that was in writing.
    """

    def __init__(
        self,
        mouth: Mouth,
        manner: Manner,
        equipment: Equipment,
        writer: Writer,
        rate: int,
        over: Callable[[str], Awaitable[None]],
    ) -> None:
        self._mouth, self._manner, self._equipment, self._writer = mouth, manner, equipment, writer
        self._host: Host = mouth.host
        self._rate, self._over = rate, over
        self._loop = asyncio.get_running_loop()
        self.meant = self._loop.time()
        self.wrote = False
        self.prompts = 0
        self.current: Exchange | None = None
        self.turns = self._in_vain = 0
        self._carried: Exchange | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether an exchange is going on, or something is being played."""
        return self.current is not None or self._mouth.player.playing

    async def began(self, spoke: float) -> None:
        """The caller began to speak at `spoke`."""
        current = self.current
        if current is not None and not self._stays(current, spoke):
            if current.unheard(spoke):
                await self._take_back(current)
            else:
                await self.break_in(spoke)
        await self._mouth.show(Sense.HEARING)

    async def paused(self, speech: bytes, ended: float, *, certain: bool = False) -> None:
        """The caller paused after `speech`, at `ended`; `certain` that nothing more is to come."""
        carried, self._carried = self._carried, None
        before = await self._make_way(ended) or (carried.before if carried else None)
        if before is not None and before.final:
            return
        whole = ((carried.speech if carried else b"") + speech)[-2 * _LONGEST * self._rate :]
        self._mouth.figures["heard_ms"] += len(speech) * 500 // self._rate
        turn = (carried.minutes.turn if carried else 0) or self.turns + 1
        exchange = Exchange(Minutes(turn), ended, whole, self._loop.time(), before=before)
        if certain:
            exchange.certain.set()
        if carried is not None:
            exchange.minutes.lines = [line for line in carried.minutes.lines if line.heard]
        exchange.took("vad", exchange.noticed - ended)
        self._start(exchange, self._converse)
        await self._mouth.show(Sense.THINKING)

    async def finished(self) -> None:
        """The caller said that they have finished; who has said nothing at all learns that we heard nothing."""
        current = self.current
        if current is not None and current.speech:
            current.certain.set()
        elif current is None:
            self._in_vain += 1
            if self._in_vain <= _ASKED_AGAIN:
                self.announce(["not_heard"])

    async def typed(self, text: str) -> None:
        """The caller wrote this."""
        exchange = await self._given(Heard(text, self._mouth.language))
        if exchange is not None:
            self.wrote = True
            self._start(exchange, partial(self._responded, ask=self._host.answer))

    async def pressed(self, digits: str) -> None:
        """The caller pressed these keys."""
        exchange = await self._given(None)
        if exchange is not None:
            self._start(exchange, partial(self._responded, ask=partial(self._host.pressed, digits)))

    async def break_in(self, spoke: float) -> None:
        """Be silent at once: the caller broke in at `spoke`, and nothing more of what was to be said is."""
        current = self.current
        if current is not None and not current.final:
            self._mouth.figures["barge_ins"] += self._mouth.player.playing
            await self.hush(spoke, broken_into=True)

    async def hush(self, since: float, *, broken_into: bool = False) -> None:
        """Be silent at once, for a reason that arose at `since`."""
        current = self.current
        if current is None:
            return
        stopped = [one for one in (current.before, current) if one is not None and not one.over]
        for exchange in stopped:
            exchange.cancel()
            exchange.minutes.broken_into = broken_into
        await self._mouth.player.clear()
        current.took("clear", self._loop.time() - since)
        for exchange in stopped:
            self._finish(exchange)
        await self._mouth.far.told(Told("cleared", turn=current.minutes.turn))

    def announce(self, sayings: Sequence[Say | str], *, lasting: bool = False, closing: Step | None = None) -> None:
        """Say something of our own, or ready words by their names, now, when nothing else is going on.

        `closing` is done after it, whatever the caller does; speech interrupts nothing `lasting`.
        """
        exchange = Exchange(Minutes(0), self._loop.time(), lasting=lasting, final=closing is not None)
        self._start(exchange, partial(self._own, sayings=sayings, closing=closing))

    async def close(self) -> None:
        """Stop everything; what was going on is written down."""
        current = self.current
        for exchange in (self._carried, current.before if current else None, current):
            if exchange is not None:
                exchange.cancel()
                self._finish(exchange)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _given(self, heard: Heard | None) -> Exchange | None:
        """An exchange about something that was not spoken; None when the call is about to end."""
        now = self._loop.time()
        await self.break_in(now)
        if self.current is not None:
            return None
        self._carried = None
        self._meant()
        self.turns += 1
        exchange = Exchange(Minutes(self.turns, heard), now, noticed=now)
        exchange.settled.set()
        await self._mouth.show(Sense.THINKING)
        return exchange

    def _meant(self) -> None:
        self.meant = self._loop.time()
        self.wrote = False
        self.prompts = self._in_vain = 0

    def _stays(self, exchange: Exchange, spoke: float) -> bool:
        """Whether somebody who speaks then interrupts nothing of it."""
        said = exchange.answered and self._mouth.player.silent_since(spoke)
        return exchange.lasting or exchange.final or said

    async def _make_way(self, ended: float) -> Exchange | None:
        """End what can't go on beside a new utterance; return what has to be said before its answer."""
        current = self.current
        if current is None or self._stays(current, ended):
            return current
        before = current.before
        await self.break_in(ended)
        return before if before is not None and not before.over else None

    async def _take_back(self, exchange: Exchange) -> None:
        """The caller goes on speaking: what they said is not answered yet, but kept for the rest of it."""
        self._mouth.figures["merged"] += 1
        exchange.cancel()
        self.current = exchange.before if exchange.before is not None and not exchange.before.over else None
        self._carried = exchange
        if self.current is None and self._mouth.player.playing:
            await self._mouth.player.clear()
            await self._mouth.far.told(Told("cleared", turn=exchange.minutes.turn))

    def _start(self, exchange: Exchange, lead: _Lead) -> None:
        self.current = exchange
        exchange.task = asyncio.create_task(self._led(exchange, lead))
        self._tasks.add(exchange.task)
        exchange.task.add_done_callback(self._tasks.discard)

    def _finish(self, exchange: Exchange) -> None:
        """It is over: have it kept."""
        if exchange.over:
            return
        exchange.over = True
        if exchange.minutes.lines or exchange.minutes.heard is not None:
            self._writer.add(exchange.minutes)
        if self.current is exchange:
            self.current = None

    async def _gone(self) -> None:
        """Wait until what was cancelled has let go: one recogniser and one answer at a time."""
        leaving = [task for task in self._tasks if task.cancelling()]
        if leaving:
            await asyncio.wait(leaving)

    async def _led(self, exchange: Exchange, lead: _Lead) -> None:
        """Lead an exchange to its end; what it breaks on is told to the caller."""
        await self._gone()
        closing: Step | None = None
        try:
            closing = await lead(exchange)
        except Exception as error:
            known = isinstance(error, SawtakError)
            code = error.code if isinstance(error, SawtakError) else type(error).__name__
            log.warning("an exchange of a call failed: %s", code, exc_info=None if known else error)
            await self._mouth.trouble(exchange, code)
        exchange.answered = True
        await self._mouth.player.drained()
        self._finish(exchange)
        if closing is not None:
            await self._close_with(closing)
        elif self.current is None:
            await self._mouth.show(Sense.LISTENING)

    async def _close_with(self, step: Step) -> None:
        far = self._mouth.far
        if isinstance(step, Transfer):
            await far.told(Told("notice", "transfer", language=self._mouth.language))
            if await far.transfer(step.to):
                await self._over("transfer")
            else:
                self.announce([step.otherwise])
        elif isinstance(step, End):
            await far.told(Told("notice", "end", language=self._mouth.language))
            await self._over(step.reason)

    async def _own(self, exchange: Exchange, *, sayings: Sequence[Say | str], closing: Step | None) -> Step | None:
        await self._mouth.own(exchange, sayings)
        return closing

    async def _responded(self, exchange: Exchange, *, ask: Callable[[Minutes], AsyncIterator[Step]]) -> Step | None:
        """Answer what was typed or pressed."""
        async with self._mouth.filling(exchange, self._manner.filler):
            return await self._mouth.answer(exchange, ask(exchange.minutes))

    async def _converse(self, exchange: Exchange) -> Step | None:
        """Hear what was said while deciding whether it is all, then answer."""
        hearing = asyncio.create_task(self._hear(exchange))
        try:
            async with self._mouth.filling(exchange, self._manner.filler):
                await decide(exchange, hearing, self._manner, self._equipment, self._rate)
                decided = self._loop.time()
                exchange.took("decide", decided - exchange.noticed)
                exchange.settled.set()
                heard = await hearing
                exchange.took("asr", self._loop.time() - decided)
                return await self._understood(exchange, heard)
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})

    async def _hear(self, exchange: Exchange) -> Heard:
        heard = await self._host.hear(Pcm(exchange.speech, self._rate))
        if heard.text:
            now = Told("transcript", heard.text, exchange.minutes.turn, heard.language, final=False)
            await self._mouth.far.told(now)
        return heard

    async def _understood(self, exchange: Exchange, heard: Heard) -> Step | None:
        minutes, mouth = exchange.minutes, self._mouth
        exchange.known.set()
        if not heard.text.strip():
            minutes.turn = 0
            self._in_vain += 1
            if self._in_vain <= _ASKED_AGAIN:
                await mouth.own(exchange, ["not_heard"])
            return None
        self._meant()
        self.turns = minutes.turn
        mouth.language = heard.language or mouth.language
        minutes.heard, minutes.speech = heard, Pcm(exchange.speech, self._rate)
        await mouth.far.told(Told("transcript", heard.text, minutes.turn, mouth.language))
        if exchange.before is not None and exchange.before.task is not None:
            await asyncio.wait({exchange.before.task})
        return await mouth.answer(exchange, self._host.answer(minutes))
