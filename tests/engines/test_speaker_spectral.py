"""The embedded comparison of voices: it holds for voices it never met, through codecs and noise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.speaker import UNMET
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.asr.demo.train.augment import mu_law, noise, opus
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.speaker.spectral.features import DIMENSIONS, SAMPLE_RATE, describe
from core_pipeline.engines.speaker.spectral.fit import Recording, calibrated, equal_error, evidences, learn
from core_pipeline.engines.speaker.spectral.model import Model
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, resample, samples, to_pcm

FIRST = "ما هي ساعات العمل يوم الجمعة، وهل عندكم توصيل إلى البيت؟ أريد أن أحجز طاولة قرب النافذة لأربعة أشخاص."
SECOND = "كم سعر شاورما دجاج مع بطاطس مقلية؟ الطلب تأخر كثيرا ولم يصل بعد. أريد أن أتكلم مع المدير من فضلكم."


@pytest.fixture
async def speaker() -> SpectralSpeaker:
    return await SpectralSpeaker.load()


@pytest.fixture
async def tts() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def say(tts: EspeakTts, text: str, variant: str) -> Pcm:
    return join([part.pcm async for part in tts.speak(Saying(text, "ar", f"ar+{variant}"))])


async def test_unmet_voices_are_told_apart(tts: EspeakTts, speaker: SpectralSpeaker) -> None:
    variants = UNMET[::2]
    first = [await speaker.voiceprint(await say(tts, FIRST, variant)) for variant in variants]
    second = [await speaker.voiceprint(await say(tts, SECOND, variant)) for variant in variants]
    likeness = np.array([[speaker.likeness(one, other) for other in second] for one in first])
    same, other = likeness.diagonal(), likeness[~np.eye(len(variants), dtype=bool)]
    assert np.mean(same >= 0.5) >= 0.85
    assert np.mean(other < 0.5) >= 0.9


Fate = Callable[[NDArray[np.float32]], NDArray[np.float32]]
FATES: dict[str, Fate] = {
    "opus": lambda sound: opus(sound, 16_000),
    "telephone": mu_law,
    "noise": lambda sound: noise(sound, 25, np.random.default_rng(1)),
    "tilt": lambda sound: sound - np.float32(0.3) * np.append(np.float32(0), sound[:-1]),
}


@pytest.mark.parametrize("fate", FATES)
async def test_the_way_of_the_sound_does_not_make_another_person(
    tts: EspeakTts, speaker: SpectralSpeaker, fate: str
) -> None:
    kept = await speaker.voiceprint(await say(tts, FIRST, "m7"))
    sound = samples(resample(await say(tts, SECOND, "m7"), SAMPLE_RATE)) * np.float32(32768)
    changed = to_pcm(FATES[fate](sound) / np.float32(32768), SAMPLE_RATE)
    assert speaker.likeness(kept, await speaker.voiceprint(changed)) > 0.5


async def test_short_speech_makes_it_less_sure(tts: EspeakTts, speaker: SpectralSpeaker) -> None:
    long, other = await say(tts, FIRST, "f2"), await say(tts, SECOND, "f2")
    kept = await speaker.voiceprint(long)
    short = await speaker.voiceprint(Pcm(other.data[: 2 * 2 * other.sample_rate], other.sample_rate))
    assert short[0] < 2.1 < kept[0]
    assert speaker.likeness(kept, short) < speaker.likeness(kept, await speaker.voiceprint(other))


def test_a_description_has_its_shape_and_silence_has_none() -> None:
    seconds, description = describe(np.zeros(SAMPLE_RATE, dtype=np.float32))
    assert seconds == 0
    assert description.shape == (DIMENSIONS,)
    tone = np.sin(np.arange(SAMPLE_RATE) * 2 * np.pi * 125 / SAMPLE_RATE).astype(np.float32) * 8000
    _, heard = describe(tone)
    assert heard[-3] == pytest.approx(np.log(SAMPLE_RATE / 125), abs=0.02)
    assert np.isfinite(heard).all()


def test_learning_finds_what_tells_speakers_apart() -> None:
    rng = np.random.default_rng(4)
    centres = np.zeros((30, DIMENSIONS))
    centres[:, 5] = np.linspace(-6, 6, 30)
    found = [
        Recording(str(who), session, 8.0, (centre + rng.standard_normal(DIMENSIONS)).astype(np.float32))
        for who, centre in enumerate(centres)
        for session in range(6)
    ]
    model = learn(found)
    assert int(np.argmax(np.abs(model.directions[0] / model.scale))) == 5
    same, other = evidences(model, found)
    model = calibrated(model, same, other)
    error, where = equal_error(same, other)
    assert error < 0.25
    assert model.likeness(where) == pytest.approx(0.5, abs=0.2)
    assert model.likeness(-1000) < 0.01
    assert model.likeness(where + 10) > 0.5


def test_the_model_is_kept_as_it_is(tmp_path) -> None:  # type: ignore[no-untyped-def]
    model = Model.load()
    model.save(tmp_path / "again.npz")
    again = Model.load(tmp_path / "again.npz")
    for name, value in vars(model).items():
        assert np.array_equal(value, getattr(again, name)), name
