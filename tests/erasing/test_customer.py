"""Nothing is left of a customer who is erased, and everything of the others."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy import select

from core_pipeline.erasing.customer import Erasing
from errors import Impossible, Retryable
from tenants.audit import Actor
from tenants.models import AuditEntry, TurnState, new_id
from tests.erasing.conftest import OF_CUSTOMERS, Place
from tests.factories import make_tenant

WHO = Actor("Test owner")


def payloads(place: Place) -> list[str]:
    """What the inbox still holds."""
    url, asked = place.floor.inbox_url, "SELECT payload FROM inbox"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.partition(":///")[2]) as connection:
            return [row[0] for row in connection.execute(asked)]
    with psycopg.connect(url.replace("+psycopg", "")) as raw:
        return [row[0] for row in raw.execute(asked)]


async def test_every_trace_goes_and_the_others_stay(place: Place) -> None:
    await place.customer("stays")
    one = await place.counts()
    assert set(one) == {str(table.__tablename__) for table in OF_CUSTOMERS}
    assert 0 not in one.values()
    gone = await place.customer("goes")
    erasing = Erasing(place.floor.db, place.blobs, place.inbox, place.journal)
    erased = await erasing.customer(place.tenant.id, gone.id, WHO)
    assert (erased.conversations, erased.messages, erased.files) == (1, 1, 3)
    assert await place.counts() == one
    assert place.stored().count(b"goes") == 1  # a file that no row of theirs names is nobody's to find
    assert place.stored().count(b"stays") == 4
    assert place.journal.forgotten == ["goes-turn"]
    assert sorted(payloads(place)) == ["", '{"text": "stays"}']
    async with place.floor.db.platform(reads=True) as session:
        noted = (await session.scalars(select(AuditEntry))).one()
    assert (noted.action, noted.thing, noted.who, noted.tenant_id) == (
        "customer.erase",
        gone.id,
        WHO.who,
        place.tenant.id,
    )
    assert "goes" not in str(noted.after)


async def test_somebody_who_is_being_answered_is_erased_later(place: Place) -> None:
    busy = await place.customer("busy", state=TurnState.RUNNING)
    before, erasing = await place.counts(), Erasing(place.floor.db, place.blobs, place.inbox, place.journal)
    with pytest.raises(Retryable, match="customer-busy"):
        await erasing.customer(place.tenant.id, busy.id, WHO)
    assert await place.counts() == before
    assert place.stored().count(b"busy") == 4


async def test_nobodys_or_anothers_customer(place: Place) -> None:
    theirs = await place.customer("theirs")
    other = await make_tenant(place.floor.db)
    erasing = Erasing(place.floor.db, place.blobs, place.inbox, place.journal)
    for tenant_id, contact_id in ((place.tenant.id, new_id()), (other.id, theirs.id)):
        with pytest.raises(Impossible, match="missing"):
            await erasing.customer(tenant_id, contact_id, WHO)
    assert place.stored().count(b"theirs") == 4
