"""What the bot did not know, as it is kept for the business to answer: questions only, told apart by their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.arabic.smalltalk import content, take_apart
from tenants import open_questions
from tenants.models import Turn

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

NOTE = "unknown"


def told_apart(heard: str) -> dict[str, str]:
    """The questions in a message by what they are compared by: their content words, whatever is around them."""
    questions = take_apart(heard).questions
    found: dict[str, str] = {}
    for question in questions:
        plain = " ".join(dict.fromkeys(each.term for each in content(question)))
        if plain:
            found.setdefault(plain, heard if len(questions) == 1 else question)
    return found


async def noted(session: AsyncSession, turn_id: str, heard: str, language: str) -> None:
    """Keep what a turn could not answer, before that turn's own row says so: then it counts once, however often tried.

    Courtesies alone are nothing that a business could know.
    """
    turn = await session.get(Turn, turn_id)
    if turn is not None and turn.note == NOTE:
        return
    # In one order: two turns that ask the same two questions must not wait for each other for ever.
    for plain, question in sorted(told_apart(heard).items()):
        await open_questions.record(session, turn_id, question, plain, language)
