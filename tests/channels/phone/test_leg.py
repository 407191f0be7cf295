from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from channels.phone import leg as phone_leg
from channels.phone import mulaw
from channels.phone.leg import PhoneLeg
from core_pipeline.contracts.legs import Key, LegEvent, Reached, Sound, Told
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.channels.phone.paper import PaperSocket, form, tone


class Remote:
    """The vendor's REST API, on paper."""

    def __init__(self, error: SawtakError | None = None) -> None:
        self.error, self.done = error, list[str]()

    async def put_through(self, to: str) -> None:
        self.done.append(f"to {to}")
        if self.error:
            raise self.error

    async def end(self) -> None:
        self.done.append("end")
        if self.error:
            raise self.error


def legged(messages: list[dict[str, Any]] | None = None, remote: Remote | None = None, *, ends: bool = False) -> Any:
    told = [json.dumps({"streamSid": "MZ1", **message}) for message in messages or []]
    socket = PaperSocket(form("https://e.com/", {}), told, ends=ends)
    return PhoneLeg(socket, "MZ1", remote or Remote()), socket


def media(codes: bytes, at: int) -> dict[str, Any]:
    return {"event": "media", "media": {"timestamp": str(at), "payload": base64.b64encode(codes).decode()}}


def sent(socket: PaperSocket) -> list[Any]:
    """What was sent: bytes of sound, names of marks, "clear"."""
    found: list[Any] = []
    for text in socket.sent:
        told = json.loads(text)
        assert told["streamSid"] == "MZ1"
        if told["event"] == "media":
            found.append(base64.b64decode(told["media"]["payload"]))
        else:
            found.append(told["mark"]["name"] if told["event"] == "mark" else told["event"])
    return found


async def listened(leg: PhoneLeg) -> list[LegEvent]:
    return [event async for event in leg.events()]


async def test_sound_comes_with_silence_where_it_was_missing() -> None:
    codes = mulaw.encode(tone(0.02).data)
    leg, socket = legged([media(codes, 52), media(codes[:7], 72), media(codes, 173), {"event": "stop"}])
    events = await listened(leg)
    assert all(isinstance(event, Sound) for event in events)
    pcm = b"".join(event.pcm for event in events if isinstance(event, Sound))
    once = mulaw.decode(codes)
    assert pcm == once + once[:14] + bytes(2 * 801) + once
    assert socket.closed == 1000


async def test_keys_and_late_marks_come_in_order() -> None:
    leg, _ = legged(
        [
            {"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "0"}},
            {"event": "mark", "mark": {"name": "late:1"}},
            {"event": "mark", "mark": {"name": "late:2"}},
            {"event": "dtmf", "dtmf": {"digit": "*"}},
        ],
        ends=True,
    )
    await leg.clear()
    assert await listened(leg) == [Key("0"), Reached("late:1"), Reached("late:2"), Key("*")]


async def test_another_streams_messages_are_not_heard() -> None:
    leg, _ = legged(
        [{"event": "dtmf", "dtmf": {"digit": "1"}, "streamSid": "MZ2"}, {"event": "stop", "streamSid": "MZ2"}],
        ends=True,
    )
    assert await listened(leg) == []


@pytest.mark.parametrize("junk", [json.dumps({"event": "x" * 70_000}), b"\0" * 70_000])
async def test_a_message_that_no_vendor_sends_ends_the_line(junk: str | bytes) -> None:
    leg, socket = legged()
    socket.put(junk)
    assert await listened(leg) == []
    assert socket.closed is not None


async def test_endless_junk_ends_the_line() -> None:
    leg, socket = legged([{"event": "junk"}] * 2000)
    assert await listened(leg) == []
    assert socket.closed is not None


async def test_sound_goes_out_in_whole_frames_of_at_most_100_ms() -> None:
    leg, socket = legged()
    pcm = tone(1.0).data
    for at in range(0, len(pcm), 702):
        await leg.play(pcm[at : at + 702])
    await leg.mark("m")
    *chunks, mark = sent(socket)
    assert mark == "m"
    assert {len(chunk) % 160 for chunk in chunks} == {0}
    assert max(map(len, chunks)) <= 800
    assert b"".join(chunks) == mulaw.encode(pcm)
    assert leg.played == 1.0


async def test_a_mark_brings_the_rest_with_it() -> None:
    leg, socket = legged()
    await leg.play(tone(0.035).data)
    await leg.mark('مرحبا "1"')
    first, last, mark = sent(socket)
    assert (len(first), len(last), mark) == (160, 160, 'مرحبا "1"')
    assert last.endswith(b"\xff" * 40)
    assert leg.played == 0.035


async def test_after_a_clear_nothing_old_goes_out() -> None:
    leg, socket = legged()
    await leg.play(tone(0.035).data)
    await leg.clear()
    await leg.mark("m")
    assert sent(socket)[1:] == ["clear", "m"]


async def test_a_clear_stops_what_is_being_handed_over() -> None:
    leg, socket = legged()
    plain, going = socket.send, asyncio.Event()

    async def slow(data: str) -> None:
        await plain(data)
        going.set()
        await asyncio.sleep(0)

    socket.send = slow
    playing = asyncio.create_task(leg.play(tone(10.0).data))
    await going.wait()
    await leg.clear()
    await playing
    assert len(sent(socket)) < 10


async def test_hanging_up_ends_the_socket_the_call_and_the_events() -> None:
    remote = Remote()
    leg, socket = legged([{"event": "dtmf", "dtmf": {"digit": "9"}}], remote)
    heard: list[LegEvent] = []
    async for event in leg.events():
        heard.append(event)
        await leg.hang_up()
    assert (heard, socket.closed, remote.done) == ([Key("9")], 1000, ["end"])


async def test_who_has_gone_is_not_hung_up_on() -> None:
    remote = Remote()
    leg, _ = legged([{"event": "stop"}], remote)
    await listened(leg)
    await leg.hang_up()
    await leg.transfer("+12025550199")
    assert remote.done == []


@pytest.mark.parametrize("error", [None, Retryable("x"), NeedsOwner("x"), Impossible("phone-21220")])
async def test_a_transfer_ends_the_line_whatever_the_vendor_says(error: SawtakError | None) -> None:
    remote = Remote(error)
    leg, socket = legged([], remote)
    await leg.transfer("+12025550199", "words")
    assert (socket.closed, remote.done) == (1000, ["to +12025550199"])
    assert await listened(leg) == []


async def test_a_number_that_is_none_leaves_the_call_as_it_is() -> None:
    leg, socket = legged([], Remote(Impossible("transfer-number")))
    with pytest.raises(Impossible):
        await leg.transfer("nowhere")
    assert socket.closed is None


async def test_a_listener_who_stops_releases_the_socket() -> None:
    leg, socket = legged([{"event": "dtmf", "dtmf": {"digit": "1"}}] * 3)
    events = leg.events()
    assert await anext(events) == Key("1")
    await events.aclose()
    assert socket.closed is not None


async def test_a_line_on_which_nothing_comes_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_leg, "SILENT_SECONDS", 0.05)
    leg, socket = legged([{"event": "dtmf", "dtmf": {"digit": "1"}}])
    assert await listened(leg) == [Key("1")]
    assert socket.closed is not None


async def test_a_line_that_takes_nothing_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_leg, "STUCK_SECONDS", 0.05)
    leg, socket = legged()

    async def stuck(data: str) -> None:
        await asyncio.Event().wait()

    socket.send = stuck
    await leg.play(tone(1.0).data)
    assert await listened(leg) == []
    assert socket.closed is not None


async def test_nothing_is_shown_on_a_telephone() -> None:
    leg, socket = legged()
    await leg.told(Told("state", "speaking"))
    leg.show(None)
    with pytest.raises(Impossible):
        await leg.film(b"", "m")
    assert (leg.screen, leg.sample_rate, socket.sent) == ("none", 8000, [])
