"""What was not played is owed, in order, whatever becomes of the sockets; and never more than fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.web.arrivals import MOST_EVENTS, Arrivals
from channels.web.outbox import MOST_ITEMS, Item, Outbox
from channels.web.pace import Pace
from core_pipeline.contracts.legs import Key, Sound

STEPS = st.lists(st.sampled_from(["text", "sound", "mark", "film", "take", "played", "clear", "rewind"]), max_size=60)


async def taken(box: Outbox, count: int = 1) -> list[Item]:
    return [item for item in [await box.take() for _ in range(count)] if item is not None]


class Tried:
    """An outbox and what came of each step."""

    def __init__(self) -> None:
        self.box = Outbox()
        self.added: list[str] = []
        self.back: list[str] = []
        self.wires: list[str] = []

    async def step(self, number: int, step: str) -> None:
        plain: dict[str, Callable[[], Any]] = {
            "text": lambda: self.box.text({}),
            "sound": lambda: self.box.sound(b"ab"),
            "rewind": self.box.rewind,
        }
        if step in {"mark", "film"}:
            self.added.append(f"m{number}")
            self.box.mark(self.added[-1]) if step == "mark" else self.box.film(b"film", self.added[-1])
        elif step in plain:
            plain[step]()
        elif step == "clear":
            self.back += self.box.clear()
        elif step == "played":
            self.back += self.box.played(self.wires[number % len(self.wires)] if self.wires else "")
        else:
            await self.take()

    async def take(self) -> None:
        self.box.text({})
        item = await self.box.take()
        self.wires += [item.wire] if item is not None and item.wire else []


@given(steps=STEPS)
def test_every_mark_comes_back_once_and_in_order(steps: list[str]) -> None:
    async def tried() -> Tried:
        outcome = Tried()
        for number, step in enumerate([*steps, "clear"]):
            await outcome.step(number, step)
        return outcome

    outcome = asyncio.run(tried())
    assert outcome.back == outcome.added


async def test_what_was_not_confirmed_is_sent_again_from_the_last_mark_that_was() -> None:
    box = Outbox()
    box.sound(b"11")
    box.mark("one")
    box.sound(b"22")
    box.mark("two")
    wires = [item.wire for item in await taken(box, 4)]
    assert box.played(wires[1]) == ["one"]
    assert box.rewind() == []
    again = await taken(box, 2)
    assert [(item.data, item.name) for item in again] == [(b"22", ""), (b"", "two")]
    assert box.played(wires[3]) == []  # the echo of the former socket's
    assert box.played(again[1].wire) == ["two"]


async def test_a_page_that_says_what_it_played_and_read_gets_neither_again() -> None:
    box = Outbox()
    box.text({"type": "answer", "text": "1"})
    box.sound(b"11")
    box.mark("one")
    box.text({"type": "answer", "text": "2"})
    box.text({"type": "answer", "text": "3"})
    sent = await taken(box, 4)
    assert box.rewind(sent[2].wire, sent[3].number) == ["one"]
    assert [item.text for item in await taken(box)] == [{"type": "answer", "text": "3"}]


async def test_after_a_clear_nothing_of_before_is_played_or_counts() -> None:
    box = Outbox()
    box.sound(b"11")
    box.mark("one")
    sent = await taken(box, 2)
    box.film(b"film", "two")
    box.text({"type": "answer"})
    assert box.clear() == ["one", "two"]
    assert box.played(sent[1].wire) == []
    assert [item.text["type"] for item in await taken(box, 2)] == ["answer", "clear"]


async def test_only_so_much_waits_and_sound_goes_first() -> None:
    box = Outbox(most=100)
    box.film(b"x" * 60, "film")
    for _ in range(10):
        box.sound(b"y" * 20)
    box.mark("end")
    box.end()
    rest = await taken(box, 20)
    assert sum(len(item.data) for item in rest) <= 100
    assert [item.name for item in rest if item.name] == ["film", "end"]


async def test_texts_that_nobody_confirms_do_not_pile_up() -> None:
    box = Outbox()
    for number in range(MOST_ITEMS + 10):
        box.text({"type": "state", "number": number})
    box.end()
    assert [item.text["number"] for item in await taken(box)] == [10]


async def test_sound_that_waited_for_a_second_is_dropped_and_a_key_is_not() -> None:
    now = 0.0
    arrivals = Arrivals(lambda: now)
    arrivals.put(Sound(b"old"))
    arrivals.put(Sound(b"kept"), kept=True)
    arrivals.put(Key("1"))
    now = 1.5
    arrivals.put(Sound(b"new"))
    arrivals.end()
    arrivals.put(Key("2"))
    assert [await arrivals.take() for _ in range(4)] == [Sound(b"kept"), Key("1"), Sound(b"new"), None]


async def test_of_too_much_that_nobody_takes_sound_goes_first() -> None:
    arrivals = Arrivals()
    arrivals.put(Key("1"))
    for number in range(MOST_EVENTS + 5):
        arrivals.put(Sound(bytes([number % 256])))
    assert await arrivals.take() == Key("1")
    assert await arrivals.take() == Sound(bytes([6]))


def test_a_pace_allows_bursts_but_no_more_than_its_rate() -> None:
    now = 0.0
    pace = Pace(10, 20, lambda: now)
    assert [pace.allows(8) for _ in range(3)] == [True, True, False]
    now = 0.4
    assert [pace.allows(8), pace.allows(1)] == [True, False]
