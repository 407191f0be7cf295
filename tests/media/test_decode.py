"""Every format a customer may send comes out as the sound it was; everything else is refused by name."""

import time

import numpy as np
import pytest

from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.encode import encode
from core_pipeline.media.sandbox import Sandbox
from errors import Impossible
from tests.media.files import FORMATS, OPUS, SECONDS, long_silence, loudness, pitch, sample, tone, video_note

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("name", [*FORMATS, "video-note"])
async def test_every_format_keeps_length_and_pitch(sandbox: Sandbox, name: str) -> None:
    pcm = await sandbox.decode(sample(name))
    assert pcm.sample_rate == 16_000
    assert pcm.seconds == pytest.approx(SECONDS, abs=0.06)
    assert pitch(pcm) == pytest.approx(440, abs=2)
    assert loudness(pcm) == pytest.approx(0.3 / 2**0.5, rel=0.25)


async def test_wide_band_amr_keeps_its_length(sandbox: Sandbox) -> None:
    pcm = await sandbox.decode(sample("amr-wb"))
    assert pcm.seconds == pytest.approx(SECONDS, abs=0.06)
    assert (await sandbox.probe(sample("amr-wb"))).codec == "amr_wb"


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
async def test_sample_rate_is_the_callers_choice(sandbox: Sandbox, rate: int) -> None:
    pcm = await sandbox.decode(sample("opus-ogg"), sample_rate=rate)
    assert pcm.sample_rate == rate
    assert pcm.seconds == pytest.approx(SECONDS, abs=0.06)
    assert pitch(pcm) == pytest.approx(440, abs=2)


async def test_stereo_is_mixed_down(sandbox: Sandbox) -> None:
    left, right = (np.frombuffer(tone(hertz=hertz).data, "<i2") for hertz in (440, 880))
    wav = _wav(np.stack([left, right], axis=1).tobytes(), channels=2)
    sound = np.frombuffer((await sandbox.decode(wav)).data, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(sound))
    assert {int(i / SECONDS) for i in np.argsort(spectrum)[-2:]} == {440, 880}


async def test_a_stream_may_change_its_rate_half_way(sandbox: Sandbox) -> None:
    slow, fast = (encode(tone(1.0, rate), VoiceFormat("adts", "aac", rate, 48_000, "")) for rate in (16_000, 44_100))
    pcm = await sandbox.decode(slow + fast)
    assert pcm.seconds == pytest.approx(2.0, abs=0.3)
    assert pitch(pcm) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("name", [*FORMATS, "video-note"])
async def test_probe_measures_what_is_there(sandbox: Sandbox, name: str) -> None:
    facts = await sandbox.probe(sample(name))
    container, codec = {
        "opus-ogg": ("ogg", "opus"), "opus-webm": ("webm", "opus"), "aac-m4a": ("mp4", "aac"),
        "aac-adts": ("aac", "aac"), "mp3": ("mp3", "mp3"), "mulaw-wav": ("wav", "pcm_mulaw"),
        "alaw-wav": ("wav", "pcm_alaw"), "pcm-wav": ("wav", "pcm_s16le"), "flac": ("flac", "flac"),
        "amr-nb": ("amr", "amr_nb"), "amr-3gp": ("mp4", "amr_nb"), "video-note": ("mp4", "aac"),
    }[name]  # fmt: skip
    assert (facts.container, facts.codec, facts.channels) == (container, codec, 1)
    assert facts.sample_rate == (44_100 if name == "video-note" else FORMATS[name].sample_rate)
    assert facts.seconds == pytest.approx(SECONDS, abs=0.06)
    assert 3_000 < facts.bit_rate < 300_000


async def test_probe_takes_silence_and_decode_names_it(sandbox: Sandbox) -> None:
    quiet = encode(Pcm(bytes(64_000), 16_000), OPUS)
    assert (await sandbox.probe(quiet)).seconds == pytest.approx(2.0, abs=0.06)
    await _refused(sandbox, quiet, "media-silent")


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"OggS", b"RIFF\xff\xff\xff\xffWAVE", b"#!AMR\n", bytes(100_000), bytes(range(256)) * 400],
    ids=["empty", "one byte", "ogg magic", "wav magic", "amr magic", "zeros", "ramp"],
)
async def test_garbage_is_unreadable(sandbox: Sandbox, data: bytes) -> None:
    await _refused(sandbox, data, "media-unreadable")
    with pytest.raises(Impossible, match="media-unreadable"):
        await sandbox.probe(data)


async def test_a_film_without_sound_is_unreadable(sandbox: Sandbox) -> None:
    await _refused(sandbox, video_note(1.0, sound=False), "media-unreadable")


async def test_two_hundred_channels_are_unreadable(sandbox: Sandbox) -> None:
    await _refused(sandbox, _wav(bytes(400) * 100, channels=200), "media-unreadable")


async def test_codecs_off_the_list_are_refused(sandbox: Sandbox) -> None:
    await _refused(sandbox, encode(tone(), VoiceFormat("wav", "adpcm_ima_wav", 16_000, 64_000, "")), "media-unreadable")
    await _refused(sandbox, encode(tone(), VoiceFormat("aiff", "pcm_s16be", 16_000, 64_000, "")), "media-unreadable")


async def test_length_is_capped(sandbox: Sandbox) -> None:
    assert (await sandbox.decode(sample("opus-ogg"), max_seconds=2.1)).seconds == pytest.approx(2.0, abs=0.06)
    with pytest.raises(Impossible, match="media-too-long"):
        await sandbox.decode(sample("opus-ogg"), max_seconds=1.5)
    with pytest.raises(Impossible, match="media-too-long"):
        await sandbox.probe(sample("opus-ogg"), max_seconds=1.5)


async def test_bytes_are_capped_before_anything_is_read() -> None:
    small = Sandbox(max_bytes=1_000)
    await _refused(small, sample("opus-ogg"), "media-too-large")
    assert small.pid is None


async def test_two_hours_of_silence_in_a_small_file_are_too_long_quickly(sandbox: Sandbox) -> None:
    bomb = long_silence(7_200)
    assert len(bomb) < 2_000_000
    start = time.monotonic()
    await _refused(sandbox, bomb, "media-too-long")
    assert time.monotonic() - start < 6


async def _refused(sandbox: Sandbox, data: bytes, code: str) -> None:
    with pytest.raises(Impossible) as refusal:
        await sandbox.decode(data)
    assert refusal.value.code == code


def _wav(body: bytes, channels: int) -> bytes:
    return b"".join((
        b"RIFF", (36 + len(body)).to_bytes(4, "little"), b"WAVEfmt ", (16).to_bytes(4, "little"),
        (1).to_bytes(2, "little"), channels.to_bytes(2, "little"), (16_000).to_bytes(4, "little"),
        (32_000 * channels).to_bytes(4, "little"), (2 * channels).to_bytes(2, "little"), (16).to_bytes(2, "little"),
        b"data", len(body).to_bytes(4, "little"), body,
    ))  # fmt: skip
