"""Finding the words: what the business knows, what the engine makes of it, and what it asks us to do meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from core_pipeline.actions.tools import HANDOFF, own
from core_pipeline.arabic.normalise import normalise
from core_pipeline.arabic.sentences import Sentences
from core_pipeline.arabic.smalltalk import take_apart
from core_pipeline.contracts.engines import Ask, Cited, ToolCall
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.thinking.words import phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from core_pipeline.actions.turn import TurnActions
    from core_pipeline.contracts.engines import Llm, Passage
    from core_pipeline.engines.router import For
    from core_pipeline.thinking.matter import Matter, Mind

MOST_CALLS = 4
SHORT_QUESTION = 5
_FOLLOWING = re.compile(r"(?:طيب|طب|وماذا عن|ماذا عن|و|and|what about|how about|tayeb|tab|w)(?:\s|(?<=و)\w)")

# Several words up to a mark that ends a sentence; after a figure it may be a decimal's.
_WHOLE = re.compile(r"\S\s.*[^\W\d]\W*[.!?؟…]\W*\Z", re.DOTALL)


@dataclass
class Thought:
    """An answer as it was found: `sure` unless it says that we don't know, `acted` if anything was done for it.

    `handed` says that a person was asked to take over; `also` are cards to send after it, `last_token` is when its
    last piece came.
    """

    text: str = ""
    citations: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    sure: bool = True
    acted: bool = False
    handed: bool = False
    last_token: float = 0.0


class _Voice:
    """Gives each sentence to `say` as soon as it is complete; what is added after an `end` begins a new one."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._sentences = say, Sentences()
        self.text = ""

    def add(self, text: str) -> None:
        self.text += text
        # Engines give whole sentences: waiting for the next one to prove the end would cost the time that it takes.
        self._tell(self._sentences.feed(f"{text} " if _WHOLE.search(text) else text))

    def end(self) -> None:
        self._tell(self._sentences.flush())
        self.text = f"{self.text.rstrip()} " if self.text.strip() else ""

    def _tell(self, sentences: list[str]) -> None:
        for sentence in sentences:
            self._say(sentence)


async def think(mind: Mind, now: Matter, order: For, doing: TurnActions | None, say: Callable[[str], None]) -> Thought:
    """Find the answer; each of its sentences is given to `say` as soon as it is complete."""
    with order.ledger.timed("recall"):
        passages = await _recall(mind, now)
    tools = await doing.tools() if doing else ()
    tools = tools if now.people else tuple(one for one in tools if one.name != HANDOFF.name)
    if not own(tools) and not _answerable(now, passages):
        unknown = phrase(now.policy, "unknown", now.language)
        say(unknown)
        return Thought(unknown, sure=False, last_token=perf_counter())
    ask = now.ask(tuple(passages), tools)
    return await _answered(mind, ask, now, order, doing, say)


async def _answered(
    mind: Mind, ask: Ask, now: Matter, order: For, doing: TurnActions | None, say: Callable[[str], None]
) -> Thought:
    engine = await mind.engines.llm(now.language, order)
    thought, voice = Thought(), _Voice(say)
    for left in range(MOST_CALLS, -1, -1):
        # Whoever has used up its calls is offered no more, and has to answer with what it has.
        call = await _round(engine, ask if left else replace(ask, tools=()), thought, voice)
        if call is None or doing is None or not left:
            break
        thought.acted = True
        result = await doing.run(call, ask.passages)
        if doing.question:
            voice.add(doing.question)
            voice.end()
            break
        ask = replace(ask, results=(*ask.results, result))
    thought.last_token = perf_counter()
    thought.also = [card.text for card in doing.cards] if doing else []
    thought.handed = doing.handed if doing else False
    if not voice.text.strip():
        voice.add(phrase(now.policy, "handed" if thought.handed else "unknown", now.language))
        voice.end()
    thought.text = voice.text.strip()
    thought.sure = thought.text != phrase(now.policy, "unknown", now.language)
    return thought


async def _round(engine: Llm, ask: Ask, thought: Thought, voice: _Voice) -> ToolCall | None:
    """Let the engine answer once; the call that it asks for."""
    call = None
    async with flowing(engine.answer(ask)) as pieces:
        async for piece in pieces:
            if isinstance(piece, str):
                voice.add(piece)
            elif isinstance(piece, Cited):
                thought.citations += [one for one in piece.passages if one not in thought.citations]
            elif isinstance(piece, ToolCall):
                call = piece
    voice.end()
    return call


async def _recall(mind: Mind, now: Matter) -> tuple[Passage, ...]:
    """Search; a short follow-up that finds nothing by itself is searched with the question that it follows."""
    passages = await mind.shelf.search(now.tenant_id, now.heard, now.language)
    before = [one.text for one in now.memory.history if one.speaker == "customer"]
    if _answerable(now, passages) or not before or not follows_up(now.heard):
        return passages
    return await mind.shelf.search(now.tenant_id, f"{before[-1]} {now.heard}", now.language)


def follows_up(heard: str) -> bool:
    """Whether this is a short question that leans on the one before it, such as "and on Friday?"."""
    said = normalise(heard)
    return len(said.split()) <= SHORT_QUESTION and _FOLLOWING.match(said) is not None


def _answerable(now: Matter, passages: tuple[Passage, ...]) -> bool:
    """Whether there is anything to answer from; courtesies need nothing, and some tenants leave it to the engine."""
    if now.policy.answerable == 0 or not take_apart(now.heard).questions:
        return True
    return any(passage.score >= now.policy.answerable for passage in passages)
