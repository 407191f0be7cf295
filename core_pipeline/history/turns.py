"""Turns as they are kept: what was heard and answered, how long each stage took, and why a dead one died."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.history.threads import touched
from tenants.models import Conversation, Turn, TurnStage, TurnState


@dataclass(frozen=True)
class Stage:
    """One stage's bill: milliseconds, engine, units, millionths of a US dollar."""

    name: str
    ms: float
    engine: str | None = None
    units: float = 0.0
    unit: str | None = None
    cost: int = 0


async def begin(session: AsyncSession, turn_id: str, conversation_id: str) -> None:
    """Note that a turn has started; again after a crash or a retry changes only its state."""
    turn = await session.get(Turn, turn_id)
    await touched(session, conversation_id)
    if turn is None:
        session.add(Turn(id=turn_id, tenant_id=str(session.info["scope"]), conversation_id=conversation_id))
    else:
        turn.state, turn.failed_step, turn.cause, turn.finished_at = TurnState.RUNNING, None, None, None


async def answered_with(
    session: AsyncSession,
    turn_id: str,
    heard: str | None,
    answer: str,
    language: str,
    note: str | None,
    citations: Sequence[str] = (),
) -> None:
    """Note what was heard, what we decided to say and the passages that it rests on."""
    turn = await session.get_one(Turn, turn_id)
    await touched(session, turn.conversation_id)
    turn.heard, turn.answer, turn.language, turn.note = heard, answer, language, note
    turn.citations = list(citations)


async def close(
    session: AsyncSession,
    turn_id: str,
    state: TurnState,
    reply_kind: str | None,
    note: str | None,
    failed_step: str | None,
    cause: str | None,
) -> None:
    """End a turn; a dead one says which step failed and why."""
    turn = await session.get_one(Turn, turn_id)
    await touched(session, turn.conversation_id)
    turn.state, turn.reply_kind, turn.finished_at = state, reply_kind, datetime.now(UTC)
    turn.note, turn.failed_step, turn.cause = note or turn.note, failed_step, cause


async def write_stages(session: AsyncSession, turn_id: str, stages: Sequence[Stage]) -> None:
    """Keep the bill of a turn, replacing an earlier one; stages of the same name are numbered."""
    await session.execute(delete(TurnStage).where(col(TurnStage.turn_id) == turn_id))
    turn = await session.get_one(Turn, turn_id)
    conversation = await session.get_one(Conversation, turn.conversation_id)
    for row in _rows(session, stages, turn.started_at):
        row.turn_id, row.account_id = turn_id, conversation.account_id
        session.add(row)


async def write_trial(session: AsyncSession, stages: Sequence[Stage]) -> None:
    """Keep the bill of a trial by somebody of the business: it is no customer's turn, and costs as much."""
    session.add_all(_rows(session, stages, datetime.now(UTC)))


def _rows(session: AsyncSession, stages: Sequence[Stage], at: datetime) -> Iterator[TurnStage]:
    seen: dict[str, int] = {}
    for stage in stages:
        part = seen[stage.name] = seen.get(stage.name, -1) + 1
        yield TurnStage(tenant_id=str(session.info["scope"]), at=at, part=part, **asdict(stage))


async def dead(session: AsyncSession, limit: int = 100) -> list[Turn]:
    """Dead letters, newest first."""
    rows = await session.scalars(
        select(Turn).where(col(Turn.state) == TurnState.DEAD).order_by(col(Turn.finished_at).desc()).limit(limit)
    )
    return list(rows.all())


async def running(session: AsyncSession, before: datetime, limit: int = 200) -> list[str]:
    """Ids of the turns that began before then and have not ended."""
    rows = await session.scalars(
        select(col(Turn.id)).where(col(Turn.state) == TurnState.RUNNING, col(Turn.started_at) < before).limit(limit)
    )
    return list(rows.all())
