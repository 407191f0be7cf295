"""What customers sent: recorded once, claimed by one turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.contracts.messages import Inbound, Kind
from core_pipeline.history import orders
from core_pipeline.history.threads import SCRIPT, Arriving, spoken, thread
from tenants.models import Direction, Message


@dataclass(frozen=True)
class Arrival:
    """One row of the inbox, ready to be recorded."""

    inbox_id: int
    tenant_id: str
    account_id: str
    received_at: datetime
    inbound: Inbound


async def record(session: AsyncSession, arrival: Arrival) -> Message:
    """Write the message, its contact and its conversation; the same arrival twice gives the same message.

    A colleague's order is written as `orders.record` does.
    """
    if arrival.inbound.by is not None:
        return await orders.record(session, arrival.account_id, arrival.inbox_id, arrival.inbound)
    found = await session.scalar(
        select(Message).where(
            col(Message.account_id) == arrival.account_id,
            col(Message.provider_id) == arrival.inbound.provider_id,
            col(Message.direction) == Direction.IN,
        )
    )
    return found or await _write(session, arrival)


async def _write(session: AsyncSession, arrival: Arrival) -> Message:
    inbound = arrival.inbound
    arriving = Arriving(arrival.account_id, inbound.sender, inbound.chat, inbound.address)
    # Networks count their window from what was written to them; a call opens none.
    conversation = await thread(session, arriving, None if inbound.by_call else arrival.received_at)
    message = Message(
        tenant_id=arrival.tenant_id,
        conversation_id=conversation.id,
        account_id=arrival.account_id,
        direction=Direction.IN,
        kind=inbound.kind,
        text=inbound.text.replace("\0", "") if inbound.text else None,  # Postgres stores no NUL
        media=inbound.media.model_dump(mode="json") if inbound.media else None,
        blob=inbound.media.blob if inbound.media else None,
        wish=inbound.wish,
        provider_id=inbound.provider_id,
        reply_to=inbound.reply_to,
        inbox_id=arrival.inbox_id,
        seconds=inbound.media.seconds if inbound.media else None,
        sent_at=inbound.sent_at,
        created_at=arrival.received_at,
    )
    session.add(message)
    await session.flush()
    if inbound.kind != Kind.SCRIPT:
        await spoken(session, message)
    elif inbound.chat == inbound.provider_id:
        conversation.mode = SCRIPT
    return message


async def claim(session: AsyncSession, turn_id: str, conversation_id: str, own: int) -> list[Message]:
    """Give every unclaimed message of the conversation to this turn, in order; nothing if `own` is another turn's."""
    mine = await session.get(Message, own)
    if mine is None or mine.turn_id not in {None, turn_id}:
        return []
    await session.execute(
        update(Message)
        .where(
            col(Message.conversation_id) == conversation_id,
            col(Message.direction) == Direction.IN,
            col(Message.turn_id).is_(None),
            col(Message.author_id).is_(None),
        )
        .values(turn_id=turn_id)
    )
    return await of_turn(session, turn_id)


async def of_turn(session: AsyncSession, turn_id: str) -> list[Message]:
    """The customer's messages that this turn answers, oldest first."""
    rows: Sequence[Message] = (
        await session.scalars(
            select(Message)
            .where(
                col(Message.turn_id) == turn_id,
                col(Message.direction) == Direction.IN,
                col(Message.author_id).is_(None),
            )
            .order_by(col(Message.inbox_id))
        )
    ).all()
    return list(rows)
