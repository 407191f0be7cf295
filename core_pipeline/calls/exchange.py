"""One exchange: what a caller said, or what we say by ourselves, and everything that belongs to it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from core_pipeline.calls.host import Line, Minutes

_REACTION = 0.25  # nobody reacts sooner to what they begin to hear


@dataclass
class Exchange:
    """What becomes of one utterance; times are seconds of the loop's clock.

    `speech` is all of the caller's sound at the ears' rate (empty: they typed, or it is ours), `ended` when they
    stopped, `noticed` when we knew; `certain` is set when they have finished for sure, `settled` once nothing more is
    waited for, `known` once the words are. `spoken` says that the answer has sound, `audible` when it began to be
    heard, `answered` that all of it is on its way, `over` that it was handed on to be kept. `lasting` can't be
    interrupted by speech, `final` not at all. `before` is what has to be said first.
    """

    minutes: Minutes
    ended: float
    speech: bytes = b""
    noticed: float = 0.0
    certain: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    known: asyncio.Event = field(default_factory=asyncio.Event)
    audible: float | None = None
    lasting: bool = False
    final: bool = False
    spoken: bool = False
    before: Exchange | None = None
    answered: bool = False
    over: bool = False
    task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        """Stop what is being done about it."""
        if self.task is not None:
            self.task.cancel()

    def unheard(self, spoke: float) -> bool:
        """Whether somebody who began to speak at `spoke` can't have meant our answer, so that they went on."""
        return bool(self.speech) and (self.audible is None or spoke <= self.audible + _REACTION)

    async def silence(self, until: float) -> None:
        """Wait for the caller to go on until then, unless they are certain to have finished."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self.certain.wait()

    async def heard_out(self, seconds: float) -> None:
        """Return once the words of what was said are known, as nothing more is to come; in so many seconds at most."""
        self.certain.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.known.wait()

    def line(self, text: str, language: str) -> Line:
        """Note a sentence that is said in it."""
        line = Line(text, language)
        self.minutes.lines.append(line)
        return line

    def took(self, name: str, seconds: float) -> None:
        """Note how long a stage took, the first time it is told."""
        self.minutes.times.setdefault(name, round(seconds * 1000, 1))
