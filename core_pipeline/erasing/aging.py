"""What is older than a business wants to keep it goes by itself: sounds and pictures first, then the words."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from core_pipeline.erasing.rows import BATCH, batches
from errors import SawtakError
from tenants import choices
from tenants.models import (
    Call,
    Contact,
    ContactIdentity,
    Conversation,
    ConversationLabel,
    ConversationNote,
    Film,
    Message,
    OpenQuestion,
    Render,
    Tenant,
    Turn,
    TurnStage,
    TurnState,
    now,
)
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.blobs import Blobs
    from tenants.db import Database

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


class Lock(Protocol):
    """Held by one process at a time."""

    async def take(self) -> bool:
        """Try to take it, or see whether we still hold it."""

    async def free(self) -> None:
        """Let go."""


@dataclass(frozen=True)
class Terms:
    """How many days media and words are kept; 0 is for ever."""

    media_days: int
    words_days: int


@dataclass(frozen=True)
class Gone:
    """How much went."""

    files: int = 0
    messages: int = 0
    customers: int = 0


def terms_of(policy: Policy, ours: choices.Choices) -> Terms:
    """The shorter of what the tenant and the installation want."""
    return Terms(_shorter(policy.keep_media_days, ours.media_days), _shorter(policy.keep_words_days, ours.words_days))


def _shorter(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


@asynccontextmanager
async def aging(db: Database, blobs: Blobs, lock: Lock, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Let old things go, again and again while the block runs, in one process at a time."""
    over = asyncio.Event()

    async def ages() -> None:
        while not over.is_set():
            try:
                if await lock.take():
                    await age_all(db, blobs)
                    await db.tend()
            except SQLAlchemyError as error:
                log.warning("letting old things go waits: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), every)

    task = asyncio.create_task(ages())
    try:
        yield
    finally:
        over.set()  # not cancelled: a statement cut short would cost its connection
        await task
        await lock.free()


async def age_all(db: Database, blobs: Blobs, at: datetime | None = None) -> Gone:
    """Let every tenant's old things go; one whose turn fails is tried the next time."""
    async with db.platform(reads=True) as session:
        ours = await choices.read(session)
        rows = (await session.scalars(select(Tenant))).all()
    gone = Gone()
    for tenant in rows:
        terms = terms_of(Policy.model_validate(tenant.policy), ours)
        try:
            one = await age(db, blobs, tenant.id, terms, at or now())
        except (SawtakError, SQLAlchemyError) as error:
            log.warning("tenant %s: letting old things go waits: %s", tenant.id, type(error).__name__)
        else:
            gone = Gone(gone.files + one.files, gone.messages + one.messages, gone.customers + one.customers)
    return gone


async def age(db: Database, blobs: Blobs, tenant_id: str, terms: Terms, at: datetime) -> Gone:
    """Let one tenant's old things go, so many at a time."""
    files = messages = customers = 0
    cutoffs = [_cutoff(at, days) for days in (terms.media_days, terms.words_days) if days]
    if cutoffs:
        # Words go with their sounds: none is left whose message is gone.
        files = await _media(db, blobs, tenant_id, max(cutoffs))
    if terms.words_days:
        before = _cutoff(at, terms.words_days)
        while True:
            async with db.tenant(tenant_id) as session:
                some = await _words(session, before)
            messages += some
            if some < BATCH:
                break
        async with db.tenant(tenant_id) as session:
            customers = await _customers(session, before)
    return Gone(files, messages, customers)


async def _media(db: Database, blobs: Blobs, tenant_id: str, before: datetime) -> int:
    gone = 0
    while True:
        async with db.tenant(tenant_id, reads=True) as session:
            keys = await _old_files(session, before)
        for key in keys:
            await blobs.delete(tenant_id, key)
        async with db.tenant(tenant_id) as session:
            await _without(session, keys)
        gone += len(keys)
        if len(keys) < BATCH:
            return gone


async def _old_files(session: AsyncSession, before: datetime) -> list[str]:
    said = select(col(Message.blob)).where(col(Message.blob).is_not(None), col(Message.created_at) < before)
    taped = select(col(Call.recording)).where(col(Call.recording).is_not(None), col(Call.started_at) < before)
    keys = [*(await session.scalars(said.limit(BATCH))), *(await session.scalars(taped.limit(BATCH)))]
    return list(dict.fromkeys(key for key in keys if key))[:BATCH]


async def _without(session: AsyncSession, keys: Sequence[str]) -> None:
    """Forget where deleted files were."""
    for batch in batches(keys):
        await session.execute(update(Message).where(col(Message.blob).in_(batch)).values(blob=None, peaks=None))
        await session.execute(update(Call).where(col(Call.recording).in_(batch)).values(recording=None))
        await session.execute(delete(Render).where(col(Render.blob).in_(batch)))
        await session.execute(delete(Film).where(col(Film.blob).in_(batch), col(Film.key).is_(None)))


async def _words(session: AsyncSession, before: datetime) -> int:
    """Delete some old messages with the turns in which they were; gives how many messages."""
    asked = select(col(Message.id), col(Message.turn_id)).where(col(Message.created_at) < before).limit(BATCH)
    rows = (await session.execute(asked)).all()
    over = select(col(Turn.id)).where(col(Turn.started_at) < before, col(Turn.state) != TurnState.RUNNING)
    turns = (await session.scalars(over.limit(BATCH))).all()
    for batch in batches(list(turns)):
        await session.execute(delete(TurnStage).where(col(TurnStage.turn_id).in_(batch)))
        await session.execute(delete(Turn).where(col(Turn.id).in_(batch)))
    for batch in batches([row[0] for row in rows]):
        await session.execute(delete(Message).where(col(Message.id).in_(batch)))
    return len(rows)


async def _customers(session: AsyncSession, before: datetime) -> int:
    """Delete conversations in which nothing is left, customers who have none, and what nobody asked since."""
    await session.execute(delete(OpenQuestion).where(col(OpenQuestion.last_at) < before))
    talking = select(col(Message.conversation_id))
    empty = select(col(Conversation.id)).where(
        col(Conversation.last_at) < before, col(Conversation.created_at) < before
    )
    ids = (await session.scalars(empty.where(col(Conversation.id).not_in(talking)))).all()
    for batch in batches(list(ids)):
        for table in (ConversationNote, ConversationLabel, Call, Turn):
            await session.execute(delete(table).where(col(table.conversation_id).in_(batch)))
        await session.execute(delete(Conversation).where(col(Conversation.id).in_(batch)))
    alone = select(col(Contact.id)).where(
        col(Contact.created_at) < before, col(Contact.id).not_in(select(col(Conversation.contact_id)))
    )
    contacts = (await session.scalars(alone)).all()
    for batch in batches(list(contacts)):
        await session.execute(delete(ContactIdentity).where(col(ContactIdentity.contact_id).in_(batch)))
        await session.execute(delete(Contact).where(col(Contact.id).in_(batch)))
    return len(contacts)


def _cutoff(at: datetime, days: int) -> datetime:
    return at - timedelta(days=days)
