"""What customers asked and the bot did not know: counted by question, answered, dismissed or opened again by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants.db import scope_of
from tenants.models import OpenQuestion, Turn, now

OPEN, ANSWERED, DISMISSED = "open", "answered", "dismissed"
STATES = (OPEN, ANSWERED, DISMISSED)
LONGEST = 300
ALIKE = 0.5
_COMPARED = 2_000


@dataclass(frozen=True)
class Listed:
    """An open question, and the conversation in which it came up last, if that is still there."""

    question: OpenQuestion
    conversation_id: str | None


async def record(session: AsyncSession, turn_id: str, question: str, plain: str, language: str) -> None:
    """Count a question that could not be answered, within the turn's own unit; `plain` tells it from others.

    One that was answered by an entry is open again, for the bot still does not know; a dismissed one stays so.
    """
    said, key = question.replace("\0", "").strip()[:LONGEST], plain.replace("\0", "").strip()[:LONGEST]
    if not said or not key or await _again(session, turn_id, key):
        return
    made = OpenQuestion(
        tenant_id=scope_of(session), language=language, question=said, plain=key, turn_id=turn_id, state=OPEN
    )
    try:
        async with session.begin_nested():
            session.add(made)
    except IntegrityError:
        await _again(session, turn_id, key)


async def page(session: AsyncSession, state: str, after: str = "", limit: int = 20) -> list[Listed]:
    """Questions in this state, the most asked first; those behind the one with the id `after`."""
    asked, last, number = col(OpenQuestion.asked), col(OpenQuestion.last_at), col(OpenQuestion.id)
    wanted = (
        select(OpenQuestion, col(Turn.conversation_id))
        .join(Turn, col(Turn.id) == col(OpenQuestion.turn_id), isouter=True)
        .where(col(OpenQuestion.state) == state)
    )
    if after:
        edge = await find(session, after)
        older = or_(last < edge.last_at, and_(last == edge.last_at, number < edge.id))
        wanted = wanted.where(or_(asked < edge.asked, and_(asked == edge.asked, older)))
    rows = await session.execute(wanted.order_by(asked.desc(), last.desc(), number.desc()).limit(limit))
    return [Listed(*row) for row in rows.all()]


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many questions are in each state."""
    state = col(OpenQuestion.state)
    rows = (await session.execute(select(state, func.count()).group_by(state))).all()
    return dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in rows}


async def find(session: AsyncSession, question_id: str) -> OpenQuestion:
    """The question of this id; `Impossible("question-missing")` when the tenant has none such."""
    scope_of(session)
    found = await session.get(OpenQuestion, question_id)
    if found is None:
        raise Impossible("question-missing", "list the open questions: this is none of them")
    return found


async def near(session: AsyncSession, question_id: str, limit: int = 8) -> list[OpenQuestion]:
    """Other open questions that share at least half of their words with this one, the most alike first."""
    mine = await find(session, question_id)
    asked = select(OpenQuestion).where(col(OpenQuestion.state) == OPEN, col(OpenQuestion.id) != mine.id)
    others = await session.scalars(asked.order_by(col(OpenQuestion.asked).desc()).limit(_COMPARED))
    alike = [(_likeness(mine.plain, other.plain), other) for other in others.all()]
    kept = sorted((one for one in alike if one[0] >= ALIKE), key=lambda one: (-one[0], one[1].id))
    return [other for _, other in kept[:limit]]


async def close(session: AsyncSession, ids: Sequence[str], fact: str) -> list[OpenQuestion]:
    """Note that these questions are answered by the entry of this key; those closed."""
    closed = [await find(session, one) for one in dict.fromkeys(ids)]
    for question in closed:
        question.state, question.entry_id = ANSWERED, fact
    await session.flush()
    return closed


async def put(session: AsyncSession, question_id: str, state: str) -> OpenQuestion:
    """Dismiss a question, or open it again; `Impossible("question-state")` for any other state."""
    if state not in {OPEN, DISMISSED}:
        raise Impossible("question-state", f"a question may be put to {OPEN} or {DISMISSED}")
    question = await find(session, question_id)
    question.state = state
    await session.flush()
    return question


async def _again(session: AsyncSession, turn_id: str, plain: str) -> bool:
    """Count one more time a question that there is already."""
    state = case((col(OpenQuestion.state) == ANSWERED, OPEN), else_=col(OpenQuestion.state))
    counted = {"asked": col(OpenQuestion.asked) + 1, "last_at": now(), "turn_id": turn_id, "state": state}
    done: Any = await session.execute(update(OpenQuestion).where(col(OpenQuestion.plain) == plain).values(**counted))
    return bool(done.rowcount)


def _likeness(one: str, other: str) -> float:
    """The share of words in common, 0..1."""
    mine, theirs = set(one.split()), set(other.split())
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
