"""Answering in the bot's place: a colleague's words go the way of all messages, so that none is lost or sent twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.messages import Identity, Inbound, Kind, MediaRef, ReplyKind, Sender
from core_pipeline.desk import duty
from core_pipeline.desk.colleagues import able
from core_pipeline.desk.duty import agent_of
from core_pipeline.desk.reading import find_order, outcomes
from core_pipeline.desk.window import window_of
from core_pipeline.history import orders
from errors import Impossible
from tenants import audit
from tenants.inbox import NewRow
from tenants.models import ChannelAccount, Direction, Message, now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.channel import Limits
    from core_pipeline.desk.files import Lines
    from tenants.audit import Actor
    from tenants.blobs import Blobs
    from tenants.db import Database
    from tenants.inbox import Inbox
    from tenants.models import Conversation

LONGEST_TEXT, MOST_SOUND = 4000, 16 << 20
NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
# Replies in these states came to nothing, and may be given anew.
FAILED = frozenset({"failed", "unsure", "unsent", "crossed"})


@dataclass(frozen=True)
class Draft:
    """What a colleague wants to say: `text`, also `spoken` by the bot's voice, or what they recorded (`sound`).

    `nonce` is the name that their page gave it: the same one twice is one message. `saw` is the newest message that
    they had seen; None to answer whatever came meanwhile.
    """

    nonce: str
    text: str = ""
    spoken: bool = False
    sound: bytes | None = None
    saw: int | None = None


@dataclass(frozen=True)
class Reception:
    """The desk of every tenant."""

    db: Database
    blobs: Blobs
    inbox: Inbox
    lines: Lines

    async def reply(
        self, tenant_id: str, by: Actor, conversation_id: str, draft: Draft, *, over: bool = False
    ) -> Message:
        """Take the conversation over and have this said there; on disk when this returns, once for each nonce.

        Raises `HeldError` where another colleague answers (unless `over`), `Impossible("window-closed")` when the
        network lets nobody write any more, and other `Impossible` for what can't be said.
        """
        _check(draft)
        limits = await self._limits(tenant_id, conversation_id)
        wish = ReplyKind.VOICE if draft.spoken or draft.sound is not None else ReplyKind.TEXT
        if wish not in limits.degrade:
            raise Impossible("no-voice-here", "this network carries no voice notes: send it as text")
        async with self.db.tenant(tenant_id) as session:
            conversation = await duty.found(session, conversation_id)
            _check_window(conversation, limits)
            conversation = await duty.take(session, by, conversation_id, over=over)
            audit.record(session, by, "inbox.reply", conversation_id, after={"form": _form(draft)})
        name = _named(conversation_id, agent_of(by), draft.nonce)
        blob = await self.blobs.put(tenant_id, "heard", draft.sound) if draft.sound is not None else None
        inbound = await self._inbound(tenant_id, conversation, name, agent_of(by), wish)
        media = MediaRef(id=name, blob=blob, size=len(draft.sound or b"")) if blob else None
        said = {"text": draft.text.strip() or None, "media": media, "saw": draft.saw}
        return await self._put(tenant_id, conversation.account_id, inbound.model_copy(update=said), blob)

    async def again(self, tenant_id: str, by: Actor, order_id: int) -> Message:
        """Have a reply sent that came to nothing, once however often this is asked; raises as `reply`."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            order = await find_order(session, order_id)
            name = _named(order.conversation_id, order.author_id or "", f"again:{order.provider_id}")
            known = await session.scalar(select(Message).where(col(Message.provider_id) == name))
            if known is not None:
                return known
            await _check_failed(session, order)
        limits = await self._limits(tenant_id, order.conversation_id)
        async with self.db.tenant(tenant_id) as session:
            _check_window(await duty.found(session, order.conversation_id), limits)
            conversation = await duty.take(session, by, order.conversation_id)
            audit.record(session, by, "inbox.reply.again", order.conversation_id)
        wish = ReplyKind(order.wish or ReplyKind.TEXT)
        inbound = await self._inbound(tenant_id, conversation, name, order.author_id or "", wish)
        media = MediaRef(id=name, blob=order.blob) if order.blob else None
        said = {"text": order.text, "media": media}
        made = await self._put(tenant_id, conversation.account_id, inbound.model_copy(update=said))
        async with self.db.tenant(tenant_id) as session:
            await orders.replace(session, order_id)
        return made

    async def drop(self, tenant_id: str, by: Actor, order_id: int) -> Message:
        """Forget a reply that came to nothing."""
        async with self.db.tenant(tenant_id) as session:
            await _check_failed(session, await find_order(session, order_id))
            order = await orders.replace(session, order_id)
            audit.record(session, by, "inbox.reply.drop", order.conversation_id)
        return order

    async def hand_back(
        self, tenant_id: str, by: Actor, conversation_id: str, *, answer: bool = False, over: bool = False
    ) -> None:
        """Let the bot go on; with `answer` it answers at once what nobody has answered yet."""
        async with self.db.tenant(tenant_id) as session:
            since = (await duty.found(session, conversation_id)).taken_at
            conversation = await duty.hand_back(session, by, conversation_id, over=over)
        if answer and conversation.last_direction == Direction.IN:
            name = _named(conversation_id, agent_of(by), f"answer:{conversation.last_at}:{since}")
            inbound = await self._inbound(tenant_id, conversation, name, agent_of(by), None)
            await self._put(tenant_id, conversation.account_id, inbound)

    async def assign(self, tenant_id: str, by: Actor, conversation_id: str, agent_id: str | None) -> None:
        """Make a colleague responsible; `Impossible` for somebody who may not answer this tenant's customers."""
        if agent_id is not None and agent_id not in await able(self.db, tenant_id):
            raise Impossible("assign-unknown", "choose somebody who may answer customers here")
        async with self.db.tenant(tenant_id) as session:
            await duty.assign(session, by, conversation_id, agent_id)

    async def _limits(self, tenant_id: str, conversation_id: str) -> Limits:
        async with self.db.tenant(tenant_id, reads=True) as session:
            account_id = (await duty.found(session, conversation_id)).account_id
        return (await self.lines.line(account_id)).limits

    async def _inbound(
        self, tenant_id: str, conversation: Conversation, name: str, agent: str, wish: ReplyKind | None
    ) -> Inbound:
        async with self.db.tenant(tenant_id, reads=True) as session:
            account = await session.get_one(ChannelAccount, conversation.account_id)
        return Inbound(
            account=account.external_id,
            provider_id=name,
            chat=conversation.chat,
            sender=Sender(identities=(Identity(kind="colleague", value=agent),)),
            sent_at=now(),
            kind=Kind.SCRIPT,
            address={orders.PLACE: conversation.id},
            wish=wish,
            by=agent,
        )

    async def _put(self, tenant_id: str, account_id: str, inbound: Inbound, blob: str | None = None) -> Message:
        """Put the order where all messages wait, and show it in its conversation at once."""
        row: int | None = None
        try:
            payload = inbound.model_dump_json()
            [row] = await self.inbox.put([NewRow(tenant_id, account_id, inbound.provider_id, payload)])
        finally:
            if row is None and blob is not None:  # it was there already, or could not be kept
                await self.blobs.delete(tenant_id, blob)
        async with self.db.tenant(tenant_id) as session:
            return await orders.record(session, account_id, row, inbound)


def _check(draft: Draft) -> None:
    text = draft.text.strip()
    if not NONCE.fullmatch(draft.nonce):
        raise Impossible("reply-name", "load the page anew and write it again")
    if draft.sound is None and not text:
        raise Impossible("reply-empty", "write or record something first")
    if len(text) > LONGEST_TEXT:
        raise Impossible("reply-long", f"write at most {LONGEST_TEXT} letters at once")
    if draft.sound is not None and not 0 < len(draft.sound) <= MOST_SOUND:
        raise Impossible("media-too-large", "record a shorter message")


def _check_window(conversation: Conversation, limits: Limits) -> None:
    if not window_of(conversation, limits.window).is_open:
        raise Impossible("window-closed", "only the customer can open the conversation again, by writing to you")


async def _check_failed(session: AsyncSession, order: Message) -> None:
    """Raise `Impossible` unless the order came to nothing."""
    if not FAILED & await outcomes(session, order):
        raise Impossible("reply-alive", "this reply is on its way or has arrived already")


def _form(draft: Draft) -> str:
    return "recorded" if draft.sound is not None else "spoken" if draft.spoken else "text"


def _named(conversation_id: str, agent: str, nonce: str) -> str:
    """The message's unique name: another's of the same nonce is another message."""
    return f"agent:{sha256(f'{conversation_id} {agent} {nonce}'.encode()).hexdigest()[:40]}"
