"""Processes say that they are there, and what they count."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tenants import processes
from tenants.models import ServerProcess, now
from tests.conftest import Floor


async def test_a_process_is_there_while_it_beats(database: Floor) -> None:
    counted = {"beats": 0}
    again = asyncio.Event()

    def figures() -> dict[str, int]:
        counted["beats"] += 1
        if counted["beats"] > 2:
            again.set()
        return dict(counted)

    async with database.db.platform() as session:
        session.add(ServerProcess(name="old", kind="worker", seen_at=now() - timedelta(days=8)))
    async with processes.beating(database.db, "one", "serve", figures, every=0.01):
        async with asyncio.timeout(20):
            await again.wait()
    async with database.db.platform(reads=True) as session:
        [row] = await processes.everyone(session)
    assert (row.name, row.kind) == ("one/serve", "serve")
    assert row.figures["beats"] >= 2
    assert processes.there(row)
    assert not processes.there(row, now() + timedelta(minutes=2))
