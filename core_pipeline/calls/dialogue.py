"""What is known in one call: whose it is, what was said before, and what was said in it and really heard."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core_pipeline.calls.hours import person_now
from core_pipeline.contracts.engines import Exchange
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history.memory import Memory
from core_pipeline.thinking import handing
from core_pipeline.thinking.matter import Matter
from core_pipeline.thinking.words import phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core_pipeline.answers import Given, Question
    from core_pipeline.calls.host import Line
    from core_pipeline.calls.people import Note
    from tenants.models import CachedAnswer
    from tenants.policy import Policy

log = logging.getLogger(__name__)

LANGUAGES = ("ar", "en")
WRITTEN_SECONDS = 2.0
FILLER = "moment"


def ours(language: str | None) -> str | None:
    """The language as we name it; None for one that we don't speak."""
    known = (language or "")[:2].lower()
    return known if known in LANGUAGES else None


@dataclass
class Round:
    """One utterance of the caller and what we make of it.

    `said` are the sentences that we meant to say, `answer` the whole of it as it was found, `lines` what the call made
    of them. `asked` and `given` are kept for the next who asks, `again` is the answer that was given before. What we
    say by ourselves (turn 0) comes in several `part`s. `written` is set once it is in the history, or can't be; until
    then `speech` is the caller's sound. `left` is that sound in our store where it is a message for people.
    """

    turn: int
    language: str
    heard: str = ""
    lines: list[Line] = field(default_factory=list)
    speech: bytes = b""
    said: list[str] = field(default_factory=list)
    answer: str = ""
    note: str | None = None
    citations: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    asked: Question | None = None
    given: Given | None = None
    again: CachedAnswer | None = None
    part: int = 0
    left: Note | None = None
    ledger: Ledger = field(default_factory=Ledger)
    written: asyncio.Event = field(default_factory=asyncio.Event)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def intended(self, fillers: frozenset[str] = frozenset()) -> str:
        """What we meant to say, in order, without what was only to bridge a silence."""
        begun = [line.text for line in self.lines if line.text not in fillers]
        return " ".join([*begun, *(text for text in self.said if text not in begun)])

    def reached(self, fillers: frozenset[str] = frozenset()) -> str:
        """The part of it that the caller really heard."""
        return " ".join(line.text for line in self.lines if line.heard and line.text not in fillers)


@dataclass
class Dialogue:
    """One call: `business` is its name by language, `before` what was said before the call, `language` as of now.

    `pinned` is the language that the caller asked for; until then it is the one they speak. `circumstances` change with
    everything of the tenant's that an answer depends on, `opening` is what we begin a call of ours with. `quiet` is why
    people answer and not the bot (see `handing.quiet`; None: it does), `transfers` whether the line can reach anybody.
    """

    call_id: str
    tenant_id: str
    conversation_id: str
    account_id: str
    policy: Policy
    business: Mapping[str, str]
    language: str
    before: Memory
    circumstances: str = ""
    opening: str = ""
    pinned: str | None = None
    quiet: str | None = None
    transfers: bool = True
    rounds: list[Round] = field(default_factory=list)

    @property
    def fillers(self) -> frozenset[str]:
        """What is said while the answer is not found yet."""
        return frozenset(phrase(self.policy, FILLER, language) for language in LANGUAGES)

    @property
    def person(self) -> str:
        """The number of whom the caller can be put through to now; "" for nobody."""
        return person_now(self.policy, datetime.now(UTC)) if self.transfers else ""

    def turn_id(self, each: Round) -> str:
        """What this turn is called in the history."""
        return f"{self.call_id}:{each.turn}{f'.{each.part}' if each.part else ''}"

    def words(self, name: str, language: str) -> str:
        """The tenant's ready words of this name; in their own language where it is none that we speak."""
        return phrase(self.policy, name, ours(language) or self.policy.language)

    def memory(self, now: Round | None = None) -> Memory:
        """What was said up to now: of the call itself, ours is what was really heard."""
        said = [one for each in self.rounds if each is not now for one in self._exchanged(each)]
        window = self.policy.memory_messages
        return replace(self.before, history=(*self.before.history, *said)[-window:] if window else ())

    async def written(self, now: Round) -> None:
        """Return once all that was said before this round is in the history, in two seconds at most."""
        try:
            async with asyncio.timeout(WRITTEN_SECONDS):
                for each in [one for one in self.rounds if one is not now]:
                    await each.written.wait()
        except TimeoutError:
            log.warning("call %s: its history is late", self.call_id)

    def matter(self, now: Round) -> Matter:
        """The question as it is thought about."""
        name = self.business[now.language]
        people = handing.people_now(self.policy)
        return Matter(self.tenant_id, self.policy, name, now.language, now.heard, self.memory(now), people)

    def forget(self, facts: Mapping[str, str]) -> None:
        """Begin anew, with nothing in mind but these facts."""
        self.before = Memory(facts=facts)
        self.rounds.clear()

    def know(self, facts: Mapping[str, str]) -> None:
        """Bear more of the customer in mind."""
        self.before = replace(self.before, facts={**self.before.facts, **facts})

    def _exchanged(self, each: Round) -> list[Exchange]:
        told = [Exchange("customer", each.heard), Exchange("bot", each.reached(self.fillers))]
        return [one for one in told if one.text]
