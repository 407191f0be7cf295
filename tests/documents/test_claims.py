"""Many workers, one document each at a time; one that dies leaves its document to the next, and nothing is doubled."""

import asyncio
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from core_pipeline.knowledge.documents import claims
from core_pipeline.knowledge.documents.claims import ClaimLost
from core_pipeline.knowledge.documents.hand import Hand
from core_pipeline.knowledge.documents.keeping import contents_of, keep
from core_pipeline.knowledge.documents.librarian import Progress
from core_pipeline.knowledge.documents.stacks import open_stacks
from tenants.blobs import Blobs
from tenants.models import Chunk, DocumentState, Entry, Product, Tenant
from tests.conftest import Floor
from tests.documents.plant import Plant, rows
from tests.factories import make_tenant

LEASE = timedelta(seconds=5)
MIXED = (
    "# دليل\n\nنفتح من التاسعة صباحا.\n\n| السؤال | الإجابة |\n|---|---|\n| متى؟ | الآن |\n\n"
    "| name | price |\n|---|---|\n| Tea | 10 |\n"
)
# A worker of its own that stops at one place for ever: while it reads, or while it indexes.
WORKER = """
import asyncio, sys
from core_pipeline.knowledge.documents.librarian import Librarian
from tenants.blobs import Blobs
from tenants.db import Database
from tests.documents.plant import Straight

url, folder, place = sys.argv[1:]

async def stop():
    print("here", flush=True)
    await asyncio.sleep(600)

class Reader(Straight):
    async def read(self, data, name="", *, max_pages=100):
        if place == "reading":
            await stop()
        return await super().read(data, name)

async def index(tenant_id, document_id, progress):
    await stop()

async def main():
    db = Database(url)
    await Librarian(db, Blobs(f"file://{folder}"), Reader(), index, lease=1.0).run()

asyncio.run(main())
"""


async def _take(plant: Plant) -> claims.Claim | None:
    async with plant.db.platform() as session:
        return await claims.take(session, LEASE)


@pytest.mark.parametrize("place", ["reading", "indexing"])
async def test_a_worker_killed_half_way_leaves_its_document_to_another(
    plant: Plant, tenant: Tenant, database: Floor, place: str
) -> None:
    added = await plant.library.add_file(tenant.id, "a.md", MIXED.encode())
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, database.main_url, str(plant.folder), place, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    assert await asyncio.wait_for(worker.stdout.readline(), 60) == b"here\n"
    assert not await plant.librarian.once()
    os.kill(worker.pid, signal.SIGKILL)
    await worker.wait()
    worker._transport.close()  # type: ignore[attr-defined]  # asyncio gives no other way to close the pipe at once
    left = await plant.state(added)
    assert left.state == (DocumentState.PARSING if place == "reading" else DocumentState.INDEXING)
    assert left.claimed_at is not None
    await plant.age(added, 6)
    await plant.settle()
    assert (await plant.state(added)).state == DocumentState.READY
    counts = [len(await rows(plant.db, table, added.id)) for table in (Chunk, Entry, Product)]
    assert counts == [1, 1, 1]
    assert [call[1] for call in plant.search.told] == [added.id]


async def test_a_document_is_claimed_by_one_of_many(plant: Plant, tenant: Tenant) -> None:
    for number in range(3):
        await plant.library.add_file(tenant.id, f"{number}.txt", f"text {number}".encode())
    taken = [claim for claim in await asyncio.gather(*(_take(plant) for _ in range(8))) if claim is not None]
    while (more := await _take(plant)) is not None:
        taken.append(more)
    assert len(taken) == len({claim.document_id for claim in taken}) == 3


async def test_life_is_shown_while_the_work_goes_on(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.txt", b"some text")
    claim = await _take(plant)
    assert claim is not None
    hand = Hand(plant.db, claim)
    async with hand.beating(0.01):
        deadline = time.monotonic() + 20
        while hand.claim.since == claim.since and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
    assert hand.claim.since > claim.since
    assert (await plant.state(added)).claimed_at == hand.claim.since


async def test_who_has_lost_his_claim_writes_nothing_more(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.txt", b"some text")
    claim = await _take(plant)
    assert claim is not None
    sleeper = Hand(plant.db, claim)
    await plant.age(added, 6)
    await plant.settle()
    with pytest.raises(ClaimLost):
        await sleeper.write(state=DocumentState.FAILED)
    with pytest.raises(ClaimLost):
        await sleeper.give_up(state=DocumentState.FAILED)
    with pytest.raises(ClaimLost):
        async with sleeper.unit() as session:
            await keep(session, added.id, contents_of(added.id, ["other text"], paged=False))
    await sleeper.progress(0.5, 1.0)
    assert (await plant.state(added)).state == DocumentState.READY
    (chunk,) = await rows(plant.db, Chunk, added.id)
    assert isinstance(chunk, Chunk)
    assert chunk.text == "some text"


@pytest.mark.parametrize("deed", ["remove", "replace"])
async def test_a_document_changed_while_it_is_indexed_ends_as_the_owner_wants(
    plant: Plant, tenant: Tenant, deed: str
) -> None:
    added = await plant.library.add_file(tenant.id, "a.txt", b"the old text")
    plain, told = plant.search.index, []

    async def meddled(tenant_id: str, document_id: str, progress: Progress) -> None:
        told.append(document_id)
        if len(told) == 1:
            if deed == "remove":
                await plant.library.remove(tenant_id, document_id)
            else:
                await plant.library.replace(tenant_id, document_id, "b.txt", b"the new text")
        await plain(tenant_id, document_id, progress)

    plant.librarian._index = meddled
    await plant.settle()
    assert len(told) >= 2  # the second time puts right what the first may have left in the search
    if deed == "remove":
        assert await plant.library.listing(tenant.id) == []
        assert plant.search.told[-1][2] == 0
    else:
        (chunk,) = await rows(plant.db, Chunk, added.id)
        assert isinstance(chunk, Chunk)
        assert chunk.text == "the new text"
        assert (await plant.state(added)).state == DocumentState.READY


async def test_a_worker_in_the_background_is_rung_for(plant: Plant, tenant: Tenant) -> None:
    plant.librarian._poll = 60.0
    working = asyncio.create_task(plant.librarian.run())
    await asyncio.sleep(0)
    added = await plant.library.add_file(tenant.id, "a.txt", b"some text")
    deadline = time.monotonic() + 20
    while (await plant.state(added)).state != DocumentState.READY and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert (await plant.state(added)).state == DocumentState.READY


async def test_the_whole_with_its_sandbox(sqlite_database: Floor, tmp_path: Path) -> None:
    tenant = await make_tenant(sqlite_database.db)
    seen: list[str] = []

    async def index(tenant_id: str, document_id: str, progress: Progress) -> None:
        seen.append(document_id)
        await progress(1.0)

    blobs = f"file://{tmp_path}/blobs"
    async with open_stacks(sqlite_database.db, Blobs(blobs), index) as stacks:
        added = await stacks.library.add_file(tenant.id, "a.md", MIXED.encode())
        assert await stacks.librarian.once()
        assert (await stacks.library.get(tenant.id, added.id)).state == DocumentState.READY
    assert seen == [added.id]
