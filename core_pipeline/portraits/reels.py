"""Films that are kept to be shown again, cleared away when nobody needs them."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenants import films
from tenants.blobs import Blobs
from tenants.db import Database

UNUSED = timedelta(days=30)
SETTLED = timedelta(hours=1)


async def sweep(db: Database, blobs: Blobs, tenant_id: str, at: datetime, most: int = films.MOST) -> int:
    """Delete films that were not used for a month or are too many; return how many went.

    A film that a conversation holds keeps its bytes, and its row, so that revoking its avatar finds it.
    """
    async with db.tenant(tenant_id) as session:
        await films.trim(session, at - UNUSED, most)
        gone = [(film.id, film.blob) for film in await films.loose(session, at - SETTLED)]
    for film_id, blob in gone:
        await blobs.delete(tenant_id, blob)
        async with db.tenant(tenant_id) as session:
            await films.drop(session, film_id)
    return len(gone)
