"""Pacing by a clock that the tests drive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.audiosocket.backlog import MOST_KEYS, Backlog
from channels.audiosocket.desk import KEPT_SECONDS, MOST, Desk
from channels.audiosocket.outbox import AHEAD_SECONDS, Outbox
from core_pipeline.contracts.legs import Key, Reached, Sound

FRAME = 320


def voice(frames: float) -> bytes:
    return b"\1\2" * int(frames * FRAME / 2)


def test_speech_is_sent_sixty_milliseconds_ahead_and_no_more() -> None:
    box, now, sent = Outbox(FRAME), 100.0, 0
    box.add(voice(50))
    for _ in range(60):
        frames, _ = box.due(now)
        sent += len(frames)
        assert all(len(frame) == FRAME for frame in frames)
        assert sent * 0.02 <= now - 100.0 + AHEAD_SECONDS + 1e-6
        now += box.wait(now)
    assert box.taken == 50 * FRAME


def test_silence_keeps_the_line_alive_and_is_not_counted() -> None:
    box, now, frames = Outbox(FRAME), 5.0, list[bytes]()
    while now < 6.0:
        frames += box.due(now)[0]
        now += box.wait(now)
    assert 48 <= len(frames) <= 52
    assert set(frames) == {bytes(FRAME)}
    assert box.taken == 0
    box.add(voice(1))
    assert box.due(now)[0] == [voice(1)]


def test_a_mark_is_reached_when_what_is_before_it_was_played() -> None:
    box = Outbox(FRAME)
    box.mark("first")
    assert box.due(1.0)[1] == ["first"]
    box.due(1.02)
    box.add(voice(5))
    box.mark("second")
    box.add(voice(5))
    now, reached = 2.0, None
    while reached is None:
        now += box.wait(now)
        reached = now if "second" in box.due(now)[1] else None
    assert reached == pytest.approx(2.0 + 5 * 0.02, abs=0.03)


def test_clear_takes_back_what_was_not_sent_and_gives_the_marks_in_order() -> None:
    box = Outbox(FRAME)
    box.add(voice(2))
    box.mark("a")
    box.add(voice(20))
    box.mark("b")
    assert len(box.due(1.0)[0]) == 3
    assert box.clear() == ["a", "b"]
    assert box.due(1.06)[0] == [bytes(FRAME)]
    box.add(voice(1))
    box.mark("c")
    assert box.clear() == ["c"]
    box.mark("d")
    assert "d" in box.due(5.0)[1]


def test_the_last_piece_of_a_sentence_is_filled_up_only_when_nothing_follows_in_time() -> None:
    box = Outbox(FRAME)
    box.add(voice(1.5))
    assert box.due(1.0)[0] == [voice(1)]
    box.add(voice(0.5))
    assert box.due(1.005)[0] == [voice(1)]
    box.add(voice(0.5))
    assert box.due(1.01)[0] == []
    assert box.due(1.035)[0] == [voice(0.5).ljust(FRAME, b"\0")]


def test_after_a_stall_speech_goes_on_where_it_was() -> None:
    box = Outbox(FRAME)
    box.add(voice(100))
    box.due(1.0)
    frames, _ = box.due(3.0)
    assert len(frames) == 3


ACTS = st.lists(
    st.tuples(st.sampled_from(["add", "mark", "clear", "due"]), st.integers(0, 2000), st.floats(0, 0.5)), max_size=60
)


@given(ACTS)
def test_every_mark_comes_once_and_in_order_whatever_happens(acts: list[tuple[str, int, float]]) -> None:
    box, now, asked, reached = Outbox(FRAME), 1.0, list[str](), list[str]()
    for act, size, pause in acts:
        now += pause
        if act == "add":
            box.add(bytes(size))
        elif act == "mark":
            asked.append(str(len(asked)))
            box.mark(asked[-1])
        elif act == "clear":
            reached += box.clear()
        else:
            reached += box.due(now)[1]
    for _ in range(400):
        now += box.wait(now)
        reached += box.due(now)[1]
    assert reached == asked


async def test_late_sound_goes_first_and_keys_are_kept() -> None:
    line = Backlog(8000)
    line.put(Key("1"))
    for number in range(100):
        line.put(Sound(bytes([number]) * 320))
    line.put(Key("2"))
    line.close()
    events = []
    while (event := await line.take()) is not None:
        events.append(event)
    sounds = [event.pcm[0] for event in events if isinstance(event, Sound)]
    assert sounds == list(range(50, 100))
    assert [event for event in events if isinstance(event, Key)] == [Key("1"), Key("2")]


async def test_nobody_can_fill_the_memory_with_keys_and_marks_come_all_the_same() -> None:
    line = Backlog(8000)
    for _ in range(10 * MOST_KEYS):
        line.put(Key("1"))
    line.put(Reached("said"))
    assert len(line._waiting) == MOST_KEYS + 1
    for _ in range(MOST_KEYS):
        await line.take()
    assert await line.take() == Reached("said")
    line.put(Key("2"))
    assert await line.take() == Key("2")


def test_the_desk_tells_once_and_forgets() -> None:
    clock = [0.0]
    desk = Desk(lambda: clock[0])
    assert not desk.put_through("a", "+20100")
    desk.expect("a")
    assert desk.put_through("a", "+20100")
    assert desk.after("a") == "+20100"
    assert desk.after("a") == ""
    desk.expect("b")
    clock[0] += KEPT_SECONDS + 1
    desk.expect("c")
    assert not desk.put_through("b", "+20100")
    for number in range(MOST + 5):
        desk.expect(str(number))
    assert len(desk._expected) == MOST
