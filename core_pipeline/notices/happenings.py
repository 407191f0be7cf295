"""What is told of each event: the payloads, read in the unit of work in which the thing happens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from core_pipeline.history import outgoing
from core_pipeline.notices.subscriptions import wanting
from core_pipeline.notices.telling import notify
from tenants.models import Call, ChannelAccount, Contact, Conversation, Message, Turn, TurnState

_ENDS = {TurnState.ANSWERED: "turn.answered", TurnState.DEAD: "turn.dead"}


async def received(session: AsyncSession, message: Message) -> None:
    """Tell of a customer's message."""
    if await wanting(session, "message.received"):
        await notify(session, "message.received", str(message.id), await _message(session, message))


async def sent(session: AsyncSession, key: str) -> None:
    """Tell that the network has accepted our message of this idempotency key."""
    if await wanting(session, "message.sent"):
        message = await outgoing.by_key(session, key)
        if message is not None and message.provider_id is not None:
            await notify(session, "message.sent", str(message.id), await _message(session, message))


async def turn_over(session: AsyncSession, turn_id: str) -> None:
    """Tell that a turn is answered or dead; nothing of one that is neither."""
    turn = await session.get_one(Turn, turn_id)
    event = _ENDS.get(turn.state)
    if event is None or not await wanting(session, event):
        return
    plain = _picked(turn, "state", "heard", "answer", "language", "note", "failed_step", "cause")
    told = {**await _where(session, turn.conversation_id), **plain, "reply": turn.reply_kind}
    await notify(session, event, turn_id, {"turn": turn_id, **told})


async def handed(session: AsyncSession, conversation: Conversation) -> None:
    """Tell that a person is wanted in this conversation, once for each time that it is handed over."""
    if conversation.handed_at is None or not await wanting(session, "handoff.requested"):
        return
    since = conversation.handed_at.isoformat()
    told = {**await _where(session, conversation.id), "since": since, "language": conversation.language}
    await notify(session, "handoff.requested", f"{conversation.id}:{since}", told)


async def call(session: AsyncSession, event: str, call_id: str) -> None:
    """Tell of a call or its voicemail as it stands now: `event` is one of "call.…" or "voicemail.received"."""
    if not await wanting(session, event):
        return
    one = await session.get_one(Call, call_id)
    times = {name: _iso(getattr(one, name)) for name in ("started_at", "answered_at", "ended_at")}
    plain = _picked(one, "outgoing", "state", "reason", "language")
    told = {"call": call_id, **await _where(session, one.conversation_id), **plain, **times}
    await notify(session, event, call_id, told)


async def _message(session: AsyncSession, message: Message) -> dict[str, Any]:
    plain = _picked(message, "direction", "kind", "text", "seconds")
    return {"message": message.id, **await _where(session, message.conversation_id), **plain, "turn": message.turn_id}


async def _where(session: AsyncSession, conversation_id: str) -> dict[str, Any]:
    """Which thread of which customer, on which account."""
    asked = (
        select(Conversation.chat, Conversation.contact_id, Contact.name, ChannelAccount.channel, ChannelAccount.id)  # type: ignore[call-overload]  # SQLModel's attributes are plain values to mypy
        .join(Contact, col(Contact.id) == col(Conversation.contact_id))
        .join(ChannelAccount, col(ChannelAccount.id) == col(Conversation.account_id))
        .where(col(Conversation.id) == conversation_id)
    )
    chat, contact, name, channel, account = (await session.execute(asked)).one()
    who = {"chat": chat, "contact": contact, "name": name}
    return {"conversation": conversation_id, "channel": channel, "account": account, "customer": who}


def _picked(row: SQLModel, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _iso(time: Any) -> str | None:
    return time.isoformat() if time is not None else None
