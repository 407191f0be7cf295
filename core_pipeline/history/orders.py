"""What colleagues have the bot send: orders, kept beside the customer's messages and never merged with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlmodel import col

from core_pipeline.contracts.messages import Kind
from core_pipeline.history.outgoing import UNSENT
from core_pipeline.history.threads import HUMAN, touched
from errors import Impossible
from tenants.db import scope_of
from tenants.models import Conversation, Direction, Message, now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.messages import Inbound

# An order that is being carried out; one that somebody must first say yes to; one that another has taken the place of.
WAITING, CROSSED, REPLACED = "received", "crossed", "replaced"
# The key of an order's address under which its conversation stands.
PLACE = "conversation"


async def record(session: AsyncSession, account_id: str, inbox_id: int | None, inbound: Inbound) -> Message:
    """Write a colleague's order into its conversation, once; neither window, contact nor burst takes notice of it.

    It waits as "crossed" where another colleague has answered since its writer looked.
    """
    conversation = await session.get(Conversation, str(inbound.address.get(PLACE, "")))
    if conversation is None or conversation.account_id != account_id:
        raise Impossible("missing", "an order for a conversation that is not there")
    await touched(session, conversation.id)
    known = col(Message.provider_id) == inbound.provider_id, col(Message.direction) == Direction.IN
    found = await session.scalar(select(Message).where(col(Message.conversation_id) == conversation.id, *known))
    if found is not None:
        found.inbox_id = found.inbox_id or inbox_id
        return found
    order = Message(
        tenant_id=scope_of(session),
        conversation_id=conversation.id,
        account_id=account_id,
        direction=Direction.IN,
        kind=Kind.SCRIPT,
        text=inbound.text.replace("\0", "") if inbound.text else None,  # Postgres stores no NUL
        blob=inbound.media.blob if inbound.media else None,
        media=inbound.media.model_dump(mode="json") if inbound.media else None,
        wish=inbound.wish,
        provider_id=inbound.provider_id,
        reply_to=inbound.reply_to,
        inbox_id=inbox_id,
        author_id=inbound.by,
        status=CROSSED if await _crossed(session, conversation.id, inbound) else WAITING,
        sent_at=inbound.sent_at,
    )
    session.add(order)
    await session.flush()
    return order


async def _crossed(session: AsyncSession, conversation_id: str, inbound: Inbound) -> bool:
    """Whether another colleague has answered, or ordered an answer, after what this one had seen."""
    if inbound.saw is None:
        return False
    since = select(func.count(col(Message.id))).where(
        col(Message.conversation_id) == conversation_id,
        col(Message.id) > inbound.saw,
        col(Message.author_id).is_not(None),
        col(Message.author_id) != inbound.by,
        col(Message.status) != CROSSED,
    )
    return bool(await session.scalar(since))


async def order_of(session: AsyncSession, turn_id: str) -> Message | None:
    """The colleague's order that this turn carries out; None for the bot's own turns."""
    ordered = col(Message.turn_id) == turn_id, col(Message.author_id).is_not(None)
    return await session.scalar(select(Message).where(*ordered, col(Message.direction) == Direction.IN).limit(1))


async def hushed(session: AsyncSession, conversation_id: str, order: Message | None) -> bool:
    """Whether the bot must keep quiet here, for a colleague has taken over; it stays so until the unit ends.

    What a colleague has ordered is theirs to say; but a bot that was told to answer again keeps quiet, too.
    """
    asked = select(col(Conversation.mode)).where(col(Conversation.id) == conversation_id).with_for_update()
    mode = await session.scalar(asked)
    if order is not None and is_off(order):
        return True
    return mode == HUMAN and (order is None or is_again(order))


def is_off(message: Message) -> bool:
    """Whether this is an order that must not be carried out: nobody has confirmed it, or another took its place."""
    return message.author_id is not None and message.status in {CROSSED, REPLACED}


def is_again(order: Message) -> bool:
    """Whether the order is for the bot to answer what was asked last, rather than to say something."""
    return order.text is None and order.blob is None


async def take_up(session: AsyncSession, order: Message, turn_id: str) -> None:
    """Give this turn the customer's messages that nobody has answered, where its order is to answer them."""
    if not is_again(order):
        return
    mine = col(Message.conversation_id) == order.conversation_id
    sent = mine, col(Message.direction) == Direction.OUT, col(Message.status).not_in([UNSENT, "failed"])
    last = await session.scalar(select(func.max(col(Message.id))).where(*sent)) or 0
    open_ones = mine, col(Message.direction) == Direction.IN, col(Message.author_id).is_(None), col(Message.id) > last
    await session.execute(update(Message).where(*open_ones).values(turn_id=turn_id))


async def replace(session: AsyncSession, order_id: int) -> Message:
    """Note that an order which came to nothing is given anew; `Impossible` for one of another tenant's, or none."""
    order = await session.get(Message, order_id)
    if order is None or order.author_id is None or order.direction != Direction.IN:
        raise Impossible("missing", "there is no such reply")
    await touched(session, order.conversation_id)
    order.status, order.sent_at = REPLACED, now()
    return order
