"""Who answers a customer: the bot or one colleague, who takes over, hands back, or calls it settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.history.threads import BOT, HUMAN, touched
from errors import Impossible, NeedsOwner
from tenants import audit
from tenants.models import Conversation, now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor


class HeldError(NeedsOwner):
    """Another colleague answers here: `agent_id`."""

    def __init__(self, agent_id: str) -> None:
        super().__init__("conversation-held", "a colleague answers here: leave it to them, or take it from them")
        self.agent_id = agent_id


def agent_of(by: Actor) -> str:
    """How somebody who answers is noted on conversations and messages: a person by id, a key by its name."""
    return by.person_id or by.who


async def found(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation; `Impossible("missing")` when it is none of the tenant's."""
    return _there(await session.scalar(select(Conversation).where(col(Conversation.id) == conversation_id)))


async def take(session: AsyncSession, by: Actor, conversation_id: str, *, over: bool = False) -> Conversation:
    """Have the bot keep quiet, and answer instead; again by the same colleague changes nothing.

    Raises `HeldError` where another colleague answers, unless they may be passed `over`.
    """
    conversation, me = await _locked(session, conversation_id), agent_of(by)
    before = {"mode": conversation.mode, "agent": conversation.agent_id}
    if conversation.mode == HUMAN and conversation.agent_id == me:
        return conversation
    if conversation.mode == HUMAN and conversation.agent_id and not over:
        raise HeldError(conversation.agent_id)
    conversation.mode, conversation.agent_id, conversation.taken_at = HUMAN, me, now()
    conversation.handed_at = conversation.closed_at = None
    _noted(session, by, "inbox.take", conversation, before)
    return await _shown(session, conversation)


async def hand_back(session: AsyncSession, by: Actor, conversation_id: str, *, over: bool = False) -> Conversation:
    """Let the bot answer again, which remembers what was said meanwhile; raises as `take`."""
    conversation, me = await _locked(session, conversation_id), agent_of(by)
    before = {"mode": conversation.mode, "agent": conversation.agent_id}
    if conversation.mode == HUMAN and conversation.agent_id not in {None, me} and not over:
        raise HeldError(conversation.agent_id or "")
    conversation.mode, conversation.agent_id, conversation.taken_at = BOT, None, None
    conversation.handed_at = None
    _noted(session, by, "inbox.hand-back", conversation, before)
    return await _shown(session, conversation)


async def assign(session: AsyncSession, by: Actor, conversation_id: str, agent_id: str | None) -> Conversation:
    """Make a colleague responsible, or nobody; who answers (bot or person) stays, but a person can't be nobody."""
    conversation = await _locked(session, conversation_id)
    before = {"mode": conversation.mode, "agent": conversation.agent_id}
    if agent_id is None and conversation.mode == HUMAN:
        raise Impossible("assign-nobody", "hand the conversation back to the bot instead")
    conversation.agent_id = agent_id
    _noted(session, by, "inbox.assign", conversation, before)
    return await _shown(session, conversation)


async def close(session: AsyncSession, by: Actor, conversation_id: str) -> Conversation:
    """Call the conversation settled, and let the bot answer when the customer writes again."""
    conversation = await _locked(session, conversation_id)
    before = {"mode": conversation.mode, "agent": conversation.agent_id}
    conversation.mode, conversation.agent_id, conversation.taken_at = BOT, None, None
    conversation.handed_at, conversation.closed_at, conversation.unread = None, now(), 0
    _noted(session, by, "inbox.close", conversation, before)
    return await _shown(session, conversation)


async def reopen(session: AsyncSession, by: Actor, conversation_id: str) -> Conversation:
    """Take up a conversation again that was called settled."""
    conversation = await _locked(session, conversation_id)
    conversation.closed_at = None
    audit.record(session, by, "inbox.reopen", conversation_id)
    return await _shown(session, conversation)


async def read(session: AsyncSession, conversation_id: str) -> None:
    """Note that a colleague has seen everything there is."""
    conversation = await found(session, conversation_id)
    if conversation.unread:
        await touched(session, conversation_id, unread=0)


async def _locked(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation, kept from other writers until the unit ends: two colleagues can't both take it."""
    return _there(
        await session.scalar(select(Conversation).where(col(Conversation.id) == conversation_id).with_for_update())
    )


def _there(conversation: Conversation | None) -> Conversation:
    if conversation is None:
        raise Impossible("missing", "there is no such conversation")
    return conversation


async def _shown(session: AsyncSession, conversation: Conversation) -> Conversation:
    await session.flush()
    await touched(session, conversation.id)
    return conversation


def _noted(session: AsyncSession, by: Actor, action: str, now_: Conversation, before: dict[str, str | None]) -> None:
    after = {"mode": now_.mode, "agent": now_.agent_id}
    audit.record(session, by, action, now_.id, before=before, after=after)
