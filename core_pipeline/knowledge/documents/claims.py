"""Whose turn it is: a document is claimed by one worker at a time, for as long as the worker shows life.

The time of the last sign of life is the claim itself: whoever writes names the time that he wrote last, and the write
goes through only if it is still there. So a worker that slept past its lease, or whose document was replaced or removed
meanwhile, can write nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tenants.models import Document, DocumentState, now

OPEN = (DocumentState.QUEUED, DocumentState.PARSING, DocumentState.INDEXING)
_LOOKED_AT = 8


class ClaimLost(Exception):
    """Somebody else has the document now, or it is gone: leave it alone."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a document until `since` plus the lease."""

    tenant_id: str
    document_id: str
    state: DocumentState
    since: datetime


async def waiting(session: AsyncSession, lease: timedelta) -> bool:
    """Whether a document of any tenant waits for a worker; takes a platform session."""
    return await session.scalar(select(col(Document.id)).where(*_free(lease)).limit(1)) is not None


async def take(session: AsyncSession, lease: timedelta) -> Claim | None:
    """Claim the oldest document of any tenant that nobody works on, if there is one; takes a platform session."""
    moment = now()
    columns = (col(Document.tenant_id), col(Document.id), col(Document.state), col(Document.claimed_at))
    asked = select(*columns).where(*_free(lease))
    for tenant_id, document_id, state, since in await session.execute(
        asked.order_by(col(Document.updated_at), col(Document.id)).limit(_LOOKED_AT)
    ):
        if await _written(session, document_id, since, {"claimed_at": moment}):
            return Claim(tenant_id, document_id, DocumentState(state), moment)
    return None


def _free(lease: timedelta) -> tuple[Any, Any]:
    unclaimed = or_(col(Document.claimed_at).is_(None), col(Document.claimed_at) < now() - lease)
    return col(Document.state).in_(OPEN), unclaimed


async def renew(session: AsyncSession, claim: Claim, **values: Any) -> Claim:
    """Show life, and write values, if the claim still stands; raises `ClaimLost` if not."""
    moment = max(now(), claim.since + timedelta(microseconds=1))
    if not await _written(session, claim.document_id, claim.since, {**values, "claimed_at": moment}):
        raise ClaimLost
    return Claim(claim.tenant_id, claim.document_id, values.get("state", claim.state), moment)


async def release(session: AsyncSession, claim: Claim, **values: Any) -> None:
    """Give the claim up, and write values, if it still stands; raises `ClaimLost` if not."""
    if not await _written(session, claim.document_id, claim.since, {"claimed_at": None, **values}):
        raise ClaimLost


async def _written(session: AsyncSession, document_id: str, since: datetime | None, values: dict[str, Any]) -> bool:
    mine = col(Document.claimed_at).is_(None) if since is None else col(Document.claimed_at) == since
    result = await session.execute(update(Document).where(col(Document.id) == document_id, mine).values(**values))
    return bool(getattr(result, "rowcount", 0))
