from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from channels.phone import mulaw

EVERY_CODE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32768, 32768).astype("<i2")
# The outputs of the eight segments' ends and of both zeros, as G.711 has them in 16 bits.
KNOWN = {
    0x00: -32124, 0x0F: -16764, 0x10: -15996, 0x1F: -8316, 0x20: -7932, 0x2F: -4092, 0x30: -3900, 0x3F: -1980,
    0x40: -1884, 0x4F: -924, 0x50: -876, 0x5F: -396, 0x60: -372, 0x6F: -132, 0x70: -120, 0x7E: -8, 0x7F: 0, 0xFF: 0,
}  # fmt: skip


def samples(codes: bytes) -> list[int]:
    return [int(sample) for sample in np.frombuffer(mulaw.decode(codes), "<i2")]


def test_codes_mean_what_the_standard_says() -> None:
    assert {code: samples(bytes([code]))[0] for code in KNOWN} == KNOWN
    assert all(samples(bytes([code | 0x80]))[0] == -value for code, value in KNOWN.items())


def test_every_code_comes_back_and_there_is_one_zero() -> None:
    back = mulaw.encode(mulaw.decode(EVERY_CODE))
    assert [code for code in range(256) if back[code] != code] == [0x7F]
    assert back[0x7F] == mulaw.SILENCE == mulaw.encode(b"\0\0")[0]


def test_every_sample_is_within_half_a_step() -> None:
    heard = np.frombuffer(mulaw.decode(mulaw.encode(EVERY_SAMPLE.tobytes())), "<i2").astype(int)
    size = np.abs(EVERY_SAMPLE.astype(int))
    half_step = 1 << (np.floor(np.log2(np.minimum(size, 32635) + 132)).astype(int) - 5)
    wrong = np.abs(heard - EVERY_SAMPLE.astype(int)) > np.where(size > 32635, 32768 - 32124, half_step)
    assert not wrong.any()
    assert (np.diff(heard) >= 0).all()


@given(st.binary(max_size=999))
def test_any_length_is_carried(codes: bytes) -> None:
    pcm = mulaw.decode(codes)
    assert len(pcm) == 2 * len(codes)
    assert mulaw.encode(pcm) == codes.replace(b"\x7f", b"\xff")
    assert mulaw.encode(pcm + b"\1") == mulaw.encode(pcm)
