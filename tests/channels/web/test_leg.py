"""A visitor's line: sound and words both ways, and a session that outlives its sockets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.web.channel import WebChannel
from channels.web.leg import SLOW, TAKEN, Patience
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.legs import Finished, Interrupted, Key, Reached, Sound, Told, Typed
from errors import Impossible
from tests.channels.bench import client
from tests.channels.web.paper import PaperSocket, Talk, channel, talking

FRAME = bytes(640)


async def test_what_a_page_does_becomes_events_in_order(talk: Talk) -> None:
    talk.socket.send_in(FRAME, {"type": "key", "digit": "5"}, {"type": "text", "text": "كم؟"}, {"type": "interrupt"})
    await talk.events.until(lambda: len(talk.events.all) == 4)
    assert talk.events.all == [Sound(FRAME), Key("5"), Typed("كم؟"), Interrupted()]


async def test_what_is_said_and_shown_reaches_the_page_in_order(talk: Talk) -> None:
    await talk.leg.told(Told("answer", "أهلا", 1, "ar"))
    await talk.leg.play(FRAME)
    await talk.leg.mark("s1")
    await talk.leg.film(b"mp4", "f1")
    mark = await talk.socket.wait("mark")
    film = await talk.socket.wait("film")
    await talk.socket.until(lambda: b"\x02mp4" in talk.socket.sent)
    kinds = [one if isinstance(one, bytes) else json.loads(one)["type"] for one in talk.socket.sent]
    assert kinds == ["started", "answer", b"\x01" + FRAME, "mark", "film", b"\x02mp4"]
    assert film | {"mark": "", "seq": 0} == {"type": "film", "mark": "", "mime": "video/mp4", "bytes": 3, "seq": 0}
    assert talk.leg.played == pytest.approx(0.02)
    talk.socket.send_in({"type": "mark", "name": mark["name"]}, {"type": "mark", "name": film["mark"]})
    await talk.events.until(lambda: len(talk.events.all) == 2)
    assert talk.events.marks == ["s1", "f1"]


async def test_a_clear_gives_its_marks_at_once_and_their_echo_is_nothing(talk: Talk) -> None:
    await talk.leg.play(FRAME)
    await talk.leg.mark("s1")
    mark = await talk.socket.wait("mark")
    await talk.leg.clear()
    await talk.socket.wait("clear")
    talk.socket.send_in({"type": "mark", "name": mark["name"]}, {"type": "key", "digit": "1"})
    await talk.events.until(lambda: Key("1") in talk.events.all)
    assert talk.events.all == [Reached("s1"), Key("1")]


async def test_with_a_button_nothing_is_heard_until_it_is_released(web: WebChannel) -> None:
    async with talking(web, mode="push") as talk:
        talk.socket.send_in(FRAME, FRAME, {"type": "key", "digit": "1"}, {"type": "finish"}, {"type": "finish"}, FRAME)
        talk.socket.send_in({"type": "end"})
        await talk.events.over()
        assert talk.events.all == [Key("1"), Sound(FRAME * 2), Finished(), Finished()]


async def test_a_whole_utterance_may_come_as_one_message_however_late_it_is_taken(web: WebChannel) -> None:
    async with talking(web, mode="push") as talk:
        utterance = bytes(32000 * 20)
        talk.socket.send_in(utterance, bytes(32000 * 50), {"type": "finish"})
        assert (await talk.socket.wait("error"))["code"] in {"too-long", "sound-fast"}
        await talk.events.until(lambda: Finished() in talk.events.all)
        pieces = [event.pcm for event in talk.events.all if isinstance(event, Sound)]
        assert b"".join(pieces) == utterance
        assert max(map(len, pieces)) == 16000


async def test_a_lost_socket_is_no_lost_call(talk: Talk) -> None:
    await talk.leg.play(b"11")
    await talk.leg.mark("one")
    await talk.leg.play(b"22")
    first = await talk.socket.wait("mark")
    talk.socket.send_in({"type": "mark", "name": first["name"]})
    await talk.events.until(lambda: talk.events.marks == ["one"])
    talk.socket.gone()
    await talk.socket.until(lambda: talk.socket.closed is not None)
    await talk.leg.play(b"33")
    await talk.leg.told(Told("state", "listening"))
    again = await talk.back()
    await again.wait("state")
    sound = [one for one in again.sent if isinstance(one, bytes)]
    assert sound == [b"\x0122", b"\x0133"]
    assert again.told[1]["type"] == "clear"
    again.send_in({"type": "key", "digit": "7"})
    await talk.events.until(lambda: Key("7") in talk.events.all)
    assert len(talk.board.rings) == 1
    assert talk.board.told == []


async def test_a_second_socket_takes_over(talk: Talk) -> None:
    again = await talk.back()
    await talk.socket.until(lambda: talk.socket.closed == TAKEN)
    talk.socket.send_in({"type": "key", "digit": "1"})
    again.send_in({"type": "key", "digit": "2"})
    await talk.events.until(lambda: talk.events.all != [])
    assert talk.events.all == [Key("2")]


async def test_who_does_not_come_back_was_dropped(talk: Talk) -> None:
    talk.socket.gone()
    await talk.events.over()
    assert [news.state for news in talk.board.told] == [CallState.DROPPED]
    assert talk.board.told[0].provider_id == talk.started["session"]
    assert talk.leg.dropped


async def test_who_says_good_bye_has_ended_the_call(talk: Talk) -> None:
    talk.socket.send_in({"type": "end"})
    await talk.events.over()
    assert [news.state for news in talk.board.told] == [CallState.ENDED]
    assert talk.socket.of("ended")[0]["reason"] == "caller"
    assert talk.socket.closed == 1000


async def test_the_call_ends_even_if_that_can_not_be_noted(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    talk.board.broken = True
    talk.socket.send_in({"type": "end"})
    await talk.events.over()
    assert "could not be noted" in caplog.text


async def test_when_we_hang_up_everything_before_is_sent_first(talk: Talk) -> None:
    await talk.leg.play(FRAME)
    await talk.leg.hang_up()
    await talk.events.over()
    assert talk.socket.sent[-2] == b"\x01" + FRAME
    assert talk.socket.told[-1]["type"] == "ended"
    assert talk.board.told == []


async def test_a_page_that_reads_nothing_is_cut_off_and_may_come_back(web: WebChannel) -> None:
    async with talking(web) as slow, talking(web) as other:
        slow.socket.stuck.clear()
        await slow.leg.play(FRAME)
        await slow.leg.mark("s1")
        await other.leg.mark("o1")
        await other.socket.wait("mark")
        await slow.socket.until(lambda: slow.socket.closed == SLOW)
        again = await slow.back()
        mark = await again.wait("mark")
        again.send_in({"type": "mark", "name": mark["name"]})
        await slow.events.until(lambda: slow.events.marks == ["s1"])
        assert other.socket.closed is None


async def test_a_flood_is_refused_without_an_end_of_complaints() -> None:
    async with client() as http:
        strict = channel(http, Patience(back=0.1, slow=0.3, burst=0.05, messages=100))
        async with talking(strict) as talk:
            talk.socket.send_in(*[FRAME] * 30, b"odd", {"type": "key", "digit": "1"})
            await talk.events.until(lambda: Key("1") in talk.events.all)
            assert len(talk.events.of(Sound)) < 5
            talk.socket.send_in(*[b""] * 500)
            await talk.socket.until(lambda: talk.socket.closed is not None)
            await talk.events.over()
            assert {one["code"] for one in talk.socket.of("error")} <= {"sound-fast", "sound-odd", "too-fast"}
            assert len(talk.socket.of("error")) <= 20


async def test_nonsense_is_answered_and_does_no_harm(talk: Talk) -> None:
    for wrong in ("no json", {"type": "dance"}, {"type": "start"}, {"type": "key", "digit": "x"}, b"odd"):
        talk.socket.send_in(wrong)
    await talk.socket.wait("error", 5)
    talk.socket.send_in({"type": "text", "text": "still here"})
    await talk.events.until(lambda: talk.events.all == [Typed("still here")])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.text(max_size=40) | st.binary(max_size=9) | st.fixed_dictionaries({"type": st.text()})))
def test_whatever_comes_the_line_goes_on(messages: list[Any]) -> None:
    async def survives() -> None:
        async with client() as http, talking(channel(http)) as talk:
            talk.socket.send_in(*messages, {"type": "key", "digit": "9"})
            await talk.events.until(lambda: Key("9") in talk.events.all)

    asyncio.run(survives())


async def test_after_the_end_nothing_is_done_and_nothing_breaks(talk: Talk) -> None:
    await talk.leg.hang_up()
    await talk.events.over()
    await talk.leg.play(FRAME)
    await talk.leg.mark("late")
    await talk.leg.clear()
    await talk.leg.told(Told("notice", "late"))
    await talk.leg.film(b"", "late")
    talk.leg.show(None)
    await talk.leg.hang_up()
    with pytest.raises(Impossible):
        await talk.leg.transfer("+201000000001")


async def test_nothing_is_left_running_after_the_end(web: WebChannel) -> None:
    before = asyncio.all_tasks()
    async with talking(web) as talk:
        again = await talk.back()
        again.gone()
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}
    assert isinstance(again, PaperSocket)
