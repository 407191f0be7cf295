"""Search over documents at 1,000, 10,000 and 100,000 pieces on SQLite and Postgres, against the bare databases.

The tests' handbook (204 pieces, 60 questions it answers, 60 it does not) lies among made-up pieces in Arabic and
English: common words of the handbook, the demo restaurant's words and invented ones, as frequent as words are (Zipf),
in no order that means anything. Vectors are random, of 1,024 numbers as bge-m3's are: they cost what real ones cost
and find nothing, so recall is that of the words.
`python -m bench.search [sizes…] [--stores sqlite,postgres,pgvector]`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
from sqlalchemy import func, insert, select
from sqlalchemy.engine import make_url

from core_pipeline.arabic.analysis import stem, terms, words
from core_pipeline.knowledge import ANSWERABLE
from core_pipeline.knowledge.shelf import Shelf
from tenants.db import Database
from tenants.demo import load
from tenants.models import Chunk, Document, DocumentState
from tenants.schema import libpq, migrate
from tests import postgres
from tests.factories import make_tenant
from tests.knowledge.business import keep, learn
from tests.knowledge.handbook import answerable, extracts, unanswerable

DIMENSION = 1024
COMMON = 4
ASKED = [(id_, question) for name in ("tuned", "held") for id_, question in answerable(name)]
REFUSED = [*unanswerable("tuned_refused"), *unanswerable("refused")]


class RandomEmbedder:
    """Vectors of the right size without meaning; the same text gets the same one within a process."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Draw them."""
        return [np.random.default_rng(abs(hash(text))).normal(size=DIMENSION).tolist() for text in texts]

    async def close(self) -> None:
        """Nothing is held."""


def invented(language: str, chance: random.Random, count: int) -> list[str]:
    """Words that do not exist, of the shape of the language's."""
    letters = "ابتجحدرسشصعفقكلمنهوي" if language == "ar" else "abcdefghilmnoprstu"
    return ["".join(chance.choices(letters, k=chance.randint(4, 8))) for _ in range(count)]


def made_up(count: int) -> Iterator[tuple[str, str]]:
    """(language, text) of `count` pieces of two to five sentences."""
    chance = random.Random(7)
    shared = Counter(word for extract in extracts() for word in set(words(extract.text)))
    known = [word for word, pieces in shared.items() if pieces >= COMMON]
    known += [word for entry in load().entries for word in words(f"{entry.question} {entry.answer}")]
    pools = {}
    for language in ("ar", "en"):
        real = [w for w in dict.fromkeys(known) if (w[0] >= "\u0600") == (language == "ar") and not w.isdigit()]
        chance.shuffle(real)
        pool = real + invented(language, chance, 30_000)
        pools[language] = pool, list(np.cumsum([1 / (rank + 30) for rank in range(len(pool))]))
    for n in range(count):
        language = "ar" if n % 2 else "en"
        pool, weights = pools[language]
        sentences = (
            chance.choices(pool, cum_weights=weights, k=chance.randint(8, 16)) for _ in range(chance.randint(2, 5))
        )
        yield language, " ".join(f"{' '.join(sentence)} {chance.randint(1, 900)}." for sentence in sentences)


async def fill(db: Database, count: int) -> str:
    """A tenant with the handbook and made-up pieces, `count` in all."""
    tenant = await make_tenant(db)
    await learn(db, tenant.id, extracts())
    document = Document(
        tenant_id=tenant.id, title="Archive", mime="text/plain", sha256=uuid4().hex, state=DocumentState.READY
    )
    await keep(db, tenant.id, document)
    rows = [
        {
            "id": f"made-{n:06}",
            "tenant_id": tenant.id,
            "document_id": document.id,
            "position": n,
            "heading": "",
            "text": text,
            "language": language,
        }
        for n, (language, text) in enumerate(made_up(count - len(extracts())))
    ]
    async with db.tenant(tenant.id) as session:
        for start in range(0, len(rows), 2000):
            await session.execute(insert(Chunk), rows[start : start + 2000])
    await keep(db, tenant.id)
    return tenant.id


async def timed(work: Callable[[str], Awaitable[object]], repeat: int = 1) -> list[float]:
    """Milliseconds of each question."""
    spent = []
    for _ in range(repeat):
        for _, question in ASKED:
            begun = time.perf_counter()
            await work(question)
            spent.append(1000 * (time.perf_counter() - begun))
    return spent


def p50_95(spent: Sequence[float]) -> str:
    """Both as text."""
    return f"{statistics.median(spent):7.1f} {sorted(spent)[int(len(spent) * 0.95)]:7.1f}"


async def quality(shelf: Shelf, tenant: str) -> str:
    """recall@3, answered right, refusals, as text."""
    firsts, right = 0, 0
    for id_, question in ASKED:
        found = await shelf.search(tenant, question, "ar")
        firsts += id_ in [passage.id for passage in found[:3]]
        right += bool(found) and found[0].id == id_ and found[0].score >= ANSWERABLE
    refused = 0
    for question in REFUSED:
        found = await shelf.search(tenant, question, "ar")
        refused += not found or found[0].score < ANSWERABLE
    return f"recall@3 {firsts / len(ASKED):.2f} right {right / len(ASKED):.2f} refused {refused / len(REFUSED):.2f}"


def stems(question: str) -> list[str]:
    """What a bare search would look for."""
    return [stem(word) for word in words(question)] or ["x"]


@contextmanager
def bare_fts(folder: Path, texts: Sequence[str]) -> Iterator[Callable[[str], Awaitable[object]]]:
    """One FTS5 table over stems, one query: the floor of a search on SQLite."""
    floor = sqlite3.connect(folder / "floor.db")
    floor.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 0')")
    floor.executemany("INSERT INTO t VALUES (?)", ((" ".join(terms(text)),) for text in texts))
    floor.commit()

    async def search(question: str) -> object:
        match = " OR ".join(f'"{each}"' for each in stems(question))
        return floor.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t) LIMIT 20", (match,)).fetchall()

    yield search
    floor.close()


@contextmanager
def bare_tsvector(url: str, texts: Sequence[str]) -> Iterator[Callable[[str], Awaitable[object]]]:
    """One table with a GIN index, no tenants and no wall, one query: the floor of a search on Postgres."""
    with psycopg.connect(libpq(make_url(url)), autocommit=True) as floor:
        floor.execute("CREATE TABLE floor (n bigserial, x tsvector)")
        with floor.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO floor (x) VALUES (to_tsvector('simple', %s))", [(" ".join(terms(t)),) for t in texts]
            )
        floor.execute("CREATE INDEX ON floor USING gin (x)")
        floor.execute("ANALYZE floor")

        async def search(question: str) -> object:
            asked = " | ".join(f"'{each}'" for each in stems(question))
            ranked = "SELECT n FROM floor WHERE x @@ %(q)s::tsquery ORDER BY ts_rank(x, %(q)s::tsquery) DESC LIMIT 20"
            return floor.execute(ranked, {"q": asked}).fetchall()

        yield search


@asynccontextmanager
async def opened(store: str, server: postgres.Server | None, folder: Path) -> AsyncIterator[Database]:
    """A migrated database of this kind."""
    if server is None:
        url = f"sqlite+aiosqlite:///{folder}/main.db"
        migrate(url, f"sqlite+aiosqlite:///{folder}/inbox.db")
        async with Database(url) as db:
            yield db
        return
    with server.empty() as url:
        if store == "pgvector":
            with psycopg.connect(libpq(make_url(server.as_superuser(url))), autocommit=True) as admin:
                admin.execute("CREATE EXTENSION vector")
        migrate(url, url)
        async with Database(url) as db:
            yield db


async def megabytes(db: Database, folder: Path) -> float:
    """What the index takes on disk."""
    if db.url.startswith("sqlite"):
        return sum(file.stat().st_size for file in (folder / "search").iterdir()) / 1e6
    tables = ("search_piece", "search_index", "search_term", "search_word", "search_vector")
    async with db.platform(reads=True) as session:
        sizes = [await session.scalar(select(func.pg_total_relation_size(name))) or 0 for name in tables]
    return sum(sizes) / 1e6


async def measure(store: str, server: postgres.Server | None, count: int) -> None:
    """Print one store's line for one size."""
    embedder = RandomEmbedder()

    async def embedder_of(_: str) -> RandomEmbedder:
        return embedder

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with opened(store, server, folder) as db:
            tenant = await fill(db, count)
            shelf = Shelf(db)
            begun = time.perf_counter()
            await shelf.sync(tenant)
            synced = time.perf_counter() - begun
            await shelf.search(tenant, ASKED[0][1], "ar")
            said = await quality(shelf, tenant)
            by_words = await timed(lambda question: shelf.search(tenant, question, "ar"))
            size = await megabytes(db, folder)
            await keep(db, tenant)
            begun = time.perf_counter()
            await shelf.sync(tenant)
            unchanged = time.perf_counter() - begun
            hybrid_shelf = Shelf(db, embedder_of=embedder_of)
            begun = time.perf_counter()
            await hybrid_shelf.sync(tenant)
            placed = time.perf_counter() - begun
            await hybrid_shelf.search(tenant, ASKED[0][1], "ar")
            hybrid = await timed(lambda question: hybrid_shelf.search(tenant, question, "ar"))
            await hybrid_shelf.close()
            await shelf.close()
            texts = [text for _, text in made_up(count)]
            floor = bare_fts(folder, texts) if server is None else bare_tsvector(db.url, texts)
            with floor as search:
                bare = await timed(search)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    upkeep = f"sync {synced:6.1f} s, unchanged {unchanged:5.1f} s, vectors {placed:6.1f} s"
    print(f"{store:9}{count:8,}  {upkeep}  {size:6.0f} MB, peak RSS {rss:5.0f} MB")
    print(
        f"{'':19}p50/p95 ms: words {p50_95(by_words)}  hybrid {p50_95(hybrid)}  bare {p50_95(bare)}  {said}", flush=True
    )


async def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--stores", default="sqlite,postgres,pgvector")
    given = parser.parse_args()
    for store in given.stores.split(","):
        if store == "sqlite":
            for size in given.sizes:
                await measure(store, None, size)
        else:
            with postgres.server() as server:
                for size in given.sizes:
                    await measure(store, server, size)


if __name__ == "__main__":
    asyncio.run(main())
