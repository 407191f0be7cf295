"""Samples are judged by what is in them; each verdict says what to do."""

from __future__ import annotations

import pytest

from core_pipeline.cloning.measures import measure
from core_pipeline.cloning.quality import FAULTS, explain, inspect
from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import add_noise, join, resample
from core_pipeline.media.sandbox import Sandbox
from tests.cloning.people import AMR, MAN, OGG, PAGE, WOMAN, louder, note, say, silence


@pytest.mark.parametrize("voice", [WOMAN, MAN, "ar+Annie", "ar+grandpa"])
async def test_a_clean_sample_is_fine(tts: EspeakTts, speaker: SpectralSpeaker, sandbox: Sandbox, voice: str) -> None:
    heard = await sandbox.decode(note(await say(tts, PAGE, voice), OGG), sample_rate=24_000)
    verdict = await inspect(heard, speaker)
    assert verdict.problems == ()
    assert verdict.figures["speech"] > 15
    assert verdict.figures["one_voice"] > 0.5


async def test_each_fault_is_named(tts: EspeakTts, speaker: SpectralSpeaker, sandbox: Sandbox) -> None:
    clean = await say(tts, PAGE, WOMAN)
    moment = Pcm(clean.data[: 2 * 44_100], clean.sample_rate)
    cases = {
        "too-short": Pcm(clean.data[: 2 * 8 * clean.sample_rate], clean.sample_rate),
        "too-long": join([clean] * 7),
        "quiet": louder(clean, 0.03),
        "noisy": add_noise(clean, 9, 1),
        "clipped": louder(clean, 8),
        "pauses": join([piece for _ in range(6) for piece in (moment, silence(4))]),
        "narrow-band": await sandbox.decode(note(clean, AMR), sample_rate=24_000),
    }
    found = {code: (await inspect(pcm, speaker)).problems for code, pcm in cases.items()}
    assert found == {code: (code,) for code in cases}
    assert cases.keys() == FAULTS.keys()


async def test_clipping_is_seen_after_it_was_turned_down_and_compressed(tts: EspeakTts, sandbox: Sandbox) -> None:
    crushed = louder(louder(await say(tts, PAGE, WOMAN), 8), 0.4)
    heard = await sandbox.decode(note(crushed), sample_rate=24_000)
    assert FAULTS["clipped"](measure(heard))


@pytest.mark.parametrize(("snr", "within"), [(30, 1.5), (20, 1.5), (12, 1.5), (6, 1.5)])
async def test_noise_is_measured(tts: EspeakTts, snr: float, within: float) -> None:
    noisy = add_noise(await say(tts, PAGE, MAN), snr, 3)
    assert measure(noisy).snr == pytest.approx(snr, abs=within)


async def test_two_people_are_told_from_one(tts: EspeakTts, speaker: SpectralSpeaker) -> None:
    woman, man = await say(tts, PAGE, WOMAN), await say(tts, PAGE, MAN)
    half = Pcm(woman.data[: 2 * 12 * woman.sample_rate], woman.sample_rate)
    guest = Pcm(man.data[: 2 * 4 * man.sample_rate], man.sample_rate)
    for crowd in (join([woman, man]), join([half, guest]), join([guest, half, guest])):
        assert (await inspect(crowd, speaker)).problems == ("two-speakers",)


async def test_the_level_of_a_file_does_not_matter_within_reason(tts: EspeakTts, speaker: SpectralSpeaker) -> None:
    clean = await say(tts, PAGE, WOMAN)
    for factor in (0.15, 1.0):
        assert (await inspect(louder(clean, factor), speaker)).fine


async def test_wideband_notes_of_messengers_are_wide_enough(tts: EspeakTts, speaker: SpectralSpeaker) -> None:
    narrow = resample(await say(tts, PAGE, WOMAN), 16_000)
    assert (await inspect(resample(narrow, 24_000), speaker)).fine


def test_hiss_and_hum_are_no_sample() -> None:
    hiss = add_noise(Pcm(b"\x10\x00" * 24_000 * 12, 24_000), 0, 5)
    assert FAULTS["noisy"](measure(hiss)) or FAULTS["quiet"](measure(hiss))


def test_everything_that_is_wrong_can_be_said_in_both_languages() -> None:
    consent = ("not-heard", "not-read", "wrong-words", "refused", "other-voice", "same-recording", "sentence-expired")
    for code in (*FAULTS, *consent, "two-speakers"):
        for language in ("ar", "en"):
            assert len(explain(code, language)) > 20
    assert explain("never-heard-of", "ar") == "never-heard-of"
