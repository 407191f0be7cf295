"""How far a business is set up: worked out from what there is, so that nothing has to be remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from channels import discover
from tenants import personas
from tenants.models import ChannelAccount, Conversation, Document, Entry, Turn, TurnState

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

STEPS = {
    "business": "Your business",
    "voice": "Voice",
    "avatar": "Face",
    "knowledge": "What it knows",
    "channel": "Channel",
    "talk": "Talk to it",
}
ENOUGH = 3


@dataclass(frozen=True)
class Progress:
    """Which steps are done, by name in their order; `questions` is how many it can answer so far."""

    done: dict[str, bool]
    questions: int
    documents: int

    @property
    def next(self) -> str:
        """The first step that is not done; "" when all are."""
        return next((name for name, done in self.done.items() if not done), "")

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return sum(self.done.values()) / len(self.done)


async def progress(session: AsyncSession) -> Progress:
    """How far the session's tenant is."""
    now = await personas.current(session)
    questions = await session.scalar(select(func.count(func.distinct(col(Entry.fact))))) or 0
    documents = await session.scalar(select(func.count()).select_from(Document)) or 0
    done = {
        "business": bool(now.facts.get("trade")),
        "voice": bool(now.policy.voice.get(now.policy.language)),
        "avatar": bool(now.policy.avatar.get(now.policy.language)),
        "knowledge": questions >= ENOUGH or documents > 0,
        "channel": await _connected(session),
        "talk": await _talked(session),
    }
    return Progress(done, questions, documents)


async def _connected(session: AsyncSession) -> bool:
    own = [spec.name for spec in discover().values() if spec.own]
    asked = select(col(ChannelAccount.id)).where(col(ChannelAccount.active), col(ChannelAccount.channel).not_in(own))
    return await session.scalar(asked.limit(1)) is not None


async def _talked(session: AsyncSession) -> bool:
    """Whether the assistant has answered somebody on a page of ours."""
    own = [spec.name for spec in discover().values() if spec.own]
    asked = (
        select(col(Turn.id))
        .join(Conversation, col(Conversation.id) == col(Turn.conversation_id))
        .join(ChannelAccount, col(ChannelAccount.id) == col(Conversation.account_id))
        .where(
            col(ChannelAccount.channel).in_(own), col(Turn.state) == TurnState.ANSWERED, col(Turn.answer).is_not(None)
        )
    )
    return await session.scalar(asked.limit(1)) is not None
