"""What strangers may send: descriptions, packets and settings of every kind."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.rtc.caller import RtcCaller
from channels.rtc.ice import IceServer, ice_servers
from channels.rtc.inbox import Inbox
from channels.rtc.incoming import Incoming
from channels.rtc.keys import KEYS, KeyReader, press
from channels.rtc.leg import RtcLeg
from channels.rtc.opus import SILENT, Encoder
from core_pipeline.contracts.legs import Key, LegEvent, Sound, Typed
from errors import Impossible, NeedsOwner
from tests.channels.rtc.ends import babble


@pytest.fixture(scope="module")
def offered() -> str:
    """A browser's offer with all that we can agree on."""

    async def made() -> str:
        caller = RtcCaller(video=True, writes=True)
        offer = await caller.offer()
        await caller.close()
        return offer

    return asyncio.run(made())


async def refused(offer: str) -> None:
    with pytest.raises(Impossible, match="sdp"):
        await RtcLeg(video=True).answer(offer)


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "v=0",
        "v=0\r\nm=audio 9 RTP/AVP 0\r\n",
        "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 2,
        "v=0\r\n" + "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n" * 100,
        "v=0" + " " * 70_000,
    ],
)
async def test_what_is_no_offer_is_refused(offer: str) -> None:
    await refused(offer)


async def test_sound_that_is_not_opus_is_refused(offered: str) -> None:
    await refused(re.sub("opus/48000/2", "speex/48000/2", offered))


async def test_an_offer_without_sound_is_refused(offered: str) -> None:
    await refused(offered.replace("m=audio", "m=text"))
    await refused(offered.replace("a=sendrecv", "a=recvonly"))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_mangled_offer_is_agreed_to_or_refused(offered: str, data: st.DataObject) -> None:
    lines = offered.split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        mangle = data.draw(st.sampled_from(("drop", "cut", "double", "scramble")))
        line = lines.pop(at)
        cut = data.draw(st.integers(0, len(line)))
        kept = {"drop": [], "cut": [line[:cut]], "double": [line, line], "scramble": [line[:cut] + "￿%s" + line[cut:]]}
        lines[at:at] = kept[mangle]

    async def tried() -> None:
        leg = RtcLeg(video=True)
        try:
            await leg.answer("\r\n".join(lines))
        except Impossible as error:
            assert error.code == "sdp"  # noqa: PT017 - either is fine
        await leg.close()

    asyncio.run(tried())


def packets(count: int, first: int = 65_530) -> tuple[list[RtpPacket], bytes]:
    """Opus packets whose numbers run over, and what is in them when none is lost."""
    encoder, sound = Encoder(), babble(count * 0.02 + 0.02).data
    made = []
    for number in range(count):
        packet = RtpPacket(payload_type=111, sequence_number=(first + number) & 0xFFFF, timestamp=960 * number)
        packet.ssrc, packet.payload = 7, bytes(encoder.packet(sound[640 * number : 640 * (number + 1)], number))
        made.append(packet)
    return made, heard(made)


def heard(came: list[RtpPacket]) -> bytes:
    sound, keys = bytearray(), list[str]()
    ear = Incoming(sound.extend, keys.append)
    ear._codecs = {111: "opus", 126: "telephone-event"}
    for packet in came:
        ear.take(packet)
    return bytes(sound)


@settings(max_examples=50, deadline=None)
@given(swaps=st.lists(st.integers(2, 26), max_size=8), doubled=st.sets(st.integers(0, 29), max_size=5))
def test_packets_out_of_order_or_twice_are_heard_in_order(swaps: list[int], doubled: set[int]) -> None:
    sent, whole = packets(30)
    came = list(sent)
    for at in swaps:
        if abs(came[at].timestamp - 960 * at) < 1920 > abs(came[at + 1].timestamp - 960 * (at + 1)):
            came[at], came[at + 1] = came[at + 1], came[at]
    came = [packet for number, packet in enumerate(came) for _ in range(1 + (number in doubled))]
    assert heard(came) == whole


def test_a_lost_packet_is_silence_and_all_after_it_is_heard() -> None:
    sent, whole = packets(30)
    without = heard(sent[:10] + sent[11:])
    assert len(without) == len(whole)
    assert without[6400 + 640 * 6 :] != SILENT * 10
    assert heard(sent[:10] + sent[20:]) != whole


def test_a_new_source_and_a_far_number_begin_anew() -> None:
    sent, whole = packets(20)
    other, theirs = packets(20, first=40_000)
    assert abs(len(heard(sent + other)) - len(whole) - len(theirs)) < 640
    for packet in other:
        packet.ssrc = 8
    assert abs(len(heard(sent + other)) - len(whole) - len(theirs)) < 640


@settings(max_examples=200, deadline=None)
@given(payload=st.binary(max_size=64), payload_type=st.sampled_from((111, 126, 5)), number=st.integers(0, 65_535))
def test_no_packet_breaks_an_ear(payload: bytes, payload_type: int, number: int) -> None:
    sent, _ = packets(3)
    wild = RtpPacket(payload_type=payload_type, sequence_number=number, timestamp=1)
    wild.ssrc, wild.payload = 7, payload
    heard([*sent, wild, *packets(3, first=100)[0]])


@given(
    keys=st.lists(st.tuples(st.sampled_from(KEYS), st.integers(2, 60)), min_size=1, max_size=6),
    lost=st.randoms(use_true_random=False),
)
def test_each_press_is_told_once_whatever_is_lost_of_it(keys: list[tuple[str, int]], lost: object) -> None:
    reader, found, at = KeyReader(), list[str](), 0
    for key, steps in keys:
        at += 100_000
        sent = list(press(key, 960, steps))
        kept = [payload for payload in sent if lost.random() > 0.3] or sent[-1:]  # type: ignore[attr-defined] # a Random
        found += [told for payload in kept if (told := reader.take(payload, at))]
    assert found == [key for key, _ in keys]


def test_a_key_held_for_long_is_one_press_though_it_comes_in_segments() -> None:
    reader = KeyReader()
    held = [(bytes([5, 10, *ticks.to_bytes(2)]), begin) for begin in (0, 65_280) for ticks in range(960, 65_281, 960)]
    assert [key for payload, at in held if (key := reader.take(payload, at))] == ["5"]
    assert reader.take(bytes([5, 10, 0, 160]), 400_000) == "5"
    assert reader.take(bytes([16, 10, 0, 160]), 500_000) is None


async def test_what_nobody_takes_for_a_second_is_dropped_sound_first() -> None:
    inbox, full = Inbox(32_000), Inbox(32_000)
    inbox.put(Key("1"))
    for number in range(80):
        inbox.put(Sound(bytes([number]) * 640))
    inbox.end()
    inbox.put(Key("2"))
    taken = [event async for event in _all(inbox)]
    assert taken[0] == Key("1")
    assert [event.pcm[0] for event in taken[1:] if isinstance(event, Sound)] == list(range(30, 80))
    for number in range(300):
        full.put(Typed(str(number)))
    full.end()
    assert [event async for event in _all(full)] == [Typed(str(number)) for number in range(100, 300)]


async def _all(inbox: Inbox) -> AsyncIterator[LegEvent]:
    while (event := await inbox.get()) is not None:
        yield event


def test_ice_servers_are_read_as_addresses_or_as_browsers_take_them() -> None:
    assert ice_servers(" ") == ()
    assert ice_servers("stun:a.example:3478, turns:b.example:443?transport=tcp") == (
        IceServer(("stun:a.example:3478",)),
        IceServer(("turns:b.example:443?transport=tcp",)),
    )
    listed = '[{"urls": ["turn:b.example"], "username": "u", "credential": "c"}, {"urls": "stun:a.example"}]'
    assert ice_servers(listed) == (IceServer(("turn:b.example",), "u", "c"), IceServer(("stun:a.example",)))
    for wrong in ("http://a.example", "[]", "[{}]", "[", "stun:", "stun:a.example," * 9):
        with pytest.raises(NeedsOwner, match="ice-servers"):
            ice_servers(wrong)
