"""Turns a question with all that is known into the messages of a chat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core_pipeline.engines.prompt.fence import Fence, neutral
from core_pipeline.engines.prompt.rules import reminder, summary_rules, system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.engines import Ask, Exchange, Passage, ToolCall

_PASSAGE, _SPOKEN, _RESULT, _PASSAGES = 1600, 1000, 6000, 12


@dataclass(frozen=True)
class Line:
    """One message of a chat; `call` is what an assistant's asked for, or what a tool's answers."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    call: ToolCall | None = None


@dataclass(frozen=True)
class Prompt:
    """The messages for a model, the passages' ids by the labels that it knows them by, and what it must not say."""

    lines: tuple[Line, ...]
    labels: dict[str, str]
    nonce: str


def prompt(ask: Ask, *, alone: bool = False) -> Prompt:
    """Compose the chat: rules, what was said, the data with the question, the calls made, the rules again.

    `alone` leaves out whatever the customer did not say.
    """
    ask = _own_words(ask) if alone else ask
    if ask.task == "summary":
        return _summing(ask)
    fence = Fence()
    passages = ask.passages[:_PASSAGES]
    opening, rest = _opening(ask.history)
    parts = [*_known(ask, fence, opening), *_passages(passages, fence), fence.around("customer", ask.question)]
    end = reminder(ask)
    asked = "\n".join([*parts, *([] if ask.results else [end])])
    lines = [
        Line("system", system(ask, fence.nonce, alone=alone)),
        *_merged([*(_told(one, fence) for one in rest), Line("user", asked)]),
        *_results(ask, fence, end),
    ]
    return Prompt(tuple(lines), {f"p{n}": passage.id for n, passage in enumerate(passages, 1)}, fence.nonce)


def _summing(ask: Ask) -> Prompt:
    """Compose the chat that sums up what was said: all of it is data."""
    fence = Fence()
    before = [fence.around("said-before", ask.summary)] if ask.summary else []
    talk = [fence.around(one.speaker, one.text, most=_SPOKEN) for one in ask.history]
    asked = "\n".join([*before, *talk, "Write the notes now."])
    return Prompt((Line("system", summary_rules(ask, fence.nonce)), Line("user", asked)), {}, fence.nonce)


def fitted(ask: Ask, room: int) -> Ask:
    """Return `ask` without the oldest of its history, and then without its last passages, as `room` characters need."""
    while (over := size(ask) - room) > 0 and (ask.history or ask.passages):
        lengths = [min(len(one.text), _SPOKEN) for one in ask.history]
        drop = next((n for n in range(1, len(lengths)) if sum(lengths[:n]) >= over), max(1, len(lengths)))
        ask = replace(ask, history=ask.history[drop:]) if lengths else replace(ask, passages=ask.passages[:-1])
    return ask


def size(ask: Ask) -> int:
    """Return about how many characters the messages for `ask` have."""
    return sum(len(line.text) for line in prompt(ask).lines)


def _own_words(ask: Ask) -> Ask:
    history = tuple(one for one in ask.history if one.speaker == "customer")
    return replace(ask, passages=(), results=(), summary="", facts={}, history=history)


def _known(ask: Ask, fence: Fence, opening: str) -> list[str]:
    """What was said before this history, and what the customer let us remember."""
    before = "\n".join(filter(None, [ask.summary, opening]))
    facts = "\n".join(f"{name}: {value}" for name, value in ask.facts.items())
    parts = (("said-before", before), ("about-the-customer", facts))
    return [fence.around(kind, text) for kind, text in parts if text]


def _passages(passages: Sequence[Passage], fence: Fence) -> list[str]:
    return [fence.around("passage", _text(p), label=f"p{n}", most=_PASSAGE) for n, p in enumerate(passages, 1)]


def _text(passage: Passage) -> str:
    parts = (("source", passage.source), ("question", passage.question), ("answer", passage.answer))
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def _opening(history: Sequence[Exchange]) -> tuple[str, Sequence[Exchange]]:
    """Take off what we said before the customer first spoke: many templates want the customer to begin."""
    first = next((n for n, one in enumerate(history) if one.speaker == "customer"), len(history))
    said = "\n".join(f"we said: {one.text[:_SPOKEN]}" for one in history[:first])
    return said, history[first:]


def _told(one: Exchange, fence: Fence) -> Line:
    """A message of the history; what a colleague said counts as said by us."""
    if one.speaker == "customer":
        return Line("user", fence.around("customer", one.text, most=_SPOKEN))
    return Line("assistant", neutral(one.text[:_SPOKEN]))


def _merged(lines: Sequence[Line]) -> list[Line]:
    """Join neighbours of one role: many templates want the roles to alternate."""
    merged: list[Line] = []
    for line in lines:
        if merged and merged[-1].role == line.role:
            merged[-1] = Line(line.role, f"{merged[-1].text}\n{line.text}")
        else:
            merged.append(line)
    return merged


def _results(ask: Ask, fence: Fence, end: str) -> list[Line]:
    lines = []
    for result in ask.results:
        last = f"\n{end}" if result is ask.results[-1] else ""
        text = fence.around("result", result.content, most=_RESULT) + last
        lines += [Line("assistant", "", result.call), Line("tool", text, result.call)]
    return lines
