from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.phone.backlog import MOST, STALE_SECONDS, Backlog
from channels.phone.frames import Media, Start, Stop, frame, mark_out, media_out, opened, start
from channels.phone.leg import Holes, PhoneLeg
from core_pipeline.contracts.legs import Key, LegEvent, Reached, Sound
from tests.channels.phone.paper import PaperSocket, form

NAMES = [
    "event",
    "start",
    "media",
    "mark",
    "dtmf",
    "stop",
    "streamSid",
    "payload",
    "timestamp",
    "digit",
    "name",
    "track",
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["start", "media", "mark"]),
)
WILD = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=12,
)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class NoRemote:
    """A call about which nothing can be done from outside."""

    async def put_through(self, to: str) -> None:
        raise AssertionError

    async def end(self) -> None:
        raise AssertionError


def media(payload: Any, timestamp: Any = "52", **more: Any) -> dict[str, Any]:
    return {
        "event": "media",
        "streamSid": "MZ1",
        "media": {"track": "inbound", "timestamp": timestamp, "payload": payload, **more},
    }


def test_the_beginning_of_a_stream_is_read() -> None:
    told = {
        "event": "start",
        "sequenceNumber": 1,
        "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1",
            "callSid": "CA1",
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": 1},
            "customParameters": {"token": "t", "language": "en"},
        },
    }
    assert start(told) == Start("MZ1", "AC1", "CA1", "t", "en", known_format=True)
    assert start({**told, "streamSid": '","x":"'}) is None
    assert start({**told, "event": "connected"}) is None
    assert start({"event": "start", "streamSid": "MZ1"}) == Start("MZ1", "", "", "", "", known_format=False)


def test_what_happens_on_a_stream_is_read() -> None:
    sound = base64.b64encode(b"\xff" * 3).decode()
    assert frame(media(sound)) == Media(b"\xff\xff\xff", 52)
    assert frame(media(sound, 52, track="inbound_track")) == Media(b"\xff\xff\xff", 52)
    assert frame(media(sound, None)) == Media(b"\xff\xff\xff", None)
    assert frame({"event": "dtmf", "dtmf": {"digit": "#"}}) == Key("#")
    assert frame({"event": "mark", "mark": {"name": "s1"}}) == Reached("s1")
    assert frame({"event": "stop"}) == Stop()


def test_what_is_none_of_ours_is_nothing() -> None:
    odd = [
        media("?"),
        media(""),
        media(None),
        media("é"),
        media("AAA"),
        media("AAAA", track="outbound"),
        {"event": "new"},
    ]
    odd += [{"event": "dtmf", "dtmf": {"digit": digit}} for digit in ("12", "", None, "E", 5)]
    odd += [{"event": "mark", "mark": None}, {"event": ["media"]}, {}]
    assert [frame(told) for told in odd] == [None] * len(odd)


@given(WILD)
def test_wild_messages_never_raise(value: Any) -> None:
    told = opened(json.dumps(value))
    start(told)
    frame(told)


@given(st.text() | st.binary())
def test_wild_texts_never_raise(text: str | bytes) -> None:
    assert isinstance(opened(text), dict)


@given(st.lists(st.one_of(st.text(max_size=30), st.binary(max_size=30), WILD.map(json.dumps)), max_size=10))
async def test_a_call_outlives_whatever_is_said_to_it(messages: list[str | bytes]) -> None:
    good = json.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "7"}})
    socket = PaperSocket(form("https://e.com/", {}), [*messages, good], ends=True)
    leg = PhoneLeg(socket, "MZ1", NoRemote())
    assert [event async for event in leg.events()] == [Key("7")]
    assert socket.closed is not None


@given(st.text(max_size=50), st.binary(max_size=900))
def test_what_we_send_is_json(name: str, codes: bytes) -> None:
    assert json.loads(mark_out("MZ1", name))["mark"]["name"] == name
    sent = json.loads(media_out("MZ1", codes))
    assert (sent["event"], sent["streamSid"], base64.b64decode(sent["media"]["payload"])) == ("media", "MZ1", codes)


def frame_of(at: int | None) -> Media:
    return Media(b"\xff" * 160, at)


def test_holes_are_filled_and_jitter_is_not() -> None:
    holes = Holes()
    assert [holes.before(frame_of(at)) for at in (52, 72, 95, 111, 131)] == [0, 0, 0, 0, 0]
    assert holes.before(frame_of(252)) == 800
    assert holes.before(frame_of(271)) == 0
    assert holes.before(frame_of(60_000)) == 8000
    assert holes.before(frame_of(60_020)) == 0
    assert holes.before(frame_of(10)) == 0
    assert holes.before(frame_of(30)) == 0
    assert holes.before(frame_of(None)) == 0
    assert holes.before(frame_of(170)) == 800


def test_a_clock_that_runs_slowly_ahead_is_made_up_for() -> None:
    holes = Holes()
    added = sum(holes.before(Media(b"\xff" * 160, 21 * number)) for number in range(1000))
    assert abs(added - 8000) <= 400


async def taken(backlog: Backlog) -> list[LegEvent]:
    backlog.close()
    found = []
    while (event := await backlog.take()) is not None:
        found.append(event)
    return found


async def test_late_sound_is_dropped_and_keys_are_not() -> None:
    clock = Clock()
    backlog = Backlog(clock)
    for number in range(100):
        clock.now = 0.02 * number
        assert backlog.put(Sound(bytes([number])))
        if number % 25 == 0:
            assert backlog.put(Key("1"))
    found = await taken(backlog)
    assert found.count(Key("1")) == 4
    kept = [event.pcm[0] for event in found if isinstance(event, Sound)]
    assert kept == list(range(100 - len(kept), 100))
    assert len(kept) * 0.02 <= STALE_SECONDS + 0.04


async def test_sound_that_waited_too_long_is_dropped_when_it_is_taken_too() -> None:
    clock = Clock()
    backlog = Backlog(clock)
    for event in (Sound(b"a"), Reached("m"), Sound(b"b")):
        backlog.put(event)
    clock.now = STALE_SECONDS + 0.1
    assert await taken(backlog) == [Reached("m")]
    assert await backlog.take() is None


async def test_a_flood_of_keys_ends_the_line_instead_of_the_memory() -> None:
    backlog = Backlog(Clock())
    assert all(backlog.put(Key("1")) for _ in range(MOST))
    assert not backlog.put(Key("1"))
