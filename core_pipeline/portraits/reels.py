"""Films that are kept to be shown again: noted once they are made, and cleared away when nobody needs them."""

from __future__ import annotations

from datetime import datetime, timedelta

from errors import NeedsOwner
from tenants import films
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import Film

UNUSED = timedelta(days=30)
SETTLED = timedelta(hours=1)


async def keep_film(db: Database, blobs: Blobs, film: Film) -> bool:
    """Note a film of this tenant; False when one of the same key is kept already.

    Deletes its bytes and raises `NeedsOwner` if its avatar may not be shown now.
    """
    tenant_id, made = film.tenant_id, (film.blob, film.poster)
    try:
        async with db.tenant(tenant_id) as session:
            return await films.keep(session, film)
    except NeedsOwner:
        for blob in filter(None, made):
            await blobs.delete(tenant_id, blob)
        raise


async def sweep(db: Database, blobs: Blobs, tenant_id: str, at: datetime, most: int = films.MOST) -> int:
    """Delete films that were not used for a month or are too many; return how many went.

    A film that a conversation holds keeps its bytes, and its row, so that revoking its avatar finds it.
    """
    async with db.tenant(tenant_id) as session:
        await films.trim(session, at - UNUSED, most)
        gone = [(film.id, film.blob, film.poster) for film in await films.loose(session, at - SETTLED)]
    for film_id, *made in gone:
        for blob in filter(None, made):
            await blobs.delete(tenant_id, blob)
        async with db.tenant(tenant_id) as session:
            await films.drop(session, film_id)
    return len(gone)
