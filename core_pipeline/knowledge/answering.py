"""Answering what the bot did not know: an entry is made of it, and the questions like it are closed with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.smalltalk import content
from core_pipeline.knowledge.sheets.fields import LONGEST_WAY, MOST_WAYS, ways_of
from tenants import facts, open_questions
from tenants.facts import ENTRIES

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.facts import Fact, Values
    from tenants.models import OpenQuestion


@dataclass(frozen=True)
class Answered:
    """The entry that was made, and the questions that it closed, the one that was answered first."""

    fact: Fact
    closed: Sequence[OpenQuestion]


async def answer_question(
    session: AsyncSession, question_id: str, versions: Mapping[str, Values | None], also: Sequence[str] = ()
) -> Answered:
    """Make an entry of an answer and close the question and those in `also` with it, all in this unit.

    What customers said becomes another way to ask, in their language where the answer has a version in it.
    """
    closing = [question_id, *(one for one in also if one != question_id)]
    asked = [await open_questions.find(session, one) for one in dict.fromkeys(closing)]
    wanted = {language: _with_ways(said, language, asked) for language, said in versions.items() if said}
    key = facts.new_key(ENTRIES)
    _, made = await facts.save(session, ENTRIES, key, wanted, "")
    closed = await open_questions.close(session, closing, key)
    assert made is not None  # noqa: S101 - it was written just now
    return Answered(made, closed)


def _with_ways(said: Values, language: str, asked: Sequence[OpenQuestion]) -> dict[str, Any]:
    """The version with the customers' words among its other ways to ask."""
    theirs = [way[:LONGEST_WAY] for one in asked if one.language == language for way in ways_of(one.question)]
    mine = {_words(str(said["question"]))}
    ways = list(said.get("alternatives", ()))
    for way in theirs:
        if _words(way) not in mine | {_words(each) for each in ways} and len(ways) < MOST_WAYS:
            ways.append(way)
    return {**said, "alternatives": ways}


def _words(text: str) -> tuple[str, ...]:
    return tuple(each.term for each in content(text))
