"""What the stores promise: one answer from all, no trace of what is gone, and rising again from ruins."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select, table
from sqlalchemy.engine import make_url

from core_pipeline.arabic.analysis import terms
from core_pipeline.knowledge.entries import Entry as Known
from core_pipeline.knowledge.entries import Extract
from core_pipeline.knowledge.pieces import Section, piece
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.knowledge.store import Outrun
from core_pipeline.knowledge.store.sqlite import SqliteStore
from errors import Impossible, Retryable
from tenants.db import Database
from tenants.models import Chunk, Entry, Product
from tests.knowledge.business import drop, keep, open_business, reword
from tests.knowledge.conftest import KINDS
from tests.knowledge.embedding import NgramEmbedder
from tests.knowledge.handbook import answerable, extracts, unanswerable

ROOT = Path(__file__).parents[2]
SECRET = Extract("secret", "The zanzibar password is xylophone.", "en", title="Quixotic")
OPEN = Extract("open", "The gate opens at nine.", "en", title="Guide")


@dataclass(frozen=True)
class Place:
    """A shelf and the tenant it is for."""

    shelf: Shelf
    tenant: str


async def furnished(db: Database, embedder: NgramEmbedder | None) -> Place:
    async def embedder_of(_: str) -> NgramEmbedder | None:
        return embedder

    tenant = await open_business(db, extracts())
    rows = [
        Entry(
            id=f"e{n}",
            tenant_id=tenant,
            fact=f"f{n // 2}",
            language="ar" if n % 2 else "en",
            question=asked,
            answer=told,
        )
        for n, (asked, told) in enumerate(
            [
                ("Do you deliver?", "Yes."),
                ("هل يوجد توصيل؟", "نعم."),
                ("Who owns the shop?", "We do."),
                ("من المالك؟", "نحن."),
            ]
        )
    ]
    wares = [Product(id="p1", tenant_id=tenant, fact="tea", language="ar", name="شاي", price="12.50", currency="EGP")]
    await keep(db, tenant, *rows, *wares)
    shelf = Shelf(db, embedder_of=embedder_of)
    await shelf.sync(tenant)
    return Place(shelf, tenant)


@pytest.mark.parametrize("embedder", [None, NgramEmbedder()], ids=["words", "vectors"])
async def test_all_stores_give_the_same_results(request: pytest.FixtureRequest, embedder: NgramEmbedder | None) -> None:
    asked = [question for name in ("tuned", "held") for _, question in answerable(name)]
    asked += [*unanswerable("tuned_refused"), *unanswerable("refused"), "بكام الشاي؟ وهل يوجد توصيل؟", "fi tawseel"]
    told = []
    async with AsyncExitStack() as stack:
        for kind in KINDS:
            db = await stack.enter_async_context(Database(request.getfixturevalue(f"{kind}_one")))
            place = await furnished(db, embedder)
            stack.push_async_callback(place.shelf.close)
            told.append([await place.shelf.search(place.tenant, question, "ar") for question in asked])
    for other in told[1:]:
        for question, first, second in zip(asked, told[0], other, strict=True):
            assert [(p.id, p.extract) for p in first] == [(p.id, p.extract) for p in second], question
            assert [p.score for p in first] == pytest.approx([p.score for p in second], abs=0.001), question
    assert sum(len(found) for found in told[0]) > 200


@pytest.fixture
async def sqlite_db(sqlite_one: str) -> AsyncIterator[Database]:
    async with Database(sqlite_one) as opened:
        yield opened


def files(db: Database, tenant: str) -> list[Path]:
    folder = Path(make_url(db.url).database or "").parent / "search"
    return sorted(folder.glob(f"{tenant}.db*"))


def traces(db: Database, tenant: str) -> set[str]:
    held = b"".join(file.read_bytes() for file in files(db, tenant))
    words = {"zanzibar", "xylophone", "quixotic", *terms("zanzibar xylophone quixotic")}
    return {word for word in words if word.encode() in held}


@pytest.mark.parametrize("way", ["deleted", "reworded"])
async def test_nothing_of_what_is_gone_stays_in_the_file(sqlite_db: Database, way: str) -> None:
    embedder = NgramEmbedder()

    async def embedder_of(_: str) -> NgramEmbedder:
        return embedder

    tenant = await open_business(sqlite_db, [SECRET, *extracts()])
    shelf = Shelf(sqlite_db, embedder_of=embedder_of)
    await shelf.sync(tenant)
    assert "xylophon" in traces(sqlite_db, tenant)
    if way == "deleted":
        await drop(sqlite_db, tenant, Chunk, "secret")
        expected = set()
    else:
        await reword(sqlite_db, tenant, "secret", "Nothing to see.")
        expected = {each for each in traces(sqlite_db, tenant) if each.startswith("quixot")}
    await shelf.sync(tenant)
    assert traces(sqlite_db, tenant) == expected
    await shelf.forget(tenant)
    assert files(sqlite_db, tenant) == []
    await shelf.close()


RUINS = {
    "lost": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(b"not a database at all " * 1000),
    "cut": lambda file: file.write_bytes(file.read_bytes()[: 3 * 4096]),
    "torn": lambda file: file.write_bytes(file.read_bytes()[:4096] + os.urandom(len(file.read_bytes()) - 4096)),
}


@pytest.mark.parametrize("ruin", RUINS)
@pytest.mark.parametrize("running", [True, False])
async def test_a_ruined_file_is_made_anew(sqlite_db: Database, ruin: str, running: bool) -> None:
    tenant = await open_business(sqlite_db, extracts())
    shelf = Shelf(sqlite_db)
    expected, question = answerable("tuned")[2]
    await shelf.sync(tenant)
    if not running:
        await shelf.close()
    main, *others = files(sqlite_db, tenant)
    for other in others if ruin != "lost" else []:
        other.unlink()
    RUINS[ruin](main)
    if not running:
        shelf = Shelf(sqlite_db)
    assert (await shelf.search(tenant, question, "ar"))[0].id == expected
    await shelf.close()
    later = Shelf(sqlite_db)
    assert (await later.search(tenant, question, "ar"))[0].id == expected
    await later.close()


KILLED = """
import asyncio, os, signal, sys
from core_pipeline.knowledge import upkeep
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.knowledge.store.sqlite_file import SqliteFile
from tenants.db import Database

upkeep._BATCH = 40
put_in, calls = SqliteFile._put_in, []

def dies(db, new):
    calls.append(new)
    put_in(db, new[:20] if len(calls) == 3 else new)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

SqliteFile._put_in = staticmethod(dies)

async def main():
    async with Database(sys.argv[1]) as db:
        await Shelf(db).sync(sys.argv[2])

asyncio.run(main())
"""


async def test_a_process_killed_while_writing_loses_nothing(sqlite_db: Database) -> None:
    tenant = await open_business(sqlite_db, extracts())
    command = [sys.executable, "-c", KILLED, sqlite_db.url, tenant]
    ended = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    shelf = Shelf(sqlite_db)
    assert len(await shelf._store.digests(tenant)) == 80
    expected, question = answerable("tuned")[2]
    assert (await shelf.search(tenant, question, "ar"))[0].id == expected
    assert len(await shelf._store.digests(tenant)) == len(extracts())
    await shelf.close()


async def test_few_files_stay_open_and_all_are_searched(sqlite_db: Database, tmp_path: Path) -> None:
    tenants = [await open_business(sqlite_db, [OPEN], f"{n}-") for n in range(5)]
    shelf = Shelf(sqlite_db)
    shelf._store = store = SqliteStore(tmp_path / "few", keep=2, memory=0)
    shelf._upkeep._store = shelf._finder._store = shelf._finder._vocabularies._store = shelf._spaces._store = store
    await asyncio.gather(*(shelf.sync(tenant) for tenant in tenants))
    found = await asyncio.gather(*(shelf.search(tenant, "when does the gate open", "en") for tenant in tenants * 4))
    assert [passages[0].id for passages in found] == [f"{n}-open" for n in range(5)] * 4
    assert len(store._files) <= 2
    await shelf.close()


async def test_only_ids_name_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    for wrong in ("../x", "", "a/b", "x" * 65, "a\x00b"):
        with pytest.raises(Impossible):
            await store.state(wrong)
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_refuses_is_no_reason_to_start_anew(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    (tmp_path / "t1.db").mkdir()
    with pytest.raises(Retryable):
        await SqliteStore(tmp_path).state("t1")


async def test_the_newer_claim_wins(db: Database) -> None:
    tenant = await open_business(db)
    store = Shelf(db)._store
    await store.claim(tenant, 3)
    await store.claim(tenant, 5)
    with pytest.raises(Outrun):
        await store.claim(tenant, 4)
    with pytest.raises(Outrun):
        await store.write(tenant, 3, [], [piece(OPEN)])
    with pytest.raises(Outrun):
        await store.finish(tenant, 3)
    await store.write(tenant, 5, [], [piece(OPEN)])
    await store.finish(tenant, 5)
    assert (await store.state(tenant)).version == 5
    await store.close()


async def test_a_piece_is_counted_once_however_often_it_is_written(db: Database) -> None:
    tenant = await open_business(db)
    store = Shelf(db)._store
    await store.claim(tenant, 1)
    known = [Known("a", "Is there tea?", "Yes.", "en"), Known("b", "Is there green tea?", "No.", "en")]
    for _ in range(3):
        await store.write(tenant, 1, [], [piece(each) for each in known])
    counts = await store.counts(tenant, Section.QUESTIONS)
    assert (counts.pieces, counts.terms["tea"], counts.terms["green"]) == (2, 2, 1)
    await store.write(tenant, 1, ["b", "never there"], [])
    counts = await store.counts(tenant, Section.QUESTIONS)
    assert (counts.pieces, counts.terms) == (1, {"tea": 1})
    await store.close()


@pytest.mark.parametrize("kind", ["postgres", "pgvector"])
async def test_postgres_itself_keeps_indexes_apart(request: pytest.FixtureRequest, kind: str) -> None:
    tables = ("search_state", "search_piece", "search_index", "search_term", "search_word", "search_vector")
    async with Database(request.getfixturevalue(f"{kind}_one")) as db:
        place = await furnished(db, NgramEmbedder())
        other = await open_business(db)
        for scope, seen in ((place.tenant, True), (other, False), ("", False)):
            async with db.platform() as session:
                # Without any condition of ours: only the wall stands between the tenants.
                for name, value in (("sawtak.platform", ""), ("sawtak.tenant", scope)):
                    await session.execute(select(func.set_config(name, value, True)))
                for name in tables:
                    rows = await session.scalar(select(func.count()).select_from(table(name)))
                    assert bool(rows) is seen, (name, scope)
        await place.shelf.close()
