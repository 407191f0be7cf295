"""Measures who is told from whom: `python -m bench.speaker [--every N] [--fit]`.

A speaker is an espeak variant, as it is or with another throat and pitch. Each reads in several sessions (other words,
Arabic or English, rate, pitch and level a little different), and each recording is spoilt: noise, opus, µ-law, tilt.
Only variants that the model never met are measured; EER is where as many pairs of one speaker are taken for two as
pairs of two speakers for one. `--fit` learns the model of `core_pipeline/engines/speaker/spectral` anew first.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core_pipeline.cloning.consent import WORDS, sentence_for, wording
from core_pipeline.cloning.crowd import one_voice
from core_pipeline.cloning.quality import ONE_VOICE
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.asr.demo.train.augment import mu_law, noise, opus
from core_pipeline.engines.asr.demo.train.grammar import Lexicon, sentences
from core_pipeline.engines.asr.demo.train.synth import Speaker as Kit
from core_pipeline.engines.asr.demo.train.synth import training_voices
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.speaker.spectral.features import SAMPLE_RATE, describe
from core_pipeline.engines.speaker.spectral.fit import Recording, calibrated, equal_error, evidences, learn
from core_pipeline.engines.speaker.spectral.model import Model
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, resample, samples, to_pcm
from errors import Retryable

Sound = NDArray[np.float32]

UNMET = (
    *("Alex", "Andrea", "Diogo", "Gene2", "Jacky", "Mike", "RicishayMax2", "aunty", "benjamin", "caleb", "edward"),
    *("f2", "f5", "grandma", "iven3", "john", "klatt3", "linda", "m2", "m7", "mike2", "pedro", "rob", "steph2"),
    *("travis", "zac"),
)
ENGLISH = (
    "We open every day at ten in the morning and close at midnight.",
    "The new branch is near the river and has a garden for families.",
    "Please tell me how many people are coming on Friday evening.",
    "Delivery usually takes forty minutes and costs three dollars.",
    "Our cook makes fresh bread, soup and grilled chicken every morning.",
    "You can pay with cash, with a card or by bank transfer.",
    "Could you repeat the address slowly because the line is not good.",
    "There is a large car park behind the building and it is free.",
    "The weather is lovely today, so many guests sit outside in the shade.",
    "My brother bought two kilos of apples and a bottle of orange juice.",
)
CONSENTS = 4  # readings of the sentence by each variant
SESSIONS, ENGLISH_SESSIONS = 8, (3, 6)
LENGTHS = (4.0, 8.0, 8.0, 12.0)
CALIBRATION_SHARE = 5  # every fifth variant draws the curve instead of teaching directions


@dataclass(frozen=True)
class Throat:
    """A speaker: an espeak variant, `size` of its throat (1.0: its own) and its pitch as a factor."""

    variant: str
    size: float = 1.0
    pitch: float = 1.0

    @property
    def name(self) -> str:
        """What the speaker is called in pairs."""
        return f"{self.variant}/{self.size:.2f}/{self.pitch:.2f}"


def throats(variant: str, rng: random.Random) -> list[Throat]:
    """Return the variant as it is, and with a longer and a shorter throat."""
    sizes = 1.0, rng.uniform(0.88, 0.95), rng.uniform(1.06, 1.15)
    return [Throat(variant, size, 1.0 if size == 1.0 else rng.uniform(0.7, 1.3)) for size in sizes]


async def read(tts: EspeakTts, throat: Throat, seconds: float, texts: Sequence[str], rng: random.Random) -> Sound:
    """Return that many seconds of the speaker at 16 kHz, 16-bit scale, in a manner of this session."""
    language = "en" if texts is ENGLISH else "ar"
    rate, pitch = rng.uniform(0.9, 1.2), throat.pitch * rng.uniform(0.92, 1.08)
    saying = Saying("", language, f"{language}+{throat.variant}" if throat.variant else language, rate, pitch)
    parts: list[Pcm] = []
    while sum(part.seconds for part in parts) < seconds:
        try:
            parts += [part.pcm async for part in tts.speak(replace(saying, text=rng.choice(texts)))]
        except Retryable:  # espeak-ng 1.52 crashes on a few sentences in a few variants: another sentence
            continue
    whole = join(parts)
    shifted = Pcm(whole.data, round(whole.sample_rate * throat.size / 50) * 50)
    return samples(resample(shifted, SAMPLE_RATE))[: int(seconds * SAMPLE_RATE)] * np.float32(32768)


def spoil(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return the recording as another room, microphone or network would have it."""
    sound = sound * np.float32(10 ** (rng.uniform(-20, 0) / 20))
    sound = sound + np.float32(rng.uniform(-0.35, 0.35)) * np.append(np.float32(0), sound[:-1])
    fate = rng.random()
    if fate < 0.25:
        return sound
    if fate < 0.55:
        return noise(sound, rng.uniform(18, 35), rng)
    if fate < 0.85:
        hissing = noise(sound, rng.uniform(20, 35), rng) if rng.random() < 0.5 else sound
        return opus(hissing, int(rng.integers(14, 33)) * 1000)
    return mu_law(sound)


async def recordings(variants: Sequence[str], seed: int, spoilt: int) -> AsyncIterator[Recording]:
    """Yield every session of every speaker of these variants, spoilt that many times."""
    rng, dice = random.Random(seed), np.random.default_rng(seed)
    arabic = sentences(Lexicon.load(), 300, seed)
    tts = EspeakTts(EspeakConfig())
    try:
        for throat in (throat for variant in variants for throat in throats(variant, rng)):
            for session in range(SESSIONS):
                texts = ENGLISH if session in ENGLISH_SESSIONS else arabic
                sound = await read(tts, throat, rng.choice(LENGTHS), texts, rng)
                for _ in range(spoilt):
                    heard = to_pcm(spoil(sound, dice) / 32768, SAMPLE_RATE)
                    seconds, description = describe(np.frombuffer(heard.data, "<i2").astype(np.float32))
                    if seconds >= 1.0:
                        yield Recording(throat.name, session, seconds, description)
    finally:
        await tts.close()


async def fit(every: int) -> Model:
    """Learn the model from the variants that are not measured, and keep it."""
    with Kit() as kit:
        known = [one for one in training_voices(kit.variants()) if one not in UNMET][::every]
    teaching = [one for index, one in enumerate(known) if index % CALIBRATION_SHARE]
    drawing = [one for index, one in enumerate(known) if not index % CALIBRATION_SHARE]
    model = learn([one async for one in recordings(teaching, 3, 2)])
    same, other = evidences(model, [one async for one in recordings(drawing, 4, 1)])
    model = calibrated(model, same, other)
    model.save()
    print(
        f"learnt from {len(teaching)} variants, curve from {len(drawing)}, EER there {equal_error(same, other)[0]:.4f}"
    )
    return Model.load()


def report(model: Model, heard: Sequence[Recording]) -> None:
    """Print the table, for all recordings and for long ones."""
    print(f"{'recordings':<28} {'same':>6} {'other':>7} {'EER %':>6}   at 0.5: missed %, let in %")
    own = [one for one in heard if "/1.00/" in one.speaker]
    for name, kept in (
        ("all", heard),
        ("over 6 s of speech", [one for one in heard if one.seconds > 6]),
        ("under 4 s of speech", [one for one in heard if one.seconds < 4]),
        ("throats as espeak has them", own),
    ):
        same, other = evidences(model, kept)
        missed, let_in = (
            np.mean([model.likeness(value) < 0.5 for value in same]),
            np.mean([model.likeness(value) >= 0.5 for value in other]),
        )
        error = equal_error(same, other)[0]
        print(f"{name:<28} {len(same):>6} {len(other):>7} {100 * error:>6.2f}   {100 * missed:.2f}, {100 * let_in:.2f}")


async def consent(tts: EspeakTts, variant: str, rng: random.Random) -> Pcm:
    """Return the sentence of consent, with words drawn anew, read by this variant."""
    words = rng.sample(wording()["ar"]["words"], WORDS)
    asked = sentence_for("ar", "مطعم اللؤلؤة", "خالد يوسف", "answers", date(2026, 3, 5), words)
    try:
        return join([part.pcm async for part in tts.speak(Saying(asked.sentence, "ar", f"ar+{variant}"))])
    except Retryable:  # as above: other words
        return await consent(tts, variant, rng)


async def crowds(every: int) -> None:
    """Print how often samples of one and of two people are taken for two, as `core_pipeline/cloning` judges them."""
    rng, tts, speaker = random.Random(6), EspeakTts(EspeakConfig()), await SpectralSpeaker.load()
    arabic = sentences(Lexicon.load(), 300, 6)

    async def part(variant: str, seconds: float) -> Sound:
        return await read(tts, Throat(variant), seconds, arabic, rng)

    kinds: dict[str, tuple[float, ...]] = {
        "one person, 11 to 25 s": (),
        "two, half each": (4, 4, 4, 4),
        "two, 12 s and 4 s": (12, 4),
        "two, 14 s and 2.5 s": (14, 2.5),
        "two, 4 s in the middle": (7, 4, 7),
        "two, 2.5 s in the middle": (7, 2.5, 7),
    }
    print("\nsamples of                 n   judged two %")
    read_out = [await consent(tts, variant, rng) for variant in UNMET[::every] for _ in range(CONSENTS)]
    judged = [await one_voice(pcm, speaker) < ONE_VOICE for pcm in read_out]
    print(f"{'one person, the consent':<24} {len(judged):>3} {100 * np.mean(judged):>10.1f}")
    for name, lengths in kinds.items():
        judged = []
        for variant in UNMET[::every]:
            other = rng.choice([one for one in UNMET if one != variant])
            turns = [(variant, other)[place % 2] for place in range(len(lengths))]
            told = [await part(who, seconds) for who, seconds in zip(turns, lengths, strict=True)]
            whole = np.concatenate(told or [await part(variant, rng.uniform(11, 25))])
            judged.append(await one_voice(to_pcm(whole / 32768, SAMPLE_RATE), speaker) < ONE_VOICE)
        print(f"{name:<24} {len(judged):>3} {100 * np.mean(judged):>10.1f}")
    await tts.close()


async def measure(every: int, *, anew: bool) -> None:
    """Print the figures of the kept model, or of one learnt now."""
    model = await fit(every) if anew else Model.load()
    heard = [one async for one in recordings(UNMET[::every], 5, 1)]
    report(model, heard)
    await crowds(every)
    start = time.process_time()
    for _ in range(20):
        describe(np.random.default_rng(1).standard_normal(10 * SAMPLE_RATE).astype(np.float32) * 3000)
    print(f"voiceprint of 10 s: {(time.process_time() - start) / 20 * 1000:.0f} ms of CPU")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take only every Nth variant")
    parser.add_argument("--fit", action="store_true", help="learn the model anew and keep it")
    given = parser.parse_args()
    asyncio.run(measure(given.every, anew=given.fit))


if __name__ == "__main__":
    main()
