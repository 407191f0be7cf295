"""The inbox: nothing acknowledged is ever lost, nothing is kept twice, and waiting callers share their commits."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from errors import Impossible, Retryable
from tenants.inbox import Inbox, NewRow
from tenants.models import InboxRow
from tenants.schema import sync_url


def row(number: int | str, account: str = "a") -> NewRow:
    return NewRow(tenant_id="t", account_id=account, provider_id=f"m{number}", payload='{"text": "مرحبا"}')


def path_of(pair: tuple[str, str]) -> Path:
    return Path(pair[1].removeprefix("sqlite+aiosqlite:///"))


async def test_rows_are_kept_once_and_come_back_in_order(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1]) as inbox:
        assert await inbox.put([]) == []
        first = await inbox.put([row(1), row(2), row(1)])
        again = await inbox.put([row(2), row(3), row(2, "b")])
        waiting = await inbox.pending(10)
    assert first[0] is not None
    assert first[2] is None
    assert again[0] is None
    assert [kept.id for kept in waiting] == sorted(kept.id for kept in waiting)
    assert [(kept.account_id, kept.provider_id) for kept in waiting] == [
        ("a", "m1"),
        ("a", "m2"),
        ("a", "m3"),
        ("b", "m2"),
    ]
    assert [kept.id for kept in waiting] == [id_ for id_ in [*first, *again] if id_ is not None]
    assert waiting[0].payload == '{"text": "مرحبا"}'
    assert waiting[0].tries == 0


async def test_times_survive_and_the_model_reads_the_same_row(url_pair: tuple[str, str]) -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    async with Inbox(url_pair[1]) as inbox:
        await inbox.put([NewRow("t", "a", "m", "{}", at.astimezone())])
        assert [kept.received_at for kept in await inbox.pending(1)] == [at]
    engine = create_engine(sync_url(url_pair[1]))
    with Session(engine) as session:
        kept = session.scalars(select(InboxRow)).one()
    engine.dispose()
    assert (kept.tenant_id, kept.payload, kept.received_at, kept.relayed_at) == ("t", "{}", at, None)


async def test_marked_rows_are_pending_no_more_and_purged_when_old(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1]) as inbox:
        ids = [id_ for id_ in await inbox.put([row(number) for number in range(5)]) if id_]
        await inbox.mark(ids[:3])
        await inbox.mark([])
        assert [kept.id for kept in await inbox.pending(10)] == ids[3:]
        assert await inbox.purge(datetime.now(UTC) - timedelta(minutes=1)) == 0
        assert await inbox.purge(datetime.now(UTC) + timedelta(minutes=1)) == 3
        assert [kept.id for kept in await inbox.pending(10)] == ids[3:]
        assert await inbox.put([row(0)]) != [None]


async def test_failed_relays_are_counted_and_can_be_left_out(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1]) as inbox:
        poison, sound = await inbox.put([row(1), row(2)])
        assert poison
        for _ in range(3):
            await inbox.bump([poison])
        assert [(kept.id, kept.tries) for kept in await inbox.pending(10)] == [(poison, 3), (sound, 0)]
        assert [kept.id for kept in await inbox.pending(10, most_tries=3)] == [sound]
        assert [kept.id for kept in await inbox.pending(1)] == [poison]


async def test_callers_share_commits_and_get_their_own_ids(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1], most=40) as inbox:
        answers = await asyncio.gather(*(inbox.put([row(f"{n}-{k}") for k in range(3)]) for n in range(50)))
        ids = [id_ for answer in answers for id_ in answer]
        assert len(set(ids)) == 150
        assert None not in ids
        kept = {one.id: one.provider_id for one in await inbox.pending(1000)}
    for number, answer in enumerate(answers):
        assert [kept[id_] for id_ in answer if id_] == [f"m{number}-{k}" for k in range(3)]


async def test_one_commit_serves_many_callers(sqlite_url_pair: tuple[str, str]) -> None:
    path = path_of(sqlite_url_pair)
    async with Inbox(sqlite_url_pair[1]) as inbox:
        await inbox.put([row("first")])
        with closing(sqlite3.connect(path)) as other:
            before = other.execute("PRAGMA data_version").fetchone()
            commits = 0
            puts = [asyncio.create_task(inbox.put([row(n)])) for n in range(64)]
            while not all(put.done() for put in puts):
                await asyncio.sleep(0)
                after = other.execute("PRAGMA data_version").fetchone()
                commits, before = commits + (after != before), after
        await asyncio.gather(*puts)
    assert commits <= 2


async def test_more_rows_than_a_batch_holds_go_in_whole(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1], most=10) as inbox:
        ids = await inbox.put([row(number) for number in range(2500)])
        assert len(await inbox.pending(5000)) == len(set(ids)) == 2500


async def test_the_same_message_from_two_callers_at_once_is_kept_once(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1]) as inbox:
        answers = await asyncio.gather(*(inbox.put([row(1)]) for _ in range(20)))
        assert len(await inbox.pending(10)) == 1
    assert sorted(answer == [None] for answer in answers) == [False] + [True] * 19


async def test_waiting_wakes_on_a_commit_and_not_without(url_pair: tuple[str, str]) -> None:
    async with Inbox(url_pair[1]) as inbox:
        assert await inbox.wait(0.01) is False
        waiting = asyncio.create_task(inbox.wait(30))
        await asyncio.sleep(0)
        await inbox.put([row(1)])
        assert await asyncio.wait_for(waiting, 5) is True
        await inbox.mark([1])
        assert await inbox.wait(0.01) is False


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_unwritable_text_fails_its_own_caller_only(url_pair: tuple[str, str], text: str) -> None:
    async with Inbox(url_pair[1]) as inbox:
        good = asyncio.create_task(inbox.put([row(1)]))
        with pytest.raises(Impossible):
            await inbox.put([NewRow("t", "a", text, "{}")])
        assert await good != [None]


async def test_a_failing_database_fails_the_callers_but_not_the_writer(sqlite_url_pair: tuple[str, str]) -> None:
    path = path_of(sqlite_url_pair)
    aside = path.with_suffix(".aside")
    path.rename(aside)
    async with Inbox(sqlite_url_pair[1]) as inbox:
        answers: list[Any] = await asyncio.gather(*(inbox.put([row(n)]) for n in range(5)), return_exceptions=True)
        assert [(type(answer), answer.code) for answer in answers] == [(Retryable, "inbox-down")] * 5
        aside.rename(path)
        assert await inbox.put([row(0)]) != [None]


async def test_postgres_may_go_away_and_come_back(postgres_url_pair: tuple[str, str]) -> None:
    async with Inbox(postgres_url_pair[1]) as inbox:
        await inbox.put([row(1)])
        engine = create_engine(sync_url(postgres_url_pair[1]))
        with engine.connect() as other:
            other.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        engine.dispose()
        with pytest.raises(Retryable):
            await inbox.put([row(2)])
        assert await inbox.put([row(2)]) != [None]


async def test_closing_writes_what_waits_and_refuses_what_comes(sqlite_url_pair: tuple[str, str]) -> None:
    inbox = Inbox(sqlite_url_pair[1])
    puts = [asyncio.create_task(inbox.put([row(n)])) for n in range(10)]
    await asyncio.sleep(0)
    await inbox.close()
    assert None not in [id_ for answer in await asyncio.gather(*puts) for id_ in answer]
    with pytest.raises(Retryable):
        await inbox.put([row("late")])
    await Inbox(sqlite_url_pair[1]).close()


KILLED = """
import asyncio, os, sys
from tenants.inbox import Inbox, NewRow

async def main() -> None:
    inbox = Inbox(sys.argv[1])
    for start in range(0, 1000, 20):
        ids = await asyncio.gather(*(inbox.put([NewRow("t", "a", str(n), "{}")]) for n in range(start, start + 20)))
        print(start, flush=True)

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(sqlite_url_pair: tuple[str, str]) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, sqlite_url_pair[1]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(5)][-1] + 20
        process.kill()
    with closing(sqlite3.connect(path_of(sqlite_url_pair))) as after:
        (kept,) = after.execute("SELECT count(*) FROM inbox").fetchone()
    assert kept >= acknowledged
