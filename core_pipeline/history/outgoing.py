"""What we send: the intent is written before the vendor is called, so that a crash never sends twice unknowingly."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.contracts.messages import Receipt, Reply, Status
from core_pipeline.history.threads import spoken, touched
from tenants.models import Direction, Message

INTENT, UNSENT = "sending", "unsent"


async def intend(
    session: AsyncSession,
    turn_id: str,
    conversation_id: str,
    account_id: str,
    reply: Reply,
    author: str | None = None,
) -> Message:
    """Return the message of this key, writing it first if it is new; status `sending` = an earlier try is open."""
    found = await by_key(session, reply.key)
    if found is not None:
        return found
    message = Message(
        tenant_id=str(session.info["scope"]),
        conversation_id=conversation_id,
        account_id=account_id,
        turn_id=turn_id,
        direction=Direction.OUT,
        kind=reply.kind,
        text=reply.text,
        key=reply.key,
        seconds=reply.seconds,
        status=UNSENT,
        author_id=author,
    )
    session.add(message)
    await session.flush()
    await spoken(session, message)
    return message


async def by_key(session: AsyncSession, key: str) -> Message | None:
    """The outgoing message with this idempotency key."""
    return await session.scalar(select(Message).where(col(Message.key) == key))


async def mark(session: AsyncSession, key: str, status: str, error: str | None = None) -> None:
    """Note where our own sending stands, unless the vendor has already accepted the message."""
    message = await by_key(session, key)
    if message is not None and message.provider_id is None:
        await touched(session, message.conversation_id)
        message.status, message.error = status, error


async def accepted(session: AsyncSession, key: str, provider_id: str) -> None:
    """Note that the vendor took the message, keeping a better status that a receipt brought meanwhile."""
    message = await by_key(session, key)
    if message is not None:
        await touched(session, message.conversation_id)
        message.provider_id = provider_id
        _raise_status(message, Status.ACCEPTED, None)
        message.sent_at = datetime.now(UTC)


async def apply_receipt(session: AsyncSession, account_id: str, receipt: Receipt) -> bool:
    """Record the vendor's word on one of our messages; False when we know no such message (yet)."""
    message = await session.scalar(
        select(Message).where(
            col(Message.account_id) == account_id,
            col(Message.provider_id) == receipt.message_id,
            col(Message.direction) == Direction.OUT,
        )
    )
    if message is None and receipt.key:
        message = await by_key(session, receipt.key)
    if message is None:
        return False
    await touched(session, message.conversation_id)
    message.provider_id = message.provider_id or receipt.message_id
    _raise_status(message, receipt.status, receipt.error)
    return True


def _raise_status(message: Message, status: Status, error: str | None) -> None:
    ranks = {one.value: one.rank for one in Status}
    if status.rank > ranks.get(message.status, -1):
        message.status, message.error = status.value, error
