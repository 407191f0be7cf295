"""Nothing is changed without a clear yes to the question that was put, and nothing twice, whatever crashes."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update
from sqlmodel import col

from tenants.models import Action, Conversation, TurnState
from tests.actions.conftest import MINUTE, Counter


async def test_a_change_is_asked_for_and_done_after_the_yes(counter: Counter) -> None:
    question = await counter.asks()
    assert question == "Shall I do this: Book a table (العدد: 4, date: 2030-12-31)? Please answer yes or no."
    assert counter.shop.requests == []
    settled = await counter.hears("Yes please")
    assert settled is not None
    assert settled.words == (
        "Done: Book a table (العدد: 4, date: 2030-12-31). booking: T1, people: 4, date: 2030-12-31"
    )
    assert settled.result.content.startswith("done (HTTP 201)")
    assert len(counter.shop.booked) == 1


async def test_arabic_is_asked_and_understood(counter: Counter) -> None:
    question = await counter.asks(language="ar")
    assert question.startswith("هل أنفّذ هذا الطلب: Book a table (العدد: 4، date: 2030-12-31)؟")
    settled = await counter.hears("أيوه لو سمحت", language="ar")
    assert settled is not None
    assert settled.words.startswith("تم: ")


@pytest.mark.parametrize("answer", ["no thanks", "لا شكرا", "la2"])
async def test_a_no_is_taken(counter: Counter, answer: str) -> None:
    await counter.asks()
    settled = await counter.hears(answer)
    assert settled is not None
    assert settled.words == "All right, I will not do it."
    assert await counter.hears("yes", turn="t3") is None
    assert counter.shop.requests == []


@pytest.mark.parametrize("answer", ["yes but for 6", "what time do you close?", "hmm", "نعم بس خمسة", ""])
async def test_anything_else_drops_it_for_good(counter: Counter, answer: str) -> None:
    await counter.asks()
    assert await counter.hears(answer) is None
    assert await counter.hears("yes", turn="t3") is None
    assert (counter.shop.requests, await counter.pending()) == ([], None)


async def test_nothing_waits_for_a_stray_yes(counter: Counter) -> None:
    assert await counter.hears("yes") is None


async def test_a_question_that_is_ten_minutes_old_is_void(counter: Counter) -> None:
    await counter.asks()
    counter.time += 11 * MINUTE
    settled = await counter.hears("yes")
    assert settled is not None
    assert "too long ago" in settled.words
    assert counter.shop.requests == []


async def test_a_question_that_was_never_put_is_void(counter: Counter) -> None:
    call = {"people": 4, "date": "2030-12-31"}
    await counter.run("book_table", call, turn="t1")
    await counter.ends("t1", "something else")
    assert await counter.hears("yes", turn="t2") is None
    outcome = await counter.run("book_table", call, turn="t3")
    await counter.ends("t3", outcome.question, TurnState.DEAD)
    assert await counter.hears("yes", turn="t4") is None
    await counter.run("book_table", call, turn="t5")
    assert await counter.hears("yes", turn="t5") is None
    assert counter.shop.requests == []


async def test_the_same_turn_tried_again_tells_the_same_and_calls_once(counter: Counter) -> None:
    await counter.asks()
    first = await counter.hears("yes")
    assert first is not None
    assert await counter.hears("yes") == first
    assert len(counter.shop.booked) == 1
    assert await counter.hears("yes", turn="t3") is None
    assert len(counter.shop.requests) == 1


async def test_a_no_tried_again_is_the_same_no(counter: Counter) -> None:
    await counter.asks()
    assert await counter.hears("no") == await counter.hears("no")


async def test_a_crash_during_the_call_is_told_honestly_and_not_repeated(counter: Counter) -> None:
    await counter.asks()
    counter.shop.held = asyncio.Event()
    crashing = asyncio.create_task(counter.hears("yes"))
    await counter.shop.arrived.wait()
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    counter.shop.held.set()
    settled = await counter.hears("yes")
    assert settled is not None
    assert "do not know whether" in settled.words
    assert settled.result.content.startswith("unknown")
    assert len(counter.shop.requests) == 1
    assert await counter.hears("yes", turn="t3") is None
    assert len(counter.shop.requests) == 1


async def test_two_workers_on_the_same_turn_call_once(counter: Counter) -> None:
    await counter.asks()
    settled = await asyncio.gather(counter.hears("yes"), counter.hears("yes"))
    assert len(counter.shop.requests) == 1
    assert sorted(each is not None and each.result.content[:4] for each in settled) in (
        ["done", "done"],
        ["done", "unkn"],
    )


async def test_a_system_that_does_not_answer_may_have_done_it(counter: Counter) -> None:
    await counter.asks()
    counter.shop.held = asyncio.Event()
    settled = await counter.hears("yes")
    counter.shop.held.set()
    assert settled is not None
    assert settled.words.startswith("Sorry, I do not know whether")


@pytest.mark.parametrize(
    ("status", "begins"),
    [(500, "Sorry, I do not know"), (503, "Sorry, I do not know"), (429, "Sorry, this was not done because")],
)
async def test_a_system_that_breaks(counter: Counter, status: int, begins: str) -> None:
    await counter.asks()
    counter.shop.status = status
    settled = await counter.hears("yes")
    assert settled is not None
    assert settled.words.startswith(begins)


async def test_a_refusal_is_told_with_its_reason(counter: Counter) -> None:
    await counter.asks(people=7)
    settled = await counter.hears("yes")
    assert settled is not None
    assert settled.words.endswith("no table for so many")
    assert settled.result.content.startswith("failed, the system refused (HTTP 409)")


async def test_a_wrong_key_is_nothing_to_tell_a_customer(counter: Counter) -> None:
    await counter.asks()
    counter.shop.status = 403
    settled = await counter.hears("yes")
    assert settled is not None
    assert "out of order" not in settled.words


async def test_a_system_that_is_gone_did_nothing(counter: Counter) -> None:
    await counter.asks()
    async with counter.db.platform() as session:
        await session.execute(update(Action).values(url="http://127.0.0.1:1/bookings"))
    settled = await counter.hears("yes")
    assert settled is not None
    assert settled.words.startswith("Sorry, this was not done")


@pytest.mark.parametrize("change", [{"active": False}, {"parameters": {"type": "object", "properties": {}}}])
async def test_an_action_that_was_changed_meanwhile_is_not_called(counter: Counter, change: dict[str, object]) -> None:
    await counter.asks()
    async with counter.db.platform() as session:
        await session.execute(update(Action).where(col(Action.name) == "book_table").values(**change))
    settled = await counter.hears("yes")
    assert settled is not None
    assert settled.words.startswith("Sorry, this was not done")
    assert counter.shop.requests == []


async def test_the_key_is_the_turns(counter: Counter) -> None:
    await counter.asks()
    await counter.hears("yes")
    await counter.asks(turn="t3")
    await counter.hears("yes", turn="t4")
    first, second = (headers["idempotency-key"] for _, _, headers, _ in counter.shop.requests)
    assert first != second
    assert len(first) == 32


async def test_what_an_older_version_wrote_is_dropped(counter: Counter) -> None:
    async with counter.db.platform() as session:
        await session.execute(update(Conversation).values(pending={"action": "old"}))
    assert await counter.hears("yes") is None
    assert await counter.pending() is None
