"""An engine that keeps failing is left alone, and asked again with one careful use."""

from __future__ import annotations

import asyncio

import pytest

from core_pipeline.contracts.engines import Ask
from core_pipeline.engines.wrap.breaker import Breaker, Breakers
from core_pipeline.engines.wrap.cared import CaredLlm
from core_pipeline.engines.wrap.deadline import Deadline
from core_pipeline.engines.wrap.fallback import FallbackLlm
from errors import Impossible, NeedsOwner, Retryable
from tests.engines.caring import EVERY, Act, Scripted, Use, answer


class Clock:
    """Shows what a test sets."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("llm/x", in_a_row=3, rest=30.0, clock=clock)


async def fails(breaker: Breaker, times: int, error: Exception | None = None) -> Scripted:
    engine = Scripted(*[[error or Retryable("down")]] * times)
    for _ in range(times):
        with pytest.raises(type(error) if error else Retryable):
            await answer(engine, breaker)
    return engine


@pytest.mark.parametrize("use", EVERY)
async def test_after_failures_in_a_row_it_is_left_alone(use: Use, breaker: Breaker) -> None:
    engine = Scripted(*[[Retryable("down")]] * 3)
    for _ in range(3):
        with pytest.raises(Retryable, match="down"):
            await use(engine, breaker)
    with pytest.raises(Retryable, match="engine-resting") as caught:
        await use(engine, breaker)
    assert engine.begun == 3
    assert caught.value.after == 30.0
    assert (breaker.state().condition, breaker.state().failures, breaker.state().rests) == ("open", 3, 30.0)


@pytest.mark.parametrize("error", [NeedsOwner("key"), ValueError("a bug of ours")])
async def test_a_wrong_set_up_and_a_bug_count(breaker: Breaker, error: Exception) -> None:
    await fails(breaker, 3, error)
    assert breaker.state().condition == "open"


async def test_an_impossible_wish_does_not_count(breaker: Breaker) -> None:
    await fails(breaker, 2)
    await fails(breaker, 10, Impossible("too long"))
    assert breaker.state().condition == "closed"
    await fails(breaker, 1)
    assert breaker.state().condition == "open"


async def test_a_success_between_breaks_the_row(breaker: Breaker) -> None:
    await fails(breaker, 2)
    assert await answer(Scripted(), breaker) == 1
    await fails(breaker, 2)
    assert breaker.state().condition == "closed"


async def test_every_second_failing_is_too_many(clock: Clock) -> None:
    breaker = Breaker("llm/x", in_a_row=5, clock=clock)
    for _ in range(4):
        await fails(breaker, 1)
        await answer(Scripted(), breaker)
    assert breaker.state().condition == "closed"
    await fails(breaker, 2)
    assert breaker.state().condition == "open"


async def test_a_failure_in_the_middle_counts(breaker: Breaker) -> None:
    use: list[Act] = ["a", Retryable("cut")]
    engine = Scripted(use, use, use)
    for _ in range(3):
        with pytest.raises(Retryable, match="cut"):
            await answer(engine, breaker)
    assert breaker.state().condition == "open"


async def test_one_use_tries_whether_it_works_again(breaker: Breaker, clock: Clock) -> None:
    await fails(breaker, 3)
    clock.time += 30.0
    assert breaker.state().condition == "probing"
    slow = Scripted([0.05, "a"])
    probing = asyncio.create_task(answer(slow, breaker))
    await asyncio.sleep(0)
    with pytest.raises(Retryable, match="engine-resting"):
        await answer(Scripted(), breaker)
    assert await probing == 1
    assert breaker.state().condition == "closed"
    await fails(breaker, 2)
    assert breaker.state().condition == "closed"


async def test_a_probe_that_fails_doubles_the_rest(breaker: Breaker, clock: Clock) -> None:
    await fails(breaker, 3)
    for rest in (60.0, 120.0, 240.0, 300.0, 300.0):
        clock.time += breaker.state().rests
        await fails(breaker, 1)
        assert breaker.state().rests == rest
    clock.time += 300.0
    await answer(Scripted(), breaker)
    await fails(breaker, 3)
    assert breaker.state().rests == 30.0


async def test_a_probe_that_is_broken_off_tells_nothing(breaker: Breaker, clock: Clock) -> None:
    await fails(breaker, 3)
    clock.time += 30.0
    probing = asyncio.create_task(answer(Scripted([60.0]), breaker))
    await asyncio.sleep(0)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    assert breaker.state().condition == "probing"
    assert await answer(Scripted(), breaker) == 1
    assert breaker.state().condition == "closed"


async def test_an_impossible_wish_shows_that_the_engine_lives(breaker: Breaker, clock: Clock) -> None:
    await fails(breaker, 3)
    clock.time += 30.0
    await fails(breaker, 1, Impossible("too long"))
    assert breaker.state().condition == "closed"


async def test_a_reader_that_leaves_is_no_failure(breaker: Breaker) -> None:
    for _ in range(5):
        stream = CaredLlm(Scripted(["a", "b"]), breaker).answer(Ask("?", "ar"))
        assert await anext(stream) == "a"
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert (breaker.state().uses, breaker.state().failures) == (5, 0)


async def test_what_began_before_changes_nothing_after(breaker: Breaker) -> None:
    late = asyncio.create_task(answer(Scripted([0.05, "a"]), breaker))
    await asyncio.sleep(0)
    await fails(breaker, 3)
    await late
    assert breaker.state().condition == "open"


async def test_a_vendor_that_names_a_longer_rest_gets_it(breaker: Breaker) -> None:
    await fails(breaker, 2)
    await fails(breaker, 1, Retryable("limit", after=90.0))
    assert breaker.state().rests == 90.0


async def test_an_engine_that_hangs_opens_it_too(breaker: Breaker) -> None:
    engine = Scripted(*[[60.0]] * 3)
    for _ in range(3):
        with pytest.raises(Retryable, match="engine-slow"):
            await answer(engine, breaker, Deadline(whole=0.01))
    assert breaker.state().condition == "open"


async def test_the_fallback_goes_on_at_once(breaker: Breaker) -> None:
    broken = await fails(breaker, 3)
    chain = FallbackLlm([CaredLlm(broken, breaker), Scripted(["second"])])
    assert [piece async for piece in chain.answer(Ask("?", "ar"))] == ["second"]
    assert broken.begun == 3


async def test_each_engine_has_one_breaker_and_few_are_kept() -> None:
    breakers = Breakers()
    assert breakers.of("a", "llm/b") is breakers.of("a", "llm/b")
    await fails(breakers.of("a", "llm/b"), 1)
    breakers.of("c", "asr/a")
    assert [(state.name, state.failures) for state in breakers.states()] == [("asr/a", 0), ("llm/b", 1)]
    for number in range(600):
        breakers.of(str(number), "x")
    assert len(breakers.states()) == 512
