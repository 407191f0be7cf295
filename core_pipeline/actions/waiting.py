"""The action that waits for a customer's yes, kept on the conversation until it is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants.models import Conversation, Turn, TurnState

State = Literal["asked", "calling", "settled"]


class Pending(BaseModel):
    """What is to be done once the customer says yes, and how far it is.

    `turn` asked the question, `by` took up the answer. "calling" is written before the tenant's system is called: found
    again later, it means that nobody knows whether the call took effect. `words` and `content` are the outcome.
    """

    model_config = ConfigDict(extra="ignore")

    action_id: str
    name: str
    call_id: str
    arguments: dict[str, Any]
    what: str
    question: str
    language: str
    asked_at: datetime
    turn: str
    state: State = "asked"
    by: str = ""
    words: str = ""
    content: str = ""


async def locked(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation, kept from other writers until the unit ends; `Impossible` when it is none of the tenant's."""
    asked = select(Conversation).where(col(Conversation.id) == conversation_id).with_for_update()
    found = await session.scalar(asked)
    if found is None:
        raise Impossible("conversation-missing", "there is no such conversation")
    return found


def pending_of(conversation: Conversation) -> Pending | None:
    """What waits in this conversation; None for nothing, or for what an older version wrote."""
    try:
        return Pending.model_validate(conversation.pending) if conversation.pending else None
    except ValidationError:
        return None


def keep(conversation: Conversation, pending: Pending | None) -> None:
    """Write what waits, or that nothing does any more."""
    conversation.pending = pending.model_dump(mode="json") if pending else None


async def was_heard(session: AsyncSession, pending: Pending) -> bool:
    """Whether the turn that asked ended well with the question in its answer: only then was it put to the customer."""
    turn = await session.get(Turn, pending.turn)
    return turn is not None and turn.state == TurnState.ANSWERED and pending.question in (turn.answer or "")
