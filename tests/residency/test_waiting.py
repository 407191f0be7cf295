"""Who is next: urgency, tenants in turns, nobody for ever; and what is left behind by those who go."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Saying
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.residency import Residency
from core_pipeline.engines.residency.resident import Resident, Stay
from core_pipeline.engines.residency.room import decide
from core_pipeline.engines.residency.waiting import HEAD_START, Queue, Waiter
from core_pipeline.engines.tts.espeak import SPEC as ESPEAK
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.worker.line import Line
from errors import Retryable
from tests.residency.engines.asr.tiny import BASE, MIB, SPEC, TinyConfig
from tests.residency.house import ONE, House, house

CALL, NOTE, VIDEO = Priority.CALL, Priority.NOTE, Priority.VIDEO


def waiter(tenant: str = "t", priority: Priority = NOTE, since: float = 0.0) -> Waiter:
    place: Any = None  # nobody awaits it here
    return Waiter(tenant, priority, since, place)


def test_calls_go_first_and_videos_last() -> None:
    queue = Queue(9)
    for priority in (VIDEO, NOTE, CALL, NOTE):
        assert queue.put(waiter(priority=priority)) is None
    assert [queue.next(1.0).priority for _ in range(4)] == [CALL, NOTE, NOTE, VIDEO]
    with pytest.raises(IndexError):
        queue.next(1.0)


def test_endless_calls_let_a_note_pass_every_ten_seconds_and_a_video_every_minute() -> None:
    queue, served = Queue(1000), Counter[Priority]()
    for _ in range(400):
        queue.put(waiter(priority=NOTE))
        queue.put(waiter(priority=VIDEO))
    for second in range(300):
        queue.put(waiter(priority=CALL, since=second))
        served[queue.next(float(second)).priority] += 1
    assert 0.75 * 300 / HEAD_START[NOTE] <= served[NOTE] <= 300 / HEAD_START[NOTE]
    assert 0.75 * 300 / HEAD_START[VIDEO] <= served[VIDEO] <= 300 / HEAD_START[VIDEO]


def test_a_full_queue_sends_away_the_last_of_who_asks_most_and_the_least_urgent_first() -> None:
    queue = Queue(3)
    flood = [waiter("a", since=n) for n in range(3)]
    for one in flood:
        assert queue.put(one) is None
    own = waiter("a")
    assert queue.put(own) is own
    assert queue.put(waiter("b")) is flood[2]
    assert queue.put(waiter("a", CALL)) is flood[1]
    video = waiter("c", VIDEO)
    assert queue.put(video) is video
    assert len(queue) == 3


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(Priority)), st.floats(0, 100)), max_size=40))
def test_everybody_is_served_once_and_each_tenant_in_the_order_they_came(
    given: list[tuple[str, Priority, float]],
) -> None:
    queue = Queue(100)
    coming = [waiter(*one) for one in sorted(given, key=lambda one: one[2])]
    for one in coming:
        queue.put(one)
    served = [queue.next(200.0) for _ in coming]
    assert len(queue) == 0
    assert {id(one) for one in served} == {id(one) for one in coming}
    for tenant in "abc":
        for priority in Priority:
            own = [one.since for one in served if (one.tenant_id, one.priority) == (tenant, priority)]
            assert own == sorted(own)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40), st.sampled_from(["absent", "idle", "busy", "loading", "ending"]), st.integers(0, 3)
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_a_decision_keeps_the_budget_and_ends_nobody_at_work(given: list[tuple[int, str, int]], dice: Any) -> None:
    residents = [built(*one, number, dice) for number, one in enumerate(given)]
    budget = max(40 * MIB + BASE * MIB, sum(one.memory for one in residents if one.stay))
    decision = decide(residents, budget)
    held = sum(one.memory for one in residents if one.stay)
    assert held + sum(one.memory for one in decision.load) <= budget
    assert all(one.stay is None and len(one.queue) for one in decision.load)
    assert all(one.stay and one.stay.ready and not one.stay.busy for one in decision.end)
    assert set(decision.end) <= decision.hold
    waiting = [one for one in residents if not one.stay and len(one.queue)]
    if decision.end:
        freed = sum(one.memory for one in residents if one in decision.hold or (one.stay and one.stay.ending))
        room = budget - held - sum(one.memory for one in decision.load)
        assert any(one.memory <= room + freed for one in waiting)
    if waiting and not any(one.stay for one in residents):
        assert decision.load


def built(megabytes: int, state: str, waiting: int, number: int, dice: Any) -> Resident:
    one = Resident(SPEC, TinyConfig(name=str(number), megabytes=megabytes), 10)
    for _ in range(waiting):
        one.queue.put(waiter(dice.choice("ab"), dice.choice(list(Priority)), dice.uniform(0, 30)))
    if state != "absent":
        line: Any = None if state == "loading" else Line(None, "http://x")  # type: ignore[arg-type]  # never spoken on
        one.stay = Stay(dice.uniform(0, 9), line=line, busy=int(state == "busy"), ending=state == "ending")
    return one


async def test_a_flood_of_one_tenant_holds_another_up_by_two_places_at_most(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.ask(seconds=0.02)
        flood = [at.begin("a", "sleep", seconds=0.02, tenant="A", mark="A") for _ in range(50)]
        await at.until(lambda: at.order.count("A") >= 5)
        before = len(at.order)
        await at.ask("a", "sleep", seconds=0.02, tenant="B", mark="B")
        assert at.order.index("B") - before <= 2
        await asyncio.gather(*flood)


async def test_a_call_goes_before_waiting_notes_and_videos(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await held(at)
        waiting = [
            at.begin("a", "sleep", priority=priority, mark=priority.name)
            for priority in (VIDEO, NOTE, CALL, NOTE, CALL)
        ]
        await asyncio.gather(first, *waiting)
        assert at.order == ["a", "a", "CALL", "CALL", "NOTE", "NOTE", "VIDEO"]


async def test_a_call_makes_a_notes_engine_leave_though_notes_keep_coming(tmp_path: Path) -> None:
    async with house(tmp_path, models=1) as at:
        notes = [at.begin("a", "sleep", seconds=0.1, mark="note") for _ in range(30)]
        await at.until(lambda: at.order.count("note") >= 2)
        await at.ask("b", priority=CALL, mark="call")
        assert at.order.index("call") < 8
        await asyncio.gather(*notes)


async def test_engines_serve_as_many_together_as_they_can(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        answers = await asyncio.gather(*(at.ask("a", "sleep", seconds=0.2, at_once=3) for _ in range(7)))
        assert max(together for _, _, together in answers) == 3
        assert at.here[0].wait_p95 > at.here[0].wait_p50 > 0


async def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    async with house(tmp_path, places=3) as at:
        first = await held(at)
        waiting = [at.begin(tenant="A", mark="A") for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Retryable, match="engine-full") as caught:
            await at.ask(tenant="A")
        assert caught.value.after > 0
        assert (await at.ask(tenant="B"))[0] == "a"
        outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)
        assert [isinstance(outcome, Retryable) for outcome in outcomes] == [False, False, False, True]


async def held(at: House) -> asyncio.Task[tuple[str, int, int]]:
    """Keep the model "a" at work for a while."""
    await at.ask()
    task = at.begin(work="sleep")
    await at.until(lambda: at.here[0].busy)
    return task


async def test_who_stops_waiting_leaves_no_trace(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await held(at)
        waiting = [at.begin(mark=str(number)) for number in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.wait([waiting[1]])
        assert at.here[0].waiting == 2
        await asyncio.gather(first, waiting[0], waiting[2])
        assert at.order == ["a", "a", "0", "2"]
        assert (at.here[0].busy, at.here[0].waiting) == (0, 0)


async def test_who_is_cancelled_at_work_or_at_the_door_gives_the_place_back(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for _ in range(3):
            first = at.begin(work="sleep", seconds=30.0)
            second = at.begin(work="sleep", seconds=30.0)
            await at.until(lambda: at.here and at.here[0].busy)
            first.cancel()
            await asyncio.wait([first])
            second.cancel()  # its turn has just come
            await asyncio.wait([second])
            assert (at.here[0].busy, at.here[0].waiting) == (0, 0)
        assert (await at.ask(seconds=30.0))[0] == "a"


async def test_an_engine_is_free_when_it_has_finished_though_nobody_has_listened(tmp_path: Path) -> None:
    spec = replace(ESPEAK, heavy=True, memory=lambda _: ONE)
    async with Residency(ONE, tmp_path) as residency:
        voice = residency.tts(spec, EspeakConfig(), "t", NOTE)
        other = residency.tts(spec, EspeakConfig(words_per_minute=200), "t", NOTE)  # there is room for one of them
        answer = voice.speak(Saying("أهلا. one. أهلا. two.", "ar"))
        first = await anext(answer)
        assert [part async for part in other.speak(Saying("نعم", "ar"))]
        rest = [part async for part in answer]
        assert first.words[-1].end <= rest[0].words[0].start < rest[-1].words[-1].end


async def test_an_engine_that_was_loaded_for_nobody_leaves(tmp_path: Path) -> None:
    async with house(tmp_path, idle=0.2) as at:
        call = at.begin(load_seconds=0.2)
        await at.until(lambda: at.here)
        call.cancel()
        await asyncio.wait([call])
        await at.until(lambda: [one.loads for one in at.residency.figures()] == [1])
        await at.until(lambda: not at.here)


async def test_who_waits_for_loading_may_leave(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        call = at.begin(load_seconds=0.2)
        await asyncio.sleep(0.05)
        call.cancel()
        await asyncio.wait([call])
        assert (await at.ask(load_seconds=0.2))[0] == "a"
        assert at.here[0].loads == 1


async def test_closing_sends_away_who_waits_and_takes_nobody_new(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = at.begin(work="sleep", seconds=60.0)
        await at.until(lambda: any(one.busy for one in at.here))
        second = at.begin(seconds=60.0)
        third = at.begin("b", load_seconds=60.0)
        await at.until(lambda: len(at.here) == 2)
        await at.residency.close()
        outcomes = await asyncio.gather(first, second, third, return_exceptions=True)
        assert all(isinstance(outcome, Retryable) for outcome in outcomes)
        with pytest.raises(Retryable, match="closing"):
            await at.ask()
