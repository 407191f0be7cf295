"""Arithmetic on sound: lengths, pitch, levels, and no surprises for any input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import add_noise, finish, join, peak, resample, samples, to_pcm
from tests.media.files import loudness, pitch, tone

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]
sounds = st.builds(
    lambda values, rate: Pcm(np.array(values, "<i2").tobytes(), rate),
    st.lists(st.integers(-32_768, 32_767), max_size=400),
    st.sampled_from(RATES),
)


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", RATES)
def test_resampling_keeps_pitch_length_and_level(source: int, target: int) -> None:
    out = resample(tone(1.0, source), target)
    assert out.sample_rate == target
    assert len(out.data) == 2 * target
    assert pitch(out) == pytest.approx(440, abs=1)
    assert loudness(out) == pytest.approx(0.3 / 2**0.5, rel=0.01)


def test_resampling_adds_no_delay() -> None:
    sound = tone(1.0, 16_000)
    back = samples(resample(resample(sound, 48_000), 16_000))
    assert np.abs(back - samples(sound))[800:-800].max() < 0.002


def test_what_is_above_the_new_limit_is_gone() -> None:
    assert loudness(resample(tone(1.0, 48_000, hertz=6_000), 8_000)) < 0.003


def test_fifteen_minutes_are_resampled_in_reasonable_time() -> None:
    assert resample(Pcm(bytes(2 * 900 * 16_000), 16_000), 8_000).seconds == 900


@given(sounds, st.sampled_from(RATES))
def test_any_sound_can_be_resampled(sound: Pcm, rate: int) -> None:
    out = resample(sound, rate)
    assert len(out.data) // 2 == -(-len(sound.data) // 2 * rate // sound.sample_rate)


@given(sounds)
def test_finishing_any_sound_keeps_its_peak_in_bounds(sound: Pcm) -> None:
    out = finish(sound)
    assert out.sample_rate == sound.sample_rate
    assert peak(out) <= 0.7081
    assert len(out.data) % 2 == 0
    assert out.seconds <= sound.seconds + 0.121


@given(sounds)
def test_samples_come_back_unchanged(sound: Pcm) -> None:
    assert to_pcm(samples(sound), sound.sample_rate) == sound


@given(st.lists(st.binary(max_size=20).map(lambda raw: raw * 2), min_size=1, max_size=5))
def test_joining_is_appending(parts: list[bytes]) -> None:
    assert join([Pcm(part, 16_000) for part in parts]) == Pcm(b"".join(parts), 16_000)


def test_margins_of_a_note_without_any_are_padded_with_true_silence() -> None:
    finished = np.frombuffer(finish(tone(1.0)).data, "<i2")
    assert finished.size == pytest.approx(16_000 + 2 * 960, abs=4)
    assert not finished[:950].any()
    assert not finished[-950:].any()


def test_different_rates_and_nothing_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="can't join"):
        join([tone(0.1, 8_000), tone(0.1, 16_000)])
    with pytest.raises(ValueError, match="can't join"):
        join([])


@pytest.mark.parametrize("snr", [0.0, 10.0, 20.0])
def test_noise_lies_where_it_was_asked(snr: float) -> None:
    clean = tone(2.0, level=0.2)
    noise = samples(add_noise(clean, snr, seed=3)) - samples(clean)
    measured = 20 * np.log10(loudness(clean) / np.sqrt(np.mean(noise**2)))
    assert measured == pytest.approx(snr, abs=0.2)
    assert add_noise(clean, snr, seed=3) == add_noise(clean, snr, seed=3) != add_noise(clean, snr, seed=4)


def test_silence_and_nothing_stay_as_they_are() -> None:
    for quiet in (Pcm(b"", 16_000), Pcm(bytes(3_200), 16_000)):
        assert add_noise(quiet, 10.0, seed=1) == finish(quiet) == quiet
        assert peak(quiet) == 0.0
