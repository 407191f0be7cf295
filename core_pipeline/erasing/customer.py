"""A customer who wants to be forgotten: words, sounds, pictures, bookkeeping; nothing is left but that it was done."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from core_pipeline.erasing.rows import Traces, batches, bury, remembered, traces
from errors import Impossible, Retryable
from tenants import audit
from tenants.models import CachedAnswer, Contact, ContactIdentity, Conversation, Turn, TurnState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor
    from tenants.blobs import Blobs
    from tenants.db import Database
    from tenants.inbox import Inbox

BUSY_SECONDS = 30.0


class Journal(Protocol):
    """What remembers how far turns are."""

    async def forget(self, turn_ids: Sequence[str]) -> None:
        """Delete everything about these turns."""


@dataclass(frozen=True)
class Erased:
    """How much there was."""

    conversations: int
    messages: int
    files: int


@dataclass(frozen=True)
class Erasing:
    """Erases customers of one installation."""

    db: Database
    blobs: Blobs
    inbox: Inbox
    journal: Journal

    async def customer(self, tenant_id: str, contact_id: str, actor: Actor) -> Erased:
        """Erase a customer; `Impossible("missing")` when there is none, `Retryable` while they are being answered.

        Done again after it broke off, it goes on where it was.
        """
        async with self.db.tenant(tenant_id, reads=True) as session:
            conversation_ids, found, answers = await _found(session, contact_id)
        await self.journal.forget(found.turns)
        await self.inbox.blank(found.arrived)
        files = list(dict.fromkeys([*found.blobs, *filter(None, answers.values())]))
        for blob in files:
            await self.blobs.delete(tenant_id, blob)
        erased = Erased(len(conversation_ids), len(found.messages), len(files))
        try:
            async with self.db.tenant(tenant_id) as session:
                await _bury(session, contact_id, conversation_ids, found, list(answers))
                audit.record(session, actor, "customer.erase", contact_id, after=asdict(erased))
        except IntegrityError as error:
            raise Retryable("customer-busy", "the customer has just written again", after=BUSY_SECONDS) from error
        return erased


async def _found(session: AsyncSession, contact_id: str) -> tuple[list[str], Traces, dict[str, str]]:
    """Conversations, what hangs on them, and kept answers (id → blob, "" for none) to their questions."""
    if await session.get(Contact, contact_id) is None:
        raise Impossible("missing", "there is no such customer")
    theirs = select(col(Conversation.id)).where(col(Conversation.contact_id) == contact_id)
    conversation_ids = list((await session.scalars(theirs)).all())
    running = select(col(Turn.id)).where(
        col(Turn.conversation_id).in_(conversation_ids), col(Turn.state) == TurnState.RUNNING
    )
    if await session.scalar(running.limit(1)):
        raise Retryable("customer-busy", "the customer is being answered just now", after=BUSY_SECONDS)
    found = await traces(session, conversation_ids)
    kept = await remembered(session, list(dict.fromkeys(found.questions)))
    return conversation_ids, found, {one.id: one.blob or "" for one in kept}


async def _bury(
    session: AsyncSession, contact_id: str, conversation_ids: Sequence[str], found: Traces, answers: Sequence[str]
) -> None:
    await bury(session, conversation_ids, found)
    for batch in batches(answers):
        await session.execute(delete(CachedAnswer).where(col(CachedAnswer.id).in_(batch)))
    for batch in batches(conversation_ids):
        await session.execute(delete(Conversation).where(col(Conversation.id).in_(batch)))
    await session.execute(delete(ContactIdentity).where(col(ContactIdentity.contact_id) == contact_id))
    await session.execute(delete(Contact).where(col(Contact.id) == contact_id))
