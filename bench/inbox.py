"""The inbox with 10,000 conversations and 200,000 messages, on SQLite and Postgres: pages, searches, live news.

Run: .venv/bin/python -m bench.inbox
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
from sqlalchemy import insert
from sqlalchemy.engine import make_url

from core_pipeline.history.threads import touched
from tenants.models import ChannelAccount, Contact, Conversation, Direction, Message, new_id, now
from tenants.people import signed_in
from tenants.people.roles import Role
from tenants.schema import migrate
from tests import postgres
from tests.panel.house import Panel, opened
from webhooks.server import listening
from webhooks.simulate import free_port

ROUNDS, CHUNK = 15, 5000
WORDS = [*("عندكم", "كنافة", "توصيل", "سعر", "مواعيد", "فرع"), *("طلب", "جديد", "شكرا", "متى", "price", "order")]


async def filled(panel: Panel, conversations: int, messages: int) -> list[str]:
    """Write the rows and return the conversations' ids."""
    dice, own = random.Random(1), {"tenant_id": panel.tenant.id}
    async with panel.db.platform() as session:
        account = ChannelAccount(channel="web", external_id=new_id(), title="Site", tenant_id=panel.tenant.id)
        session.add(account)
    ids, contacts = [new_id() for _ in range(conversations)], [new_id() for _ in range(conversations)]
    begun = now() - timedelta(days=90)
    people = [
        {"id": one, "name": f"عميل {n}", "facts": {}, "created_at": begun, **own} for n, one in enumerate(contacts)
    ]
    threads = [
        {
            **own,
            "id": one,
            "account_id": account.id,
            "contact_id": contacts[n],
            "chat": f"2010{n:08}",
            "address": {"visitor": one},
            "language": dice.choice(["ar", "en"]),
            "last_text": " ".join(dice.choices(WORDS, k=6)),
            "last_kind": "text",
            "last_direction": "in",
            "last_at": begun + timedelta(seconds=n * 60),
            "changed_at": begun + timedelta(seconds=n * 60),
            "unread": int(n % 7 == 0),
            "closed_at": begun if n % 3 == 0 else None,
            "handed_at": begun if n % 50 == 0 else None,
            "created_at": begun,
        }
        for n, one in enumerate(ids)
    ]
    said = [
        {
            **own,
            "conversation_id": ids[n % conversations],
            "account_id": account.id,
            "direction": Direction.IN if n % 2 else Direction.OUT,
            "kind": "text",
            "text": " ".join(dice.choices(WORDS, k=12)),
            "provider_id": f"p{n}",
            "created_at": begun + timedelta(seconds=n),
            "sent_at": begun,
        }
        for n in range(messages)
    ]
    for table, rows in ((Contact, people), (Conversation, threads), (Message, said)):
        for start in range(0, len(rows), CHUNK):
            async with panel.db.platform() as session:
                await session.execute(insert(table), rows[start : start + CHUNK])
    return ids


async def counted(url: str) -> None:
    """Let Postgres count its rows, as a server in use does by itself (autovacuum) soon after a change this big."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        await connection.execute("ANALYZE")


async def timed(ask: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Median and best milliseconds of some rounds, after one to get warm."""
    await ask()
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took), min(took)


async def measured(panel: Panel, ids: list[str]) -> None:
    """Print what pages, searches and live news take."""
    person = await panel.person(Role.AGENT)
    async with panel.db.platform() as session:
        token = await signed_in.begin(session, person.id, whole=True)
    port = free_port()
    cookies = {"sawtak": token, "sawtak-language": "ar"}
    async with (
        listening(panel.web, "127.0.0.1", port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/admin/t/demo", cookies=cookies, timeout=60) as http,
    ):
        pages = {
            "first page": "/inbox",
            "unread only": "/inbox?state=unread",
            "waiting for a person": "/inbox?state=waiting",
            "search a name": "/inbox?search=عميل 77",
            "search a number": "/inbox?search=20100000",
            "search a common word": "/inbox?search=كنافه",
            "search rare words": "/inbox?search=كنافه توصيل سعر فرع",
            "a conversation": f"/inbox/{ids[-2]}",
        }
        for name, path in pages.items():

            async def ask(path: str = path) -> object:
                answer = await http.get(path)
                answer.raise_for_status()
                return answer

            middle, best = await timed(ask)
            print(f"  {name:24} median {middle:7.1f} ms   best {best:7.1f} ms")
        await news(panel, http, ids)


async def news(panel: Panel, http: httpx.AsyncClient, ids: list[str]) -> None:
    """Print how long after its commit a change stands on an open page."""
    took: list[float] = []
    async with http.stream("GET", "/inbox/stream") as answer:
        lines = answer.aiter_lines()
        while "retry" not in await anext(lines):
            pass
        for one in random.Random(2).sample(ids, ROUNDS):
            async with panel.db.tenant(panel.tenant.id) as session:
                await touched(session, one, last_at=now(), last_text="جديد", closed_at=None)
            committed = time.perf_counter()
            async for line in lines:
                if line.startswith("data: ") and any(row["id"] == one for row in json.loads(line[6:]).get("rows", ())):
                    took.append((time.perf_counter() - committed) * 1000)
                    break
    print(f"  {'live news':24} median {statistics.median(took):7.1f} ms   worst {max(took):7.1f} ms")


@asynccontextmanager
async def databases() -> AsyncIterator[dict[str, tuple[str, str]]]:
    """Fresh migrated databases of both kinds."""
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server, server.database() as url:
        place = Path(folder) / "db"
        place.mkdir()
        pair = f"sqlite+aiosqlite:///{place}/main.db", f"sqlite+aiosqlite:///{place}/inbox.db"
        await asyncio.to_thread(migrate, *pair)
        yield {"SQLite": pair, "Postgres": (url, url)}


async def main(conversations: int, messages: int) -> None:
    """Measure both databases."""
    async with databases() as pairs:
        for name, pair in pairs.items():
            with tempfile.TemporaryDirectory() as folder:
                async with opened(pair, Path(folder)) as panel:
                    ids = await filled(panel, conversations, messages)
                    if name == "Postgres":
                        await counted(pair[0])
                    print(f"{name}: {conversations:,} conversations, {messages:,} messages")
                    await measured(panel, ids)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=200_000)
    given = parser.parse_args()
    asyncio.run(main(given.conversations, given.messages))
