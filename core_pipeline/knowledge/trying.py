"""Trying the search out: how a question is understood, what is found for it, and which of that would answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_pipeline.arabic.arabizi import is_arabizi
from core_pipeline.arabic.language import detect
from core_pipeline.arabic.smalltalk import content, take_apart
from core_pipeline.knowledge.dialect import written_for
from core_pipeline.knowledge.ranking import ANSWERABLE
from tenants import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core_pipeline.contracts.engines import Passage
    from core_pipeline.knowledge.shelf import Shelf
    from tenants.db import Database
    from tenants.facts import Origin
    from tenants.policy import Policy


@dataclass(frozen=True)
class Word:
    """A word that counts, as it was read, and the words of businesses that it may stand for beside itself."""

    read: str
    term: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Understood:
    """A message as the search takes it: `arabizi` says that it is Arabic in Latin letters."""

    language: str
    arabizi: bool
    courtesies: tuple[str, ...]
    questions: tuple[str, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Found:
    """A passage and where it stands (None: nowhere any more).

    It `answers` by itself where it is sure enough, and `counts` where an engine that puts answers into words gets it.
    """

    passage: Passage
    origin: Origin | None
    answers: bool
    counts: bool


@dataclass(frozen=True)
class Trial:
    """What became of a question; from `threshold` on a passage answers, below `floor` no engine is asked at all."""

    understood: Understood
    found: tuple[Found, ...]
    threshold: float
    floor: float

    @property
    def answered(self) -> bool:
        """Whether anything would answer."""
        return any(one.answers for one in self.found)

    @property
    def left(self) -> bool:
        """Whether it is left to the engine to make an answer of what was found, or to say that it knows none."""
        return not self.answered and (self.floor == 0 or any(one.counts for one in self.found))


def threshold_of(policy: Policy) -> float:
    """How sure a passage must be to answer by itself."""
    return max(policy.answerable, ANSWERABLE)


def understood(text: str, fallback: str) -> Understood:
    """How the search reads a message; `fallback` is its language where no word tells."""
    remark = take_apart(text)
    tokens = {each.term: each for question in remark.questions for each in content(question)}
    words = tuple(Word(each.word, term, tuple(sorted(written_for(term)))) for term, each in tokens.items())
    courtesies = tuple(one.value for one in remark.courtesies)
    return Understood(detect(text) or fallback, is_arabizi(text), courtesies, remark.questions, words)


async def tried(
    shelf: Shelf, db: Database, tenant_id: str, text: str, policy: Policy, language: str | None = None, limit: int = 8
) -> Trial:
    """Search as an answer would, and tell all about it."""
    read = await asyncio.to_thread(understood, text, policy.language)
    passages = await shelf.search(tenant_id, text, language or read.language, limit)
    async with db.tenant(tenant_id, reads=True) as session:
        origins = await facts.origins(session, [one.id for one in passages])
    threshold = threshold_of(policy)
    floor = policy.answerable
    found = tuple(Found(one, origins.get(one.id), one.score >= threshold, one.score >= floor) for one in passages)
    return Trial(read, found, threshold, floor)


async def known_by_now(shelf: Shelf, tenant_id: str, asked: Mapping[str, tuple[str, str]], policy: Policy) -> set[str]:
    """Which of these questions (text and language, by a name of the caller's) would be answered by now."""
    threshold = threshold_of(policy)

    async def answered(text: str, language: str) -> bool:
        passages = await shelf.search(tenant_id, text, language, 1)
        return bool(passages) and passages[0].score >= threshold

    sure = await asyncio.gather(*(answered(*one) for one in asked.values()))
    return {name for name, yes in zip(asked, sure, strict=True) if yes}
