"""One more try, where nothing was given yet and nobody has to wait for it."""

from __future__ import annotations

import pytest

from core_pipeline.contracts.engines import Ask
from core_pipeline.engines.wrap.cared import CaredLlm
from core_pipeline.engines.wrap.retry import Retry
from errors import Impossible, NeedsOwner, Retryable
from tests.engines.caring import EVERY, Scripted, Use, answer

QUICK = Retry(pause=0.001)


@pytest.mark.parametrize("use", EVERY)
async def test_the_second_try_helps(use: Use) -> None:
    engine = Scripted([Retryable("busy")], ["fine"])
    assert await use(engine, QUICK) == 1
    assert (engine.begun, engine.left) == (2, 2)


@pytest.mark.parametrize("use", EVERY)
async def test_there_is_no_third(use: Use) -> None:
    engine = Scripted([Retryable("one")], [Retryable("two")])
    with pytest.raises(Retryable, match="two"):
        await use(engine, QUICK)
    assert engine.begun == 2


@pytest.mark.parametrize("error", [Impossible("no"), NeedsOwner("key"), Retryable("later", after=5.0), ValueError("x")])
async def test_what_another_try_would_not_help_is_raised_at_once(error: Exception) -> None:
    engine = Scripted([error], ["fine"])
    with pytest.raises(type(error)):
        await answer(engine, QUICK)
    assert engine.begun == 1


async def test_a_short_wish_to_wait_is_granted() -> None:
    engine = Scripted([Retryable("busy", after=0.05)], ["fine"])
    assert await answer(engine, QUICK) == 1


async def test_an_engine_that_took_long_to_fail_is_not_asked_again() -> None:
    engine = Scripted([0.05, Retryable("busy")], ["fine"])
    with pytest.raises(Retryable):
        await answer(engine, Retry(pause=0.001, quick=0.01))
    assert engine.begun == 1


async def test_what_has_begun_is_not_begun_again() -> None:
    engine = Scripted(["a", Retryable("cut")], ["b"])
    stream = CaredLlm(engine, QUICK).answer(Ask("?", "ar"))
    assert await anext(stream) == "a"
    with pytest.raises(Retryable, match="cut"):
        await anext(stream)
    assert engine.begun == 1
