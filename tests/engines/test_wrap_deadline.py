"""An engine that keeps us waiting is broken off; a reader that takes its time is not."""

from __future__ import annotations

import asyncio

import pytest

from core_pipeline.contracts.engines import Ask
from core_pipeline.engines.wrap.cared import CaredLlm
from core_pipeline.engines.wrap.deadline import Deadline
from errors import Retryable
from tests.engines.caring import EVERY, Scripted, Use, answer


@pytest.mark.parametrize("use", EVERY)
async def test_in_time_all_is_passed_on(use: Use) -> None:
    assert await use(Scripted(["a"]), Deadline(whole=5.0)) == 1


@pytest.mark.parametrize("use", EVERY)
async def test_an_engine_that_hangs_is_broken_off(use: Use) -> None:
    engine = Scripted([60.0])
    with pytest.raises(Retryable, match="engine-slow"):
        await use(engine, Deadline(whole=0.02))
    assert engine.left == 1


async def test_the_first_piece_has_its_own_bound() -> None:
    with pytest.raises(Retryable, match=r"within 0.02 s"):
        await answer(Scripted([0.2, "late"]), Deadline(first=0.02, whole=5.0))
    assert await answer(Scripted(["soon", 0.05, "later"]), Deadline(first=0.02, whole=5.0)) == 2


async def test_the_whole_is_bounded_piece_after_piece() -> None:
    engine = Scripted([piece for _ in range(100) for piece in (0.01, "x")])
    with pytest.raises(Retryable, match=r"within 0.1 s"):
        await answer(engine, Deadline(first=0.05, whole=0.1))
    assert engine.left == 1


async def test_the_readers_own_time_does_not_count() -> None:
    got = []
    async for piece in CaredLlm(Scripted(["a", "b", "c"]), Deadline(first=0.05, whole=0.06)).answer(Ask("?", "ar")):
        got.append(piece)
        await asyncio.sleep(0.04)
    assert got == ["a", "b", "c"]


async def test_a_reader_that_leaves_closes_the_engine() -> None:
    engine = Scripted(["a", "b"])
    stream = CaredLlm(engine, Deadline(whole=5.0)).answer(Ask("?", "ar"))
    assert await anext(stream) == "a"
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert engine.left == 1
