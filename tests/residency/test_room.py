"""Who stays, who leaves and who comes: engines in processes of their own, within a budget."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from core_pipeline.contracts.engines import Saying
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.asr.demo import SPEC as DEMO
from core_pipeline.engines.residency import Residency, Terms
from core_pipeline.engines.residency.memory import resident
from core_pipeline.engines.tts.espeak import SPEC as ESPEAK
from errors import Impossible, NeedsOwner, Retryable
from tests.residency.engines.asr.tiny import MIB, SPEC, TinyConfig
from tests.residency.house import ONE, SOUND, TERMS, house


async def test_our_own_engines_work_the_same_in_a_process_of_their_own(tmp_path: Path) -> None:
    async with Residency(1 << 30, tmp_path) as residency:
        voice = residency.tts(ESPEAK, ESPEAK.config(), "t", Priority.NOTE)
        ears = residency.asr(DEMO, DEMO.config(), "t", Priority.NOTE)
        parts = [part.pcm async for part in voice.speak(Saying("نعم", "ar", voice="ar+f5"))]
        assert (await ears.transcribe(parts[0])).text == "نعم"
        with pytest.raises(Impossible, match="language"):
            [part async for part in voice.speak(Saying("bonjour", "fr"))]
        figures = {one.engine: one for one in residency.figures()}
    assert figures["tts/espeak"].state == figures["asr/demo"].state == "ready"
    assert (figures["tts/espeak"].loads, figures["tts/espeak"].busy) == (1, 0)
    assert figures["asr/demo"].measured > 30 * MIB
    assert figures["asr/demo"].load_seconds > 0


async def test_voices_that_are_there_forget_a_clone_and_none_is_loaded_for_it(tmp_path: Path) -> None:
    spec = replace(ESPEAK, heavy=True, clones=True, memory=lambda _: ONE)
    deletions: list[str] = []

    async def note(request: httpx.Request) -> None:
        deletions.append(f"{request.method} {request.url.path}")

    async with Residency(2 * ONE, tmp_path) as residency:
        await residency.forget("c")
        assert residency.figures() == []
        await residency.warm(spec, ESPEAK.config())
        for one in residency._residents.values():
            assert one.stay is not None
            assert one.stay.http is not None
            one.stay.http.event_hooks["request"].append(note)
        await residency.forget("c")
    assert deletions == ["DELETE /clones/c"]


async def test_an_engine_is_loaded_on_first_use_and_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert at.here == []
        answers = await asyncio.gather(*(at.ask() for _ in range(5)))
        assert len({pid for _, pid, _ in answers}) == 1
        assert [(one.loads, one.state) for one in at.here] == [(1, "ready")]
        await at.residency.warm(SPEC, TinyConfig(name="b"))
        assert len(at.here) == 2


async def test_the_least_recently_used_one_leaves(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        _, a, _ = await at.ask("a")
        _, b, _ = await at.ask("b")
        assert (await at.ask("a"))[1] == a
        _, c, _ = await at.ask("c")
        assert {one.pid for one in at.here} == {a, c}
        assert resident(b) == 0
        assert (await at.ask("a"))[1] == a
        assert (await at.ask("b"))[1] not in {a, b, c}
        assert [(one.loads, one.unloads) for one in at.residency.figures()] == [(1, 0), (2, 1), (1, 1)]


async def test_two_small_ones_leave_for_a_large_one(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.ask("a")
        await at.ask("b")
        await at.ask("c", megabytes=150)
        assert len(at.here) == 1


async def test_nobody_leaves_in_the_middle_of_work(tmp_path: Path) -> None:
    async with house(tmp_path, models=1) as at:
        await at.ask("a")
        busy = at.begin("a", "sleep", seconds=0.1)  # another configuration: another process
        await at.until(lambda: any(one.busy for one in at.here))
        pid = at.here[0].pid
        assert (await at.ask("b"))[0] == "b"
        assert (await busy)[1] == pid
        assert at.order == ["a", "a", "b"]


async def test_the_budget_is_never_exceeded_and_memory_comes_back(tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 - the same dice in every run
    most = 0
    async with house(tmp_path, models=2) as at:

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, sum(one.measured for one in at.here))
                await asyncio.sleep(0.005)

        watching = asyncio.create_task(watch())
        calls = [at.begin(dice.choice("abcd"), "sleep", seconds=0.02, tenant=dice.choice("xyz")) for _ in range(40)]
        await asyncio.gather(*calls)
        watching.cancel()
        assert ONE < most <= 2 * ONE
        figures = at.residency.figures()
        assert sum(one.loads for one in figures) - sum(one.unloads for one in figures) == len(at.here)
        before = at.here
        await at.ask("large", megabytes=200)
        assert all(resident(one.pid) == 0 for one in before)


async def test_an_engine_larger_than_the_budget_is_the_owners(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        with pytest.raises(NeedsOwner, match=r"asr/tiny takes 0.5 GiB of the 0.3 GiB there are"):
            await at.ask(megabytes=400)


async def test_an_idle_engine_leaves_after_a_while_and_a_busy_one_stays(tmp_path: Path) -> None:
    async with house(tmp_path, idle=0.3) as at:
        busy = at.begin("a", "sleep", seconds=60.0)
        await at.until(lambda: any(one.busy for one in at.here))
        await at.ask("b")
        await at.until(lambda: [one.busy for one in at.here] == [1])
        busy.cancel()
        await asyncio.wait([busy])
        await at.until(lambda: not at.here)
        assert [one.unloads for one in at.residency.figures()] == [1, 1]
        assert (await at.ask("b"))[0] == "b"


async def test_a_killed_engine_is_retryable_rests_and_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        _, pid, _ = await at.ask()
        call = at.begin(work="sleep")
        await at.until(lambda: at.here[0].busy)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Retryable, match=r"half-sent|worker-down"):
            await call
        await at.until(lambda: not at.here)
        with pytest.raises(Retryable, match="engine-crashed") as caught:
            await at.ask()
        assert 0 < caught.value.after <= 0.5
        await asyncio.sleep(caught.value.after)
        assert (await at.ask())[1] != pid
        assert [(one.loads, one.crashes) for one in at.residency.figures()] == [(2, 1)]


async def test_an_engine_that_dies_of_its_work_again_rests_longer(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        rests = []
        for _ in range(3):
            with pytest.raises(Retryable, match=r"half-sent|worker-down"):
                await at.ask(work="die")
            await at.until(lambda: not at.here)
            with pytest.raises(Retryable, match="engine-crashed") as caught:
                await at.ask()
            rests.append(caught.value.after)
            await asyncio.sleep(caught.value.after if len(rests) < 3 else 0)
        assert rests[0] < 0.5 < rests[1] < 1 < rests[2] < 2


async def test_an_engine_that_hangs_is_replaced(tmp_path: Path) -> None:
    patience = type(TERMS.patience)(1, 0.3, 5)
    async with house(tmp_path, patience=patience) as at:
        _, pid, _ = await at.ask()
        with pytest.raises(Retryable, match="worker-slow"):
            await at.ask(work="hang")
        await at.until(lambda: not at.here)
        assert resident(pid) == 0


async def test_why_it_can_not_be_loaded_is_told_to_all_who_wait(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        calls = [at.begin(missing=True, load_seconds=0.1) for _ in range(3)]
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, NeedsOwner)
            assert (outcome.code, outcome.detail) == ("no-weights", f"put a into {tmp_path.name}")
        with pytest.raises(NeedsOwner, match="no-weights"):
            await at.ask(missing=True, load_seconds=0.1)
        assert [one.loads for one in at.residency.figures()] == [0]
        assert (await at.ask("b"))[0] == "b"


async def test_a_python_that_is_not_there_is_the_owners(tmp_path: Path) -> None:
    async with Residency(ONE, tmp_path, Terms(python=Path("/nowhere"))) as residency:
        afar = replace(DEMO, requires=("a-package-of-its-own",))
        with pytest.raises(NeedsOwner, match="no-python"):
            await residency.asr(afar, DEMO.config(), "t", Priority.CALL).transcribe(SOUND)


async def test_an_engine_that_needs_nothing_of_its_own_runs_where_we_run(tmp_path: Path) -> None:
    async with Residency(ONE, tmp_path, Terms(python=Path("/nowhere"))) as residency:
        await residency.asr(DEMO, DEMO.config(), "t", Priority.CALL).transcribe(SOUND)
