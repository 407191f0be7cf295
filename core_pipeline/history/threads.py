"""Whose conversation something belongs to, and where else the same customer can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlmodel import col

from core_pipeline.contracts.messages import Kind
from tenants.contacts import resolve
from tenants.db import scope_of
from tenants.models import Call, ChannelAccount, Contact, ContactIdentity, Conversation, Direction, Message, now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.messages import Sender

# The end of the name of every kind of identity that is a telephone number in digits.
PHONE = "%phone"
# How the message is named with which a call goes on; the call's id follows.
GOES_ON = "call:"


# Who answers in a conversation.
BOT, HUMAN = "bot", "human"
# What is no conversation but the place of a film that was ordered.
SCRIPT = "script"
# As much of a message as a list of conversations shows.
GIST = 200


@dataclass(frozen=True)
class Arriving:
    """Somebody turns to an account: `chat` names the conversation there, `address` is what it takes to answer."""

    account_id: str
    sender: Sender
    chat: str
    address: Mapping[str, Any]


async def thread(session: AsyncSession, arriving: Arriving, at: datetime | None = None) -> Conversation:
    """Find or make the conversation; `at` is when the customer turned to us, None when we turn to them.

    Where we know already how to answer there, only the customer's own turning to us changes it.
    """
    identities = [(one.kind, one.value) for one in arriving.sender.identities]
    contact = await resolve(session, identities, arriving.sender.name, arriving.sender.language)
    conversation = await _known(session, arriving, contact)
    if conversation is None:
        scope = scope_of(session)
        conversation = Conversation(
            tenant_id=scope, account_id=arriving.account_id, contact_id=contact.id, chat=arriving.chat
        )
        session.add(conversation)
    conversation.contact_id = contact.id
    conversation.chat = arriving.chat
    if at is not None or not conversation.address:
        conversation.address = dict(arriving.address)
    conversation.last_in_at = at or conversation.last_in_at
    await session.flush()
    return conversation


async def touched(session: AsyncSession, conversation_id: str, **changed: Any) -> None:
    """Note that the conversation looks different now, also to other processes, and write what `changed` of it.

    The conversation stays ours until the unit ends: who writes more than one row of it begins with this.
    """
    whose = update(Conversation).where(col(Conversation.id) == conversation_id)
    await session.execute(whose.values(changed_at=now(), **changed).execution_options(synchronize_session=False))


async def spoken(session: AsyncSession, message: Message, *, answered: bool = False) -> None:
    """Note a new message as the conversation's last; a customer's opens what was called settled.

    It is unread, too, unless it was `answered` at once or asks for nothing.
    """
    shown: dict[str, Any] = {
        "last_text": (message.text or "")[:GIST] or None,
        "last_kind": str(message.kind),
        "last_direction": str(Direction(message.direction).value),
        "last_at": message.created_at,
    }
    if message.direction == Direction.IN:
        more = not answered and message.kind not in {Kind.OPENED, Kind.REACTION}
        shown |= {"unread": col(Conversation.unread) + int(more), "closed_at": None}
    await touched(session, message.conversation_id, **shown)


async def worded(session: AsyncSession, message: Message) -> None:
    """Note what was heard in a message, also in the list where it is the conversation's last."""
    last = col(Conversation.last_at) == message.created_at
    whose = update(Conversation).where(col(Conversation.id) == message.conversation_id, last)
    said = {"last_text": (message.text or "")[:GIST] or None, "changed_at": now()}
    await session.execute(whose.values(**said).execution_options(synchronize_session=False))
    await touched(session, message.conversation_id)


async def _known(session: AsyncSession, arriving: Arriving, contact: Contact) -> Conversation | None:
    """The thread of this chat, or the one that bears another of the customer's names: networks change them."""
    here = col(Conversation.account_id) == arriving.account_id
    found = await session.scalar(select(Conversation).where(here, col(Conversation.chat) == arriving.chat))
    if found is not None or arriving.chat not in {one.value for one in arriving.sender.identities}:
        return found
    names = select(col(ContactIdentity.value)).where(col(ContactIdentity.contact_id) == contact.id)
    theirs = col(Conversation.contact_id) == contact.id
    return await session.scalar(select(Conversation).where(here, theirs, col(Conversation.chat).in_(names)).limit(1))


async def called_in(session: AsyncSession, turn_id: str) -> ChannelAccount | None:
    """The account that was called before this turn went on with the call; None where none was."""
    came = select(col(Message.provider_id)).where(
        col(Message.turn_id) == turn_id, col(Message.kind).in_([Kind.CALL, Kind.MISSED_CALL])
    )
    name = await session.scalar(came.limit(1))
    call = await session.get(Call, name.removeprefix(GOES_ON)) if name else None
    return await session.get(ChannelAccount, call.account_id) if call is not None else None


async def elsewhere(
    session: AsyncSession, conversation_id: str, windows: Mapping[str, float]
) -> tuple[Conversation, ChannelAccount] | None:
    """Where the customer of this conversation can be written to now; the latest of their threads goes first.

    `windows` says by channel for how many seconds after their last message we may write (0: always); others are left
    out. A caller's number is not proven, so that it only leads to where its owner has written from before.
    """
    mine = (await session.get_one(Conversation, conversation_id)).contact_id
    theirs = select(col(ContactIdentity.value)).where(
        col(ContactIdentity.contact_id) == mine, col(ContactIdentity.kind).like(PHONE)
    )
    same = select(col(ContactIdentity.contact_id)).where(
        col(ContactIdentity.kind).like(PHONE), col(ContactIdentity.value).in_(theirs)
    )
    asked = (
        select(Conversation, ChannelAccount)
        .join(ChannelAccount, col(ChannelAccount.id) == col(Conversation.account_id))
        .where(
            (col(Conversation.contact_id) == mine) | col(Conversation.contact_id).in_(same),
            col(ChannelAccount.channel).in_(list(windows)),
            col(ChannelAccount.active),
            col(Conversation.last_in_at).is_not(None),
        )
        .order_by(col(Conversation.last_in_at).desc())
    )
    for conversation, account in await session.execute(asked):
        window, last = windows[account.channel], conversation.last_in_at
        if last is not None and (window == 0 or datetime.now(UTC) - last < timedelta(seconds=window)):
            return conversation, account
    return None
