"""Tenants' search over documents, products and questions, on every store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge import ANSWERABLE
from core_pipeline.knowledge.entries import Extract
from core_pipeline.knowledge.pieces import Section
from core_pipeline.knowledge.shelf import Shelf
from errors import Impossible, Retryable
from tenants.db import Database
from tenants.models import Chunk, Entry, Product, Tenant
from tests.knowledge.business import drop, keep, open_business, raised, reword
from tests.knowledge.embedding import NgramEmbedder
from tests.knowledge.handbook import answerable, extracts, unanswerable

POOL = Extract(
    "pool", "The pool opens at eight. Towels are lent at the gate. Children swim free.", "en", title="Guide", page=3
)


@pytest.fixture
async def shelf(db: Database) -> AsyncIterator[Shelf]:
    opened = Shelf(db)
    yield opened
    await opened.close()


async def ids(shelf: Shelf, tenant: str, text: str) -> list[str]:
    return [passage.id for passage in await shelf.search(tenant, text, "en")]


def sure(found: tuple[Passage, ...]) -> bool:
    return bool(found) and found[0].score >= ANSWERABLE


async def test_the_handbook_is_found_and_what_it_does_not_say_is_not(shelf: Shelf, db: Database) -> None:
    """Words only, the same on every store: recall@3 0.97, right and sure 0.80, refused 0.97."""
    tenant = await open_business(db, extracts())
    asked = [*answerable("tuned"), *answerable("held")]
    found = [await shelf.search(tenant, question, "ar") for _, question in asked]
    firsts = [[passage.id for passage in passages[:3]] for passages in found]
    assert sum(id_ in three for (id_, _), three in zip(asked, firsts, strict=True)) / len(asked) >= 0.9
    right = [s and id_ == three[0] for (id_, _), three, s in zip(asked, firsts, map(sure, found), strict=True)]
    assert sum(right) / len(asked) >= 0.75
    found = [
        await shelf.search(tenant, each, "ar") for each in (*unanswerable("tuned_refused"), *unanswerable("refused"))
    ]
    assert sum(not sure(passages) for passages in found) / len(found) >= 0.95


async def test_a_documents_answer_names_its_sentence_and_page(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db, [POOL])
    found = (await shelf.search(tenant, "where are towels lent", "en"))[0]
    assert (found.extract, found.source) == ("Towels are lent at the gate.", "Guide, p. 3")
    assert (found.question, found.answer, found.language) == ("", POOL.text, "en")
    assert found.score >= ANSWERABLE


async def test_a_product_is_found_by_name_and_price(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db)
    given: dict[str, Any] = {"tenant_id": tenant, "fact": "tea", "currency": "EGP"}
    tea = Product(**given, language="ar", name="شاي بالنعناع", price="25.00", description="كوب كبير")
    await keep(db, tenant, tea, Product(**given, language="en", name="Mint tea", price="25.00"))
    for question in ("بكام الشاي بالنعناع", "عندكم شاي؟", "سعر شاي النعناع"):
        found = (await shelf.search(tenant, question, "ar"))[0]
        assert (found.id, found.answer) == (tea.id, "سعر شاي بالنعناع هو 25 جنيها. كوب كبير")
        assert found.score >= ANSWERABLE
    english = (await shelf.search(tenant, "how much is the mint tea", "en"))[0]
    assert english.answer == "Mint tea costs 25 Egyptian pounds."


async def test_a_questions_answer_comes_before_a_documents(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db, [POOL])
    entry = Entry(tenant_id=tenant, fact="pool", language="en", question="When does the pool open?", answer="At nine.")
    await keep(db, tenant, entry)
    assert (await ids(shelf, tenant, "when does the pool open"))[0] == entry.id


async def test_what_changes_is_found_at_once_and_what_goes_is_not(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db, [POOL])
    (pool,) = await ids(shelf, tenant, "are towels lent")
    await reword(db, tenant, pool, "The sauna is closed on Mondays.")
    assert sure(await shelf.search(tenant, "is the sauna closed on mondays", "en"))
    assert not sure(await shelf.search(tenant, "are towels lent", "en"))
    await drop(db, tenant, Chunk, pool)
    assert await ids(shelf, tenant, "is the sauna closed on mondays") == []


async def test_a_row_that_is_gone_is_not_answered_even_before_the_index_knows(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db, [POOL])
    assert await ids(shelf, tenant, "are towels lent")
    async with db.tenant(tenant) as session:
        await session.delete(await session.get(Chunk, "pool"))
    assert await ids(shelf, tenant, "are towels lent") == []


async def test_tenants_see_their_own_only(shelf: Shelf, db: Database) -> None:
    mine = await open_business(db, [POOL], "mine-")
    other = await open_business(db, [POOL], "other-")
    nobody = await open_business(db)
    assert await ids(shelf, mine, "are towels lent") == ["mine-pool"]
    assert await ids(shelf, other, "are towels lent") == ["other-pool"]
    assert await ids(shelf, nobody, "are towels lent") == []
    assert await ids(shelf, "0" * 32, "are towels lent") == []
    with pytest.raises(Impossible, match="tenant-unknown"):
        await shelf.sync("0" * 32)
    await shelf.forget(other)
    assert await shelf._store.digests(other) == {}
    assert await ids(shelf, mine, "are towels lent") == ["mine-pool"]


async def test_one_tenants_words_do_not_weigh_in_anothers_search(shelf: Shelf, db: Database) -> None:
    alone = await open_business(db, [POOL], "a-")
    before = await shelf.search(alone, "are towels lent", "en")
    crowd = [Extract(f"t{n}", f"Towels number {n} are lent.", "en", title="Towels") for n in range(40)]
    await open_business(db, crowd, "b-")
    assert await shelf.search(alone, "are towels lent", "en") == before


async def test_many_may_sync_and_search_at_once(db: Database) -> None:
    tenant = await open_business(db, extracts())
    shelves = [Shelf(db) for _ in range(3)]
    question = answerable("tuned")[2]
    work = [shelf.search(tenant, question[1], "ar") for shelf in shelves for _ in range(4)]
    found = await asyncio.gather(*work, *(shelf.sync(tenant) for shelf in shelves))
    firsts = {passages[0].id for passages in found if passages}
    assert firsts == {question[0]}
    digests = await shelves[0]._store.digests(tenant)
    assert len(digests) == len(extracts())
    for shelf in shelves:
        assert [p.id for p in await shelf.search(tenant, question[1], "ar")][:1] == [question[0]]
        await shelf.close()


async def test_an_index_ahead_of_restored_rows_is_made_anew(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db, [POOL])
    await shelf.sync(tenant)
    async with db.tenant(tenant) as session:
        await session.execute(update(Tenant).where(col(Tenant.id) == tenant).values(knowledge_version=1))
    assert await ids(shelf, tenant, "are towels lent") == ["pool"]
    assert (await shelf._store.state(tenant)).version == 1


async def test_a_sync_that_died_halfway_is_repaired(
    shelf: Shelf, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await open_business(db, extracts())
    monkeypatch.setattr("core_pipeline.knowledge.upkeep._BATCH", 50)
    write, calls = shelf._store.write, []

    async def dies(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            msg = "the process ends here"
            raise OSError(msg)
        await write(*given)

    monkeypatch.setattr(shelf._store, "write", dies)
    with pytest.raises(OSError, match="ends here"):
        await shelf.sync(tenant)
    assert 0 < len(await shelf._store.digests(tenant)) < len(extracts())
    later = Shelf(db)
    await later.sync(tenant)
    assert len(await later._store.digests(tenant)) == len(extracts())
    assert (await later._store.counts(tenant, Section.TEXTS)).pieces == len(extracts())
    await later.close()


async def test_a_sync_that_fails_leaves_the_search_what_there_is(
    shelf: Shelf, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> None:
        raise Retryable("search-store", "the disk is full")

    tenant = await open_business(db, [POOL])
    with monkeypatch.context() as broken:
        broken.setattr(shelf._store, "write", fails)
        with pytest.raises(Retryable):
            await shelf.search(tenant, "are towels lent", "en")
    assert await ids(shelf, tenant, "are towels lent") == ["pool"]
    await keep(db, tenant, Entry(tenant_id=tenant, fact="x", language="en", question="Is there a spa?", answer="Yes."))
    monkeypatch.setattr(shelf._store, "write", fails)
    assert await ids(shelf, tenant, "are towels lent") == ["pool"]


async def test_the_vocabulary_is_empty_again_when_all_is_gone(shelf: Shelf, db: Database) -> None:
    tenant = await open_business(db, extracts())
    await shelf.sync(tenant)
    assert (await shelf._store.counts(tenant, Section.TEXTS)).words
    await drop(db, tenant, Chunk, *(each.id for each in extracts()))
    told: list[float] = []

    async def progress(part: float) -> None:
        told.append(part)

    await shelf.sync(tenant, progress)
    counts = await shelf._store.counts(tenant, Section.TEXTS)
    assert (counts.pieces, counts.terms, counts.words) == (0, {}, {})
    assert told[-1] == 1.0


async def test_another_wording_is_asked_for_only_when_nothing_answers(db: Database) -> None:
    tenant = await open_business(db, [POOL])
    asked: list[str] = []

    async def rewrite(of: str, question: str, language: str) -> list[str]:
        assert (of, language) == (tenant, "en")
        asked.append(question)
        return ["nothing known", "are towels lent"]

    shelf = Shelf(db, rewrite=rewrite)
    assert sure(await shelf.search(tenant, "is the pool free for children who swim", "en"))
    assert asked == []
    assert sure(await shelf.search(tenant, "bath linen please", "en"))
    assert asked == ["bath linen please"]

    async def broken(*_: str) -> list[str]:
        raise Impossible("no-model")

    shelf._rewrite = broken
    assert not sure(await shelf.search(tenant, "bath linen please", "en"))
    await shelf.close()


async def test_a_search_does_not_wait_for_a_long_sync(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = await open_business(db, [POOL])
    shelf = Shelf(db, patience=0.05)
    await shelf.sync(tenant)
    await keep(db, tenant, Entry(tenant_id=tenant, fact="x", language="en", question="Is there a spa?", answer="Yes."))
    go, write = asyncio.Event(), shelf._store.write

    async def waits(*given: Any) -> None:
        await go.wait()
        await write(*given)

    monkeypatch.setattr(shelf._store, "write", waits)
    assert await ids(shelf, tenant, "are towels lent") == ["pool"]
    assert await ids(shelf, tenant, "is there a spa") == []
    go.set()
    await shelf.sync(tenant)
    assert sure(await shelf.search(tenant, "is there a spa", "en"))
    await shelf.close()


WILD = st.one_of(
    st.text(),
    st.text(alphabet="\"*^:()-+{}[]NEAROT \x00'؟?!.،👍🏽\u202eابت", max_size=80),
    st.sampled_from(
        ['"', "a AND b", 'asked:"x" OR told:y', "NEAR(a b, 2)", "'; DROP TABLE piece; --", "\x00", "٣" * 50]
    ),
    st.text(alphabet="كلمة word 12 ", min_size=100, max_size=200).map(lambda some: some * 50),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=WILD)
async def test_any_text_may_be_searched(text: str, wild: tuple[Shelf, str]) -> None:
    shelf, tenant = wild
    assert all(0 <= passage.score <= 1 for passage in await shelf.search(tenant, text, "ar"))


@pytest.fixture
async def wild(db: Database) -> AsyncIterator[tuple[Shelf, str]]:
    embedder = NgramEmbedder()

    async def embedder_of(_: str) -> NgramEmbedder:
        return embedder

    tenant = await open_business(db, extracts()[:40])
    shelf = Shelf(db, embedder_of=embedder_of)
    await shelf.sync(tenant)
    yield shelf, tenant
    await shelf.close()


async def test_the_version_alone_does_not_reindex(shelf: Shelf, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = await open_business(db, [POOL])
    await shelf.sync(tenant)
    async with db.tenant(tenant) as session:
        await session.execute(raised(tenant))

    async def refuse(*_: object) -> None:
        msg = "nothing has changed"
        raise AssertionError(msg)

    monkeypatch.setattr(shelf._store, "write", refuse)
    await shelf.sync(tenant)
    assert await ids(shelf, tenant, "are towels lent")
