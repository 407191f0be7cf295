"""Leads a model through one question: what it is given, what of its words counts, and which tool it may use."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from core_pipeline.contracts.engines import Ask, Piece, Tool, ToolCall, Usage
from core_pipeline.engines.prompt.messages import Line, fitted, prompt
from core_pipeline.engines.prompt.spoken import Spoken
from core_pipeline.engines.prompt.suspicion import innocent
from core_pipeline.engines.wrap.flowing import flowing
from errors import NeedsOwner, Retryable

log = logging.getLogger(__name__)

Raw: TypeAlias = str | ToolCall | Usage
Chat: TypeAlias = Callable[[Sequence[Line], Sequence[Tool]], AsyncIterator[Raw]]
"""One call of a model: streams its raw text, the calls it asks for, and what it used. Raises our errors only."""

_SHORT = 2


class TooLongError(NeedsOwner):
    """The model's context does not hold the messages; raised before anything was streamed."""

    def __init__(self, engine: str) -> None:
        super().__init__(
            "llm-context", f"{engine}: its context is too short for a question; give the model a longer one"
        )


async def converse(ask: Ask, chat: Chat, *, room: int) -> AsyncIterator[Piece]:
    """Stream the answer; `room` is how many characters of messages the model can take.

    A model whose context is shorter than that is asked once more with little history. A tool call passes only if the
    model also asks for it when it has read nothing but the customer's own words.
    """
    if ask.tools and not innocent(ask):
        log.info("a message that speaks to the machine is offered no tools")
        ask = replace(ask, tools=())
    ask = fitted(ask, room)
    try:
        async with flowing(_answer(ask, chat)) as pieces:
            async for piece in pieces:
                yield piece
    except TooLongError:
        log.info("the model's context is shorter than its setting says; asking with less")
    else:
        return
    short = replace(ask, history=ask.history[-_SHORT:], passages=ask.passages[:_SHORT])
    async with flowing(_answer(short, chat)) as pieces:
        async for piece in pieces:
            yield piece


async def _answer(ask: Ask, chat: Chat) -> AsyncIterator[Piece]:
    """One round with the tools, and another without them where the call that it ended in was refused."""
    first = _Attempt(ask, chat)
    async with flowing(first.pieces()) as pieces:
        async for piece in pieces:
            yield piece
    if first.wanted is None:
        first.must_have_spoken()
        return
    called = False
    async with flowing(_permitted(ask, chat, first.wanted)) as pieces:
        async for piece in pieces:
            called = called or isinstance(piece, ToolCall)
            yield piece
    if called:
        return
    log.warning("a tool call that does not stem from the customer's words was refused")
    if first.spoken.empty:
        second = _Attempt(replace(ask, tools=()), chat)
        async with flowing(second.pieces()) as pieces:
            async for piece in pieces:
                yield piece
        second.must_have_spoken()


class _Attempt:
    """One call of the model: its pieces, and the first tool that it wants (`wanted`)."""

    def __init__(self, ask: Ask, chat: Chat, *, alone: bool = False) -> None:
        given = prompt(ask, alone=alone)
        self.spoken = Spoken(ask, given)
        self.wanted: ToolCall | None = None
        self._stream = chat(given.lines, ask.tools)
        self._names = {tool.name for tool in ask.tools}
        self._used: list[Usage] = []

    async def pieces(self) -> AsyncIterator[Piece]:
        """Stream what may be said, what it rests on and what it used; ends early when enough was said."""
        async with flowing(self._stream) as stream:
            async for raw in stream:
                for piece in self._read(raw):
                    yield piece
                if self.spoken.done:
                    return
        for piece in [*self.spoken.finish(), *self._used]:
            yield piece

    def must_have_spoken(self) -> None:
        """Raise `Retryable` where nothing was said: the next engine may do better."""
        if self.spoken.empty:
            raise Retryable("llm-silent", "the model wrote nothing that can be said; another may")

    def _read(self, raw: Raw) -> list[Piece]:
        if isinstance(raw, str):
            return self.spoken.feed(raw)
        if isinstance(raw, Usage):
            self._used.append(raw)
        elif raw.name in self._names and self.wanted is None:
            self.wanted = raw
        return []


async def _permitted(ask: Ask, chat: Chat, wanted: ToolCall) -> AsyncIterator[Piece]:
    """The call, with the arguments it has when nobody but the customer had a say in them; nothing if it is refused."""
    found: ToolCall | None = wanted
    if not _clean(ask):
        witness = _Attempt(ask, chat, alone=True)
        async with flowing(witness.pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    yield piece
        found = witness.wanted if witness.wanted and witness.wanted.name == wanted.name else None
    made = [(result.call.name, dict(result.call.arguments)) for result in ask.results]
    if found is not None and (found.name, dict(found.arguments)) not in made:
        yield found


def _clean(ask: Ask) -> bool:
    """Whether the model read nothing but the customer's words and the tenant's."""
    others = any(one.speaker != "customer" for one in ask.history)
    return not (ask.passages or ask.results or ask.summary or ask.facts or others)
