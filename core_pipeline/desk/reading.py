"""One conversation as colleagues read it: messages, calls and notes in the order in which they came."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.messages import Kind, Status
from core_pipeline.history import orders
from core_pipeline.history.outgoing import INTENT, UNSENT
from errors import Impossible
from tenants.models import Call, ConversationNote, Direction, Message, Turn, TurnState, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

LIMIT = 40
MOST_CALLS = 50
# A turn that has been running for longer shows no more that the bot is at it.
LATELY = timedelta(minutes=10)
_SENT = {Status.ACCEPTED.value, Status.SENT.value}


class Side(StrEnum):
    """Whose an entry is."""

    CUSTOMER = "customer"
    BOT = "bot"
    COLLEAGUE = "colleague"
    NOTE = "note"
    CALL = "call"


@dataclass(frozen=True)
class Entry:
    """One thing that happened: exactly one of `message`, `note` and `call`.

    `state` of what we say is "waiting", "sent", "delivered", "read", "played", "failed", "unsure" (nobody can tell
    whether it arrived), "unsent" or "crossed" (another colleague has answered meanwhile); `cause` says why it failed.
    `order` is the colleague's order behind it, which can be given anew. `lines` are what was said in a call.
    """

    id: str
    at: datetime
    side: Side
    message: Message | None = None
    note: ConversationNote | None = None
    call: Call | None = None
    state: str = ""
    cause: str = ""
    order: Message | None = None
    lines: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Thread:
    """Entries, oldest first; `before` is where older ones begin (None: there are none), `last` the newest message.

    `busy` says that the bot is at an answer.
    """

    entries: tuple[Entry, ...]
    before: int | None
    last: int
    busy: bool


@dataclass
class _Seen:
    """What the store knows of some messages."""

    turns: dict[str, Turn]
    orders: dict[str, Message] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)


async def thread(session: AsyncSession, conversation_id: str, before: int | None = None, limit: int = LIMIT) -> Thread:
    """The newest `limit` messages of a conversation, or those before message `before`, with what goes with them."""
    mine = col(Message.conversation_id) == conversation_id
    asked = select(Message).where(mine, _visible())
    if before is not None:
        asked = asked.where(col(Message.id) < before)
    newest = (await session.scalars(asked.order_by(col(Message.id).desc()).limit(limit + 1))).all()
    rows, more = list(reversed(newest[:limit])), len(newest) > limit
    since = rows[0].created_at if more else None
    until = await _at(session, before) if before is not None else None
    seen = await _seen(session, rows)
    calls = await _calls(session, conversation_id)
    entries = [one for row in rows if not _of_call(row, calls) and (one := _entry(row, seen)) is not None]
    entries += await _called(session, [one for one in calls.values() if _within(one.started_at, since, until)])
    entries += await _notes(session, conversation_id, since, until)
    entries.sort(key=lambda one: one.at)
    last = max((row.id or 0 for row in rows), default=0)
    return Thread(tuple(entries), rows[0].id if more else None, last, await _busy(session, conversation_id))


async def find_order(session: AsyncSession, order_id: int) -> Message:
    """A colleague's order; `Impossible("missing")` where there is none of this number."""
    order = await session.get(Message, order_id)
    if order is None or order.author_id is None or order.direction != Direction.IN:
        raise Impossible("missing", "there is no such reply")
    return order


async def outcomes(session: AsyncSession, order: Message) -> set[str]:
    """The states of what a colleague's order became, as `Entry.state` says them."""
    if order.turn_id is None:
        return {_ordered(order, None)[0]}
    turn = await session.get(Turn, order.turn_id)
    made = col(Message.turn_id) == order.turn_id, col(Message.direction) == Direction.OUT
    sent = (await session.scalars(select(Message).where(*made))).all()
    return {_state(row, turn)[0] for row in sent} or {_ordered(order, turn)[0]}


def _visible() -> Any:
    """What is no order of our own doors; a colleague's shows until what it orders does, or another takes its place."""
    plain = (col(Message.kind) != Kind.SCRIPT) | (col(Message.direction) == Direction.OUT)
    ordered = col(Message.author_id).is_not(None) & (col(Message.status) != orders.REPLACED)
    return plain | ordered


async def _seen(session: AsyncSession, rows: Sequence[Message]) -> _Seen:
    ids = {row.turn_id for row in rows if row.turn_id}
    turns = (await session.scalars(select(Turn).where(col(Turn.id).in_(ids)))).all()
    seen = _Seen({turn.id: turn for turn in turns})
    if any(row.author_id for row in rows):
        beside = await session.scalars(
            select(Message).where(col(Message.turn_id).in_(ids), col(Message.author_id).is_not(None))
        )
        for row in beside:
            if row.direction == Direction.OUT:
                seen.answered.add(row.turn_id or "")
            else:
                seen.orders[row.turn_id or ""] = row
    return seen


def _entry(row: Message, seen: _Seen) -> Entry | None:
    turn = seen.turns.get(row.turn_id or "")
    if row.direction == Direction.OUT:
        order = seen.orders.get(row.turn_id or "")
        state, cause = _state(row, turn)
        side = Side.COLLEAGUE if row.author_id else Side.BOT
        return Entry(f"m{row.id}", row.created_at, side, row, state=state, cause=cause, order=order)
    if row.author_id is None:
        return Entry(f"m{row.id}", row.created_at, Side.CUSTOMER, row, cause=row.error or "")
    if (row.turn_id or "") in seen.answered or orders.is_again(row):
        return None
    state, cause = _ordered(row, turn)
    return Entry(f"m{row.id}", row.created_at, Side.COLLEAGUE, row, state=state, cause=cause, order=row)


def _state(row: Message, turn: Turn | None) -> tuple[str, str]:
    if row.status in _SENT:
        return "sent", ""
    if row.status not in {UNSENT, INTENT}:
        return row.status, row.error or ""
    over = turn is not None and turn.state != TurnState.RUNNING
    if turn is None or not over:
        return ("unsent" if turn is None else "waiting"), row.error or ""
    cause = turn.cause or row.error or ""
    if row.status == INTENT:
        return "unsure", cause
    return ("failed" if turn.state == TurnState.DEAD else "unsent"), cause


def _ordered(row: Message, turn: Turn | None) -> tuple[str, str]:
    if row.status == orders.CROSSED:
        return "crossed", ""
    if turn is not None and turn.state == TurnState.DEAD:
        return "failed", turn.cause or ""
    return "waiting", ""


async def _calls(session: AsyncSession, conversation_id: str) -> dict[str, Call]:
    asked = select(Call).where(col(Call.conversation_id) == conversation_id).order_by(col(Call.started_at).desc())
    return {call.id: call for call in await session.scalars(asked.limit(MOST_CALLS))}


def _of_call(row: Message, calls: dict[str, Call]) -> bool:
    return (row.key or row.provider_id or "").partition(":")[0] in calls


async def _called(session: AsyncSession, calls: Sequence[Call]) -> list[Entry]:
    said: dict[str, list[Message]] = defaultdict(list)
    asked = (
        select(Message, col(Turn.call_id))
        .join(Turn, col(Turn.id) == col(Message.turn_id))
        .where(col(Turn.call_id).in_([call.id for call in calls]))
        .order_by(col(Message.created_at), col(Message.id))
    )
    for message, call_id in await session.execute(asked) if calls else ():
        said[call_id or ""].append(message)
    return [Entry(f"c{one.id}", one.started_at, Side.CALL, call=one, lines=tuple(said[one.id])) for one in calls]


async def _notes(
    session: AsyncSession, conversation_id: str, since: datetime | None, until: datetime | None
) -> Iterable[Entry]:
    asked = select(ConversationNote).where(col(ConversationNote.conversation_id) == conversation_id)
    if since is not None:
        asked = asked.where(col(ConversationNote.created_at) >= since)
    rows = await session.scalars(asked.order_by(col(ConversationNote.created_at)))
    return [
        Entry(f"n{one.id}", one.created_at, Side.NOTE, note=one)
        for one in rows
        if _within(one.created_at, since, until)
    ]


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


async def _at(session: AsyncSession, message_id: int) -> datetime | None:
    return await session.scalar(select(col(Message.created_at)).where(col(Message.id) == message_id))


async def _busy(session: AsyncSession, conversation_id: str) -> bool:
    asked = select(col(Turn.id)).where(
        col(Turn.conversation_id) == conversation_id,
        col(Turn.state) == TurnState.RUNNING,
        col(Turn.started_at) > now() - LATELY,
    )
    return await session.scalar(asked.limit(1)) is not None
