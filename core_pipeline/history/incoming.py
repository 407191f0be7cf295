"""What customers sent: recorded once, claimed by one turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.contracts.messages import Inbound
from tenants.contacts import resolve
from tenants.models import Contact, ContactIdentity, Conversation, Direction, Message


@dataclass(frozen=True)
class Arrival:
    """One row of the inbox, ready to be recorded."""

    inbox_id: int
    tenant_id: str
    account_id: str
    received_at: datetime
    inbound: Inbound


async def record(session: AsyncSession, arrival: Arrival) -> Message:
    """Write the message, its contact and its conversation; the same arrival twice gives the same message."""
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
    conversation = await _conversation(session, arrival)
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
    return message


async def _conversation(session: AsyncSession, arrival: Arrival) -> Conversation:
    inbound = arrival.inbound
    identities = [(one.kind, one.value) for one in inbound.sender.identities]
    contact = await resolve(session, identities, inbound.sender.name, inbound.sender.language)
    conversation = await _known(session, arrival, contact)
    if conversation is None:
        conversation = Conversation(
            tenant_id=arrival.tenant_id, account_id=arrival.account_id, contact_id=contact.id, chat=inbound.chat
        )
        session.add(conversation)
    conversation.contact_id = contact.id
    conversation.chat = inbound.chat
    conversation.address = dict(inbound.address)
    conversation.last_in_at = arrival.received_at
    await session.flush()
    return conversation


async def _known(session: AsyncSession, arrival: Arrival, contact: Contact) -> Conversation | None:
    """The thread of this chat, or the one that bears another of the customer's names: networks change them."""
    here = col(Conversation.account_id) == arrival.account_id
    found = await session.scalar(select(Conversation).where(here, col(Conversation.chat) == arrival.inbound.chat))
    if found is not None or arrival.inbound.chat not in {one.value for one in arrival.inbound.sender.identities}:
        return found
    names = select(col(ContactIdentity.value)).where(col(ContactIdentity.contact_id) == contact.id)
    theirs = col(Conversation.contact_id) == contact.id
    return await session.scalar(select(Conversation).where(here, theirs, col(Conversation.chat).in_(names)).limit(1))


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
            )
            .order_by(col(Message.inbox_id))
        )
    ).all()
    return list(rows)
