"""What is said in an exchange: answers, words of our own, and words for when there is no answer."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core_pipeline.calls.host import Say, Step
from core_pipeline.calls.reading import Reading
from core_pipeline.contracts.legs import Sense, Told

if TYPE_CHECKING:
    from core_pipeline.calls.exchange import Exchange
    from core_pipeline.calls.far_end import FarEnd
    from core_pipeline.calls.host import Host, Line
    from core_pipeline.calls.player import Player
    from core_pipeline.calls.voice import Voice

log = logging.getLogger(__name__)


@dataclass
class Mouth:
    """Speaks for the host on one line, in the call's `language`; `figures` count what happened."""

    host: Host
    far: FarEnd
    player: Player
    voice: Voice
    language: str
    figures: Counter[str] = field(default_factory=Counter)
    sense: Sense | None = None

    def words(self, name: str) -> Say:
        """The tenant's ready words of this name."""
        return Say(self.host.words(name, self.language), self.language)

    async def show(self, sense: Sense) -> None:
        """Let a caller who can see it know what the call is doing."""
        if sense is not self.sense:
            self.sense = sense
            await self.far.told(Told("state", sense, language=self.language))

    async def say(self, exchange: Exchange, say: Say) -> None:
        """Speak a sentence of the answer; returns as soon as it is queued."""
        asked = asyncio.get_running_loop().time()

        def begin() -> Line:
            exchange.spoken = True
            return exchange.line(say.text, say.language)

        async def started() -> None:
            now = asyncio.get_running_loop().time()
            exchange.audible = exchange.audible or now
            exchange.took("speak", now - asked)
            exchange.took("first_audio", now - exchange.ended)
            await self._told(exchange, say)

        await self.voice.say(say, begin, started)

    async def answer(self, exchange: Exchange, steps: AsyncIterator[Step]) -> Step | None:
        """Speak the sentences of an answer as they are found; return the step that ends the call, if one does."""
        began = asyncio.get_running_loop().time()
        async with Reading(steps) as reading:
            while (step := await reading.next()) is not None:
                if not isinstance(step, Say):
                    return step
                exchange.took("think", asyncio.get_running_loop().time() - began)
                self.language = step.language or self.language
                await self.say(exchange, step)
        if not exchange.spoken:
            # Silence is the one answer that nobody understands.
            await self.own(exchange, ["trouble"])
        return None

    async def own(self, exchange: Exchange, sayings: Sequence[Say | str]) -> None:
        """Speak words of our own, or ready words by their names; what can't be spoken is left out."""
        for say in sayings:
            try:
                await self.say(exchange, self.words(say) if isinstance(say, str) else say)
            except Exception as error:  # noqa: BLE001 - the rest is still worth saying, and the call goes on
                log.warning("words of our own could not be spoken: %s", type(error).__name__)

    async def trouble(self, exchange: Exchange, code: str) -> None:
        """Tell the caller that something went wrong, if that can still be spoken."""
        self.figures["troubles"] += 1
        await self.far.told(Told("error", "", exchange.minutes.turn, self.language, code=code))
        await self.own(exchange, ["trouble"])

    @asynccontextmanager
    async def filling(self, exchange: Exchange, after: float) -> AsyncIterator[None]:
        """Ask for patience so many seconds after the utterance's end, when its answer is not heard yet; 0: never."""
        task = asyncio.create_task(self._fill(exchange, after)) if after else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
                if not task.cancelled() and (error := task.exception()) is not None:
                    log.warning("the words for waiting could not be spoken: %s", type(error).__name__)

    async def _fill(self, exchange: Exchange, after: float) -> None:
        await asyncio.sleep(exchange.ended + after - asyncio.get_running_loop().time())
        await exchange.settled.wait()
        say = self.words("moment")

        def begin() -> Line | None:
            if exchange.spoken:
                return None
            self.figures["fillers"] += 1
            return exchange.line(say.text, say.language)

        async def started() -> None:
            await self._told(exchange, say)

        if not exchange.spoken and exchange.before is None:
            await self.voice.say(say, begin, started)

    async def _told(self, exchange: Exchange, say: Say) -> None:
        await self.far.told(Told("answer", say.text, exchange.minutes.turn, say.language))
        await self.show(Sense.SPEAKING)
