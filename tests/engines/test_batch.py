"""Batching: requests share a batch, and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Pcm, Transcript
from core_pipeline.engines.wrap.batch import BatchedAsr
from errors import Impossible, Retryable, SawtakError

POISON, REFUSED, BROKEN = 13, 17, 19  # lengths of speech that the engine below can't bear


class Echo:
    """Hears the length of each speech; a batch takes as long as the test lets it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go = threading.Event()
        self.may_go.set()
        self.inside = threading.Semaphore(1)
        self.closed = False

    def transcribe_many(
        self, speeches: Sequence[Pcm], languages: Sequence[str | None]
    ) -> list[Transcript | SawtakError]:
        assert self.inside.acquire(blocking=False), "two batches at a time"
        try:
            assert self.may_go.wait(10)
            sizes = [len(speech.data) // 2 for speech in speeches]
            self.batches.append(sizes)
            if POISON in sizes:
                raise ValueError("customer's words")
            if BROKEN in sizes:
                return []
            return [
                Impossible("too-odd") if size == REFUSED else Transcript(str(size), language or "ar")
                for size, language in zip(sizes, languages, strict=True)
            ]
        finally:
            self.inside.release()

    def close(self) -> None:
        self.closed = True


def speech(samples: int) -> Pcm:
    return Pcm(bytes(2 * samples), 16_000)


async def all_of(engine: BatchedAsr, sizes: Sequence[int]) -> list[Transcript | BaseException]:
    return await asyncio.gather(*(engine.transcribe(speech(size)) for size in sizes), return_exceptions=True)


async def test_requests_that_come_together_are_heard_together() -> None:
    inner = Echo()
    engine = BatchedAsr(inner, most=8)
    heard = await asyncio.gather(*(engine.transcribe(speech(n), "en" if n % 2 else None) for n in range(8)))
    assert inner.batches == [list(range(8))]
    assert [(one.text, one.language) for one in heard] == [(str(n), "en" if n % 2 else "ar") for n in range(8)]
    await engine.close()
    assert inner.closed


async def test_a_lone_request_waits_a_moment_only() -> None:
    engine = BatchedAsr(Echo(), most=8, wait=5.0)
    start = time.monotonic()
    assert (await engine.transcribe(speech(1))).text == "1"
    assert time.monotonic() - start < 0.5
    await engine.close()


async def test_a_full_batch_does_not_wait_and_the_rest_comes_next() -> None:
    inner = Echo()
    engine = BatchedAsr(inner, most=3)
    await all_of(engine, range(7))
    assert inner.batches == [[0, 1, 2], [3, 4, 5], [6]]
    await engine.close()


async def test_what_comes_during_a_batch_makes_the_next_one() -> None:
    inner = Echo()
    inner.may_go.clear()
    engine = BatchedAsr(inner, most=4)
    first = asyncio.create_task(engine.transcribe(speech(1)))
    await asyncio.sleep(0.05)
    later = [asyncio.create_task(engine.transcribe(speech(n))) for n in (2, 3)]
    await asyncio.sleep(0)
    inner.may_go.set()
    assert [(await one).text for one in (first, *later)] == ["1", "2", "3"]
    assert inner.batches == [[1], [2, 3]]
    await engine.close()


async def test_a_cancelled_request_hurts_no_other() -> None:
    inner = Echo()
    inner.may_go.clear()
    engine = BatchedAsr(inner, most=4)
    under_way = [asyncio.create_task(engine.transcribe(speech(n))) for n in (1, 2, 3, 4)]
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(engine.transcribe(speech(n))) for n in (5, 6)]
    await asyncio.sleep(0)
    under_way[1].cancel()
    waiting[0].cancel()
    await asyncio.sleep(0)
    inner.may_go.set()
    heard = await asyncio.gather(*under_way, *waiting, return_exceptions=True)
    assert [one.text if isinstance(one, Transcript) else type(one).__name__ for one in heard] == [
        "1",
        "CancelledError",
        "3",
        "4",
        "CancelledError",
        "6",
    ]
    assert inner.batches == [[1, 2, 3, 4], [6]]
    await engine.close()


async def test_one_poisonous_request_fails_alone() -> None:
    inner = Echo()
    engine = BatchedAsr(inner, most=8)
    heard = await all_of(engine, [1, POISON, REFUSED, 4])
    assert [one.text for one in heard if isinstance(one, Transcript)] == ["1", "4"]
    assert isinstance(heard[1], Retryable)
    assert "customer" not in str(heard[1])
    assert isinstance(heard[2], Impossible)
    assert inner.batches == [[1, POISON, REFUSED, 4], [1], [POISON], [REFUSED], [4]]
    await engine.close()


async def test_an_engine_that_loses_count_is_no_reason_to_mix_up_answers() -> None:
    engine = BatchedAsr(Echo(), most=8)
    heard = await all_of(engine, [1, BROKEN])
    assert isinstance(heard[0], Transcript)
    assert isinstance(heard[1], Retryable)
    await engine.close()


async def test_closing_ends_what_waits_and_lets_the_batch_end() -> None:
    inner = Echo()
    inner.may_go.clear()
    engine = BatchedAsr(inner, most=1)
    under_way, waiting = (asyncio.create_task(engine.transcribe(speech(n))) for n in (1, 2))
    await asyncio.sleep(0.05)
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    inner.may_go.set()
    await closing
    assert (await under_way).text == "1"
    with pytest.raises(Retryable):
        await waiting
    with pytest.raises(Retryable):
        await engine.transcribe(speech(3))
    assert inner.closed


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 9))
def test_everyone_gets_their_own_answer(sizes: list[int], most: int) -> None:
    async def run() -> list[Transcript | BaseException]:
        engine = BatchedAsr(Echo(), most=most, wait=0.001)
        heard = await all_of(engine, sizes)
        await engine.close()
        return heard

    bad = {POISON: "Retryable", REFUSED: "Impossible", BROKEN: "Retryable"}
    said = [one.text if isinstance(one, Transcript) else type(one).__name__ for one in asyncio.run(run())]
    assert said == [bad.get(size, str(size)) for size in sizes]
