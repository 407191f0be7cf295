"""Vectors follow the words, are made anew for another embedder, and never stand in a search's way."""

from __future__ import annotations

import asyncio

import pytest

from core_pipeline.knowledge import ANSWERABLE
from core_pipeline.knowledge.entries import Extract
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.knowledge.spaces import Spaces
from tenants.db import Database
from tests.knowledge.business import learn, open_business, reword
from tests.knowledge.embedding import FailingEmbedder, HangingEmbedder, NgramEmbedder
from tests.knowledge.handbook import answerable, extracts, unanswerable

POOL = Extract("pool", "The pool opens at eight. Towels are lent at the gate.", "en", title="Guide")
FAR = Extract("far", "Invoices carry a tax number.", "en", title="Billing")


class Choice:
    """Gives whatever embedder is chosen at the moment."""

    def __init__(self, embedder: NgramEmbedder | None) -> None:
        self.embedder = embedder

    async def __call__(self, _: str) -> NgramEmbedder | None:
        return self.embedder


async def bare(shelf: Shelf, tenant: str) -> int:
    return len(await shelf._store.bare(tenant, 1000))


async def idle(shelf: Shelf) -> None:
    while shelf._running:
        await asyncio.wait(list(shelf._running.values()))
        await asyncio.sleep(0)


async def test_every_piece_gets_a_vector_and_only_new_ones_later(db: Database) -> None:
    embedder = NgramEmbedder()
    shelf, tenant = Shelf(db, embedder_of=Choice(embedder)), await open_business(db, extracts())
    told: list[float] = []

    async def progress(part: float) -> None:
        told.append(part)

    await shelf.sync(tenant, progress)
    assert await bare(shelf, tenant) == 0
    assert told[-1] == 1.0
    assert all(0 <= part <= 1 for part in told)
    made = len(embedder.asked)
    await reword(db, tenant, "pool", "المسبح مغلق للصيانة.")
    await shelf.sync(tenant)
    landmark, *others = embedder.asked[made:]
    assert landmark == embedder.asked[0]
    assert [text.rpartition("\n")[2] for text in others] == ["المسبح مغلق للصيانة."]
    await shelf.close()


@pytest.mark.parametrize("trust", [0.0, 60.0])
async def test_another_embedder_makes_all_vectors_anew(
    db: Database, trust: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core_pipeline.knowledge.spaces._TRUST", trust)
    choice = Choice(NgramEmbedder())
    shelf, tenant = Shelf(db, embedder_of=choice), await open_business(db, [POOL, FAR])
    await shelf.sync(tenant)
    before = await shelf._store.state(tenant)
    for other in (NgramEmbedder(seed=1), NgramEmbedder(dimension=48)):
        choice.embedder = other
        found = await shelf.search(tenant, "where are towels lent", "en")
        assert found[0].id == "pool", "words are enough while there are no vectors"
        if trust:
            await shelf.sync(tenant)
        await idle(shelf)
        after = await shelf._store.state(tenant)
        assert after.landmark != before.landmark
        assert len(after.landmark) == 4 * other.dimension
        assert await bare(shelf, tenant) == 0
        assert (await shelf.search(tenant, "where are towels lent", "en"))[0].id == "pool"
        before = after
    choice.embedder = NgramEmbedder(dimension=48)
    await shelf.search(tenant, "where are towels lent", "en")
    assert (await shelf._store.state(tenant)).landmark == before.landmark, "the same space after a restart"
    await shelf.close()


async def test_a_search_never_waits_for_vectors(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = HangingEmbedder()
    shelf, tenant = Shelf(db, embedder_of=Choice(hanging)), await open_business(db, [POOL, FAR])
    monkeypatch.setattr("core_pipeline.knowledge.spaces._SECONDS", 0.05)
    async with asyncio.timeout(5):
        assert (await shelf.search(tenant, "where are towels lent", "en"))[0].id == "pool"
        assert (await shelf.search(tenant, "where are towels lent", "en"))[0].id == "pool"
    await shelf.close()
    assert not shelf._running


@pytest.mark.parametrize("works", [0, 1, 2])
async def test_an_embedder_that_fails_costs_the_vectors_only(db: Database, works: int) -> None:
    choice = Choice(FailingEmbedder(works))
    shelf, tenant = Shelf(db, embedder_of=choice), await open_business(db, extracts())
    await shelf.sync(tenant)
    expected, question = answerable("tuned")[2]
    assert (await shelf.search(tenant, question, "ar"))[0].id == expected
    assert await bare(shelf, tenant) > 0
    choice.embedder = NgramEmbedder()
    await shelf.sync(tenant)
    assert await bare(shelf, tenant) == 0
    await shelf.close()


async def test_a_tenants_lookup_that_fails_is_survived(db: Database) -> None:
    async def broken(_: str) -> NgramEmbedder:
        msg = "no such engine"
        raise LookupError(msg)

    shelf, tenant = Shelf(db, embedder_of=broken), await open_business(db, [POOL])
    assert (await shelf.search(tenant, "where are towels lent", "en"))[0].id == "pool"
    await shelf.close()


async def test_vectors_find_what_words_do_not_but_never_answer_by_themselves(db: Database) -> None:
    shelf, tenant = Shelf(db, embedder_of=Choice(NgramEmbedder())), await open_business(db, [POOL, FAR])
    await shelf.sync(tenant)
    found = await shelf.search(tenant, "invoicing taxation numbering", "en")
    assert found[0].id == "far"
    by_words = Shelf(db)
    unknown = "swimmingpoolish towelette gateway"
    assert await by_words.search(tenant, unknown, "en") == ()
    near = await shelf.search(tenant, unknown, "en")
    assert near[0].id == "pool"
    assert 0 < near[0].score < ANSWERABLE
    await shelf.close()
    await by_words.close()


async def test_vectors_turn_no_refusal_into_an_answer(db: Database) -> None:
    tenant = await open_business(db, extracts())
    shelf, by_words = Shelf(db, embedder_of=Choice(NgramEmbedder())), Shelf(db)
    await shelf.sync(tenant)
    for question in (*unanswerable("tuned_refused"), *unanswerable("refused")):
        words, both = [await each.search(tenant, question, "ar") for each in (by_words, shelf)]
        if not words or words[0].score < ANSWERABLE:
            assert both[0].score < ANSWERABLE, question
    await shelf.close()
    await by_words.close()


async def test_tenants_vectors_are_their_own(db: Database) -> None:
    choice = Choice(NgramEmbedder())
    shelf = Shelf(db, embedder_of=choice)
    mine, other = await open_business(db, [POOL], "mine-"), await open_business(db, [POOL], "other-")
    for tenant in (mine, other):
        await shelf.sync(tenant)
    await learn(db, other, [FAR], "other-")
    await shelf.sync(other)
    found = await shelf.search(mine, "invoicing taxation numbering", "en")
    assert {passage.id for passage in found} <= {"mine-pool"}
    await shelf.close()


class Crooked(NgramEmbedder):
    """Gives what no embedder may give."""

    def __init__(self, given: list[list[float]]) -> None:
        super().__init__()
        self.given = given

    async def embed(self, texts: object) -> list[list[float]]:
        return self.given


@pytest.mark.parametrize("given", [[], [[0.0, 0.0]], [[float("nan"), 1.0]], [[1.0], [1.0]], [[]]])
async def test_vectors_that_are_none_are_refused(db: Database, given: list[list[float]]) -> None:
    shelf, tenant = Shelf(db, embedder_of=Choice(Crooked(given))), await open_business(db, [POOL])
    await shelf.sync(tenant)
    assert isinstance(shelf._spaces, Spaces)
    assert await bare(shelf, tenant) == 1
    assert (await shelf.search(tenant, "where are towels lent", "en"))[0].id == "pool"
    await shelf.close()
