"""Frames: whatever comes in whatever pieces, nothing breaks and nothing piles up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.audiosocket.frames import DIGIT, HANGUP, ID, KINDS, RATES, Frame, Parser

FRAMES = st.lists(st.builds(Frame, st.integers(0, 255), st.binary(max_size=700)), max_size=12)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted(place % (len(data) + 1) for place in places)
    return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]


@given(FRAMES, st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(frames: list[Frame], places: list[int]) -> None:
    parser, found = Parser(), list[Frame]()
    for piece in cut(b"".join(frame.wire for frame in frames), places):
        found += parser.feed(piece)
    assert found == frames


@given(st.lists(st.binary(max_size=3000), max_size=20))
def test_any_bytes_are_taken_and_less_than_a_frame_is_kept(pieces: list[bytes]) -> None:
    parser = Parser()
    for piece in pieces:
        for frame in parser.feed(piece):
            assert 0 <= frame.kind <= 255
            assert frame.digit is None or frame.digit in "0123456789*#ABCD"
            assert len(frame.sound(8000)) % 2 == 0
        assert len(parser._rest) < 3 + 65535


@given(st.integers(0, 255), st.binary(max_size=5))
def test_a_key_is_one_of_sixteen(kind: int, payload: bytes) -> None:
    digit = Frame(kind, payload).digit
    assert digit is None or (kind == DIGIT and digit == chr(payload[0]).upper())


def test_the_wire_is_what_asterisk_documents() -> None:
    assert Frame(HANGUP).wire == b"\x00\x00\x00"
    assert Frame(ID, bytes(range(16))).wire == b"\x01\x00\x10" + bytes(range(16))
    assert Frame(KINDS[8000], b"\0" * 320).wire == b"\x10\x01\x40" + b"\0" * 320
    assert RATES[0x12] == 16000
    assert Frame(DIGIT, b"#").digit == "#"
    assert Frame(DIGIT, b"d").digit == "D"
    assert Frame(0x10, b"abc").sound(8000) == b"ab"
    assert Frame(0x10, b"ab").sound(16000) == b""
