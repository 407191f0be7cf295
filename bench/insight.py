"""The figures of a month and of a quarter, of 200,000 messages and 100,000 answers in 90 days, on SQLite and Postgres.

Run: .venv/bin/python -m bench.insight
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import insert, update
from sqlmodel import col

from bench.inbox import CHUNK, ROUNDS, counted, databases, filled, timed
from tenants.models import ChannelAccount, Direction, Message, Turn, TurnStage, TurnState, new_id, now
from tenants.people import signed_in
from tenants.people.roles import Role
from tests.panel.house import Panel, opened
from webhooks.server import listening
from webhooks.simulate import free_port

DAYS = 90
STAGES = (("transcribe", "demo"), ("answer", "knowledge"), ("speak", "espeak"), ("encode", None), ("send", None))


async def spread(panel: Panel, messages: int) -> None:
    """Lay the messages evenly over the days, as answers by voice that have arrived; each was written by itself."""
    begun, step = now() - timedelta(days=DAYS), timedelta(days=DAYS) / messages
    said = {"status": "delivered", "kind": "voice"}
    async with panel.db.platform() as session:
        await session.execute(update(Message).where(col(Message.direction) == Direction.OUT).values(**said))
        rows = (await session.execute(update(Message).returning(col(Message.id)).values(error=None))).scalars().all()
        for start in range(0, len(rows), CHUNK):
            times = [{"id": one, "created_at": begun + n * step} for n, one in enumerate(rows[start:][:CHUNK], start)]
            await session.execute(update(Message), times)


async def answered(panel: Panel, ids: list[str], turns: int) -> None:
    """Write turns, each with the bill of five stages."""
    dice, own = random.Random(3), {"tenant_id": panel.tenant.id}
    begun, step = now() - timedelta(days=DAYS), timedelta(days=DAYS) / turns
    async with panel.db.platform() as session:
        account = (await session.execute(ChannelAccount.__table__.select())).first()  # type: ignore[attr-defined]  # SQLModel has it
    said: list[dict[str, object]] = []
    bills: list[dict[str, object]] = []
    for n in range(turns):
        turn = {**own, "id": new_id(), "conversation_id": ids[n % len(ids)], "started_at": begun + n * step}
        more = {
            "heard": f"بكام الصنف رقم {n % 300}؟",
            "answer": "بخمسين جنيها.",
            "reply_kind": "voice",
            "citations": [],
        }
        ended = {"state": TurnState.ANSWERED, "finished_at": begun + n * step + timedelta(seconds=2)}
        said.append({**turn, **more, **ended, "note": None if n % 5 else "unknown"})
        one = {**own, "turn_id": turn["id"], "at": turn["started_at"], "account_id": account and account.id}
        bills += [
            {**one, "id": new_id(), "name": name, "engine": engine, "ms": dice.random() * 900, "part": 0}
            | {"units": 1.0, "unit": "second", "cost": 10}
            for name, engine in STAGES
        ]
    for table, rows in ((Turn, said), (TurnStage, bills)):
        for start in range(0, len(rows), CHUNK):
            async with panel.db.platform() as session:
                await session.execute(insert(table), rows[start : start + CHUNK])


async def measured(panel: Panel) -> None:
    """Print what the pages take over real HTTP."""
    person = await panel.person(Role.OWNER)
    async with panel.db.platform() as session:
        token = await signed_in.begin(session, person.id, whole=True)
    port = free_port()
    cookies = {"sawtak": token, "sawtak-language": "ar"}
    async with (
        listening(panel.web, "127.0.0.1", port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies=cookies, timeout=60) as http,
    ):
        pages = {"at a glance": "", "7 days": "/insight?days=7", "30 days": "/insight", "90 days": "/insight?days=90"}
        for name, path in pages.items():

            async def ask(path: str = path) -> object:
                return (await http.get(f"/admin/t/demo{path}")).raise_for_status()

            begun = time.process_time()
            middle, best = await timed(ask)
            spent = (time.process_time() - begun) * 1000 / (ROUNDS + 1)
            print(f"  {name:16} median {middle:7.1f} ms   best {best:7.1f} ms   our CPU {spent:7.1f} ms", flush=True)


async def main(messages: int) -> None:
    """Measure both databases."""
    async with databases() as pairs:
        for name, pair in pairs.items():
            with tempfile.TemporaryDirectory() as folder:
                async with opened(pair, Path(folder)) as panel:
                    ids = await filled(panel, messages // 20, messages)
                    await spread(panel, messages)
                    await answered(panel, ids, messages // 2)
                    if name == "Postgres":
                        await counted(pair[0])
                    print(f"{name}: {messages:,} messages, {messages // 2:,} answers in {DAYS} days", flush=True)
                    await measured(panel)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    asyncio.run(main(parser.parse_args().messages))
