"""What we send is what the channel asked for, at one loudness, with short margins."""

import pytest

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media import pcm as sound
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.sandbox import Sandbox
from errors import Impossible
from tests.media.files import FORMATS, OPUS, pitch, tone

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 48_000])
async def test_a_voice_note_is_mono_opus_of_the_right_length(sandbox: Sandbox, rate: int) -> None:
    note = await encode_voice(tone(3.0, rate), OPUS)
    facts = await sandbox.probe(note)
    assert (facts.container, facts.codec, facts.channels, facts.sample_rate) == ("ogg", "opus", 1, 48_000)
    assert facts.seconds == pytest.approx(3.12, abs=0.06)
    assert b"OpusHead" in note[:64]
    assert pitch(await sandbox.decode(note)) == pytest.approx(440, abs=2)


async def test_opus_packets_last_twenty_milliseconds() -> None:
    note = await encode_voice(tone(2.0), OPUS)
    # RFC 6716 §3.1: the first five bits of a packet name mode and duration; these are the 20 ms ones.
    twenty = {1, 5, 9, 13, 15, 19, 23, 27, 31}
    assert {packet[0] >> 3 for packet in _ogg_packets(note)[2:]} <= twenty


async def test_speech_fits_the_bit_rate(sandbox: Sandbox) -> None:
    noise = sound.add_noise(tone(10.0), 10.0, seed=1)
    assert (await sandbox.probe(await encode_voice(noise, OPUS))).bit_rate == pytest.approx(24_000, rel=0.35)


@pytest.mark.parametrize("name", ["mp3", "aac-m4a", "mulaw-wav", "amr-nb", "opus-webm"])
async def test_other_channels_get_their_format(sandbox: Sandbox, name: str) -> None:
    facts = await sandbox.probe(await encode_voice(tone(3.0, 22_050), FORMATS[name]))
    assert facts.sample_rate == FORMATS[name].sample_rate
    assert facts.seconds == pytest.approx(3.12, abs=0.06)


@pytest.mark.parametrize(("level", "peak"), [(0.9, 0.708), (0.4, 0.708), (0.01, 0.0398)])
async def test_loudness_is_evened_out_but_a_whisper_stays_one(sandbox: Sandbox, level: float, peak: float) -> None:
    heard = await sandbox.decode(await encode_voice(tone(2.0, level=level), FORMATS["pcm-wav"]))
    assert sound.peak(heard) == pytest.approx(peak, rel=0.05)


async def test_long_margins_are_trimmed(sandbox: Sandbox) -> None:
    silence = Pcm(bytes(32_000), 16_000)
    heard = await sandbox.decode(await encode_voice(sound.join([silence, tone(2.0), silence]), OPUS))
    assert heard.seconds == pytest.approx(2.24, abs=0.06)


async def test_a_pause_inside_stays(sandbox: Sandbox) -> None:
    pause = sound.join([tone(1.0), Pcm(bytes(32_000), 16_000), tone(1.0)])
    assert (await sandbox.decode(await encode_voice(pause, OPUS))).seconds == pytest.approx(3.12, abs=0.06)


async def test_silence_is_encoded_and_nothing_is_refused(sandbox: Sandbox) -> None:
    assert (await sandbox.probe(await encode_voice(Pcm(bytes(32_000), 16_000), OPUS))).seconds == pytest.approx(
        1.0, abs=0.06
    )
    with pytest.raises(Impossible, match="media-silent"):
        await encode_voice(Pcm(b"", 16_000), OPUS)


def _ogg_packets(data: bytes) -> list[bytes]:
    """Return the packets of a one-stream Ogg file (RFC 3533: 27 header bytes, lacing table, body)."""
    packets, unfinished, at = [], b"", 0
    while at < len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(lacing)
        for length in lacing:
            unfinished += data[at : at + length]
            at += length
            if length < 255:
                packets.append(unfinished)
                unfinished = b""
    return packets
