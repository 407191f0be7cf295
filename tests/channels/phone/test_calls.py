from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect

from channels.phone import SPEC, mulaw, reception
from channels.phone.emulator import TwilioCaller
from core_pipeline.contracts.legs import Key
from errors import Forged, Impossible
from tests.channels.phone.house import Line, lined
from tests.channels.phone.paper import ACCOUNT, loudness, sign, tone
from tests.channels.phone.talks import Talk, clean, strength


@pytest.mark.parametrize("bursty", [False, True])
async def test_both_sides_hear_one_another(bursty: bool) -> None:
    talk = Talk()
    async with lined(talk) as (line, _):
        line.caller.bursty = bursty
        await line.caller.dial()
        assert await talk.reached.get() == "greeting"
        await line.caller.say(tone(0.5, 300, 24000))
        await line.caller.hang_up()
        await talk.over.wait()
        heard = line.caller.heard.data
        await clean(line)
    assert strength(heard, 440) > 0.9
    assert strength(bytes(talk.sound), 300) > 0.9
    assert line.caller.underruns == 0
    assert [(news.state, news.provider_id) for news in line.board.told] == [("ended", line.caller.call_sid)]
    [ring] = line.board.rings
    assert ring.address == {"to": line.caller.number}
    assert line.board.redeemed == ["call1"]


async def test_keys_arrive_and_the_business_hangs_up() -> None:
    talk = Talk()
    async with lined(talk) as (line, _):
        await line.caller.dial()
        for digit in "5#9":
            await line.caller.press(digit)
        assert await line.caller.wait_end() == "hangup"
        await clean(line)
    assert [event.digit for event in talk.events if isinstance(event, Key)] == ["5", "#", "9"]


@pytest.mark.parametrize("late", [False, True])
async def test_a_clear_takes_the_sound_away_and_brings_its_mark(late: bool) -> None:
    talk = Talk(greeting=0.0)
    async with lined(talk) as (line, _):
        caller = line.caller
        caller.late_marks = late
        await caller.dial()
        await caller.press("1")
        began = await caller.listen(0.3)
        await caller.press("2")
        assert await talk.reached.get() == "long"
        [cleared] = caller.cleared
        after = await caller.listen(0.3)
        await caller.hang_up()
        await clean(line)
    assert loudness(began.data) > 0.05
    assert loudness(after.data) < 0.001
    assert 0.2 < cleared < 2.0
    assert len(caller.heard.data) >= 2 * 8000 * cleared


async def test_quiet_waits_for_the_end_of_what_is_said() -> None:
    async with lined(Talk(greeting=0.4)) as (line, _):
        await line.caller.dial()
        await line.caller.quiet(0.2)
        assert line.caller.now > 0.5
        with pytest.raises(TimeoutError):
            await line.caller.quiet(0.1, timeout=0.3)
        await line.caller.hang_up()


@pytest.mark.parametrize("rest", [True, False])
async def test_a_caller_is_put_through_with_the_vendors_help_or_without(rest: bool) -> None:
    async with lined(Talk(), person_number="+12025550199") as (line, _):
        if not rest:
            line.caller.vendor.fail_next("Calls/sid", 503, times=5)
        await line.caller.dial()
        await line.caller.press("0")
        assert await line.caller.wait_end() == "transfer:+12025550199"
        await clean(line)
    assert line.board.asked_for == ([] if rest else ["call1"])


async def test_a_lost_network_ends_the_line() -> None:
    talk = Talk()
    async with lined(talk) as (line, _):
        await line.caller.dial()
        await line.caller.listen(0.1)
        await line.caller.drop()
        await talk.over.wait()
        assert await line.caller.wait_end() == "dropped"


async def test_we_call_and_are_heard() -> None:
    talk = Talk()
    async with lined(talk) as (line, _):
        address = {"to": line.caller.number}
        sid = await line.channel.dial(address, line.board.ticket(), line.board)
        await line.caller.wait_call()
        assert await talk.reached.get() == "greeting"
        await line.caller.press("9")
        assert await line.caller.wait_end() == "hangup"
        await clean(line)
    assert strength(line.caller.heard.data, 440) > 0.9
    states = [(news.state, news.provider_id) for news in line.board.told]
    assert states == [(state, sid) for state in ("ringing", "ringing", "running", "ended")]


async def test_nobody_takes_our_call() -> None:
    async with lined(Talk()) as (line, _):
        line.caller.answers = "no-answer"
        await line.channel.dial({"to": line.caller.number}, line.board.ticket(), line.board)
        with pytest.raises(Impossible):
            await line.caller.wait_call()
        assert await line.caller.wait_end() == "refused"
    assert "missed" in [news.state for news in line.board.told]


async def test_callers_on_one_port_share_the_vendor_and_are_different_people() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    setup = replace(SPEC.demo, port=port)
    async with AsyncExitStack() as stack:
        callers = [TwilioCaller(setup, "http://127.0.0.1:9", ACCOUNT) for _ in range(3)]
        await asyncio.gather(*(stack.enter_async_context(one) for one in callers))
        assert {one.url for one in callers} == {f"http://127.0.0.1:{port}"}
        assert len({one.number for one in callers}) == 3
        async with TwilioCaller(SPEC.demo, "http://127.0.0.1:9", ACCOUNT) as alone:
            assert alone.url != callers[0].url
    async with TwilioCaller(setup, "http://127.0.0.1:9", ACCOUNT) as again:
        assert (again.url, again.vendor.phones) == (callers[0].url, [again])


async def test_a_stream_that_is_refused_is_told_of() -> None:
    async with lined(Talk()) as (line, door):

        async def refused(*_: object) -> Any:
            raise Forged("signature-wrong")

        door.channel.connect = refused  # type: ignore[union-attr,method-assign]  # a door that trusts nobody
        with pytest.raises(Impossible) as told:
            await line.caller.dial()
        assert told.value.code == await line.caller.wait_end() == "refused"
    assert [news.state for news in line.board.told] == ["dropped", "ended"]
    assert [fault.partition(":")[0] for fault in line.caller.faults] == ["31920"]


async def open_half(line: Line, number: int) -> Any:
    """Connect and prove it, then say nothing, or half of what is due."""
    url = line.board.url("stream", "wss")
    half = await connect(url, additional_headers={"x-twilio-signature": sign(url, {})}, compression=None, proxy=None)
    if number % 2:
        await half.send('{"event":"connected"}')
    return half


async def test_two_hundred_half_open_sockets_do_not_disturb_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "NAME_SECONDS", 2.0)
    talk = Talk()
    async with lined(talk) as (line, _):
        await line.caller.dial()
        halves = await asyncio.gather(*(open_half(line, number) for number in range(200)))
        await line.caller.press("1")
        assert await talk.reached.get() == "greeting"
        assert await talk.reached.get() == "long"
        await asyncio.gather(*(half.wait_closed() for half in halves))
        assert {half.close_code for half in halves} == {1008}
        await line.caller.hang_up()
    assert {error.code for error in line.refused} == {"stream-silent"}
    assert line.caller.underruns == 0
    assert line.board.redeemed == ["call1"]


async def test_a_stolen_handshake_is_refused_before_it_is_accepted() -> None:
    async with lined(Talk()) as (line, _):
        url = line.board.url("stream", "wss")
        for signature in ("", "x", sign(url, {}, "another")):
            with pytest.raises(Exception, match="403"):
                await connect(url, additional_headers={"x-twilio-signature": signature}, proxy=None)
    assert {error.code for error in line.refused} == {"signature-wrong"}


def test_a_quiet_line_is_not_digital_silence() -> None:
    from channels.phone.emulator_sound import QUIET_CODES, noise  # noqa: PLC0415

    assert mulaw.SILENCE in QUIET_CODES
    assert len(set(noise())) > 100
