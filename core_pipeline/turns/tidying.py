"""What goes on beside the turns: what can't be used any more is cleared away."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from core_pipeline.answers import sweep
from core_pipeline.cloning.studio import Studio
from core_pipeline.portraits import reels, revoking
from errors import SawtakError
from tenants import idempotency
from tenants.models import CachedAnswer, ClonedVoice, Film, OwnAvatar

if TYPE_CHECKING:
    from core_pipeline.turns.deps import Deps

log = logging.getLogger(__name__)

EVERY_SECONDS = 600.0


async def tidying(deps: Deps, every: float = EVERY_SECONDS) -> None:
    """Tidy up, again and again, until cancelled."""
    while True:
        await asyncio.sleep(every)
        try:
            await tidy(deps)
        except (SawtakError, SQLAlchemyError) as error:
            log.warning("tidying up waits: %s", type(error).__name__)


async def tidy(deps: Deps) -> int:
    """Clear away tenants' stale answers and films, abandoned voices and pictures, with their files; return how many.

    Tenants who have none of a kind are not asked.
    """
    tables = (CachedAnswer, ClonedVoice, OwnAvatar, Film)
    async with deps.db.platform(reads=True) as session:
        answering, speaking, showing, filming = [
            (await session.scalars(select(col(table.tenant_id)).distinct())).all() for table in tables
        ]
    at = datetime.now(UTC)
    await idempotency.purge(deps.db, at - idempotency.KEEP)
    gone = sum([await sweep(deps.db, deps.blobs, tenant_id) for tenant_id in answering])
    studio = Studio(deps.db, deps.blobs, deps.sandbox)
    gone += sum([await studio.tidy(tenant_id, deps.engines.forget) for tenant_id in speaking])
    gone += sum([await revoking.tidy(deps.db, deps.blobs, tenant_id, at) for tenant_id in showing])
    return gone + sum([await reels.sweep(deps.db, deps.blobs, tenant_id, at) for tenant_id in filming])
