"""Measures the demo recogniser: `python -m bench.asr_demo [--every N]`.

40 held-out sentences in 8 held-out espeak voices (and 20 sentences of words it never saw), through the real engine:
clean, opus 16 kbit/s with noise at 15 dB, µ-law 8 kHz, noise at 10 dB. Errors are of letters (CER) and words (WER).
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.asr.demo.engine import DemoAsr
from core_pipeline.engines.asr.demo.features import SAMPLE_RATE, Samples
from core_pipeline.engines.asr.demo.train.augment import mu_law, noise, opus, surround
from core_pipeline.engines.asr.demo.train.grammar import lines
from core_pipeline.engines.asr.demo.train.score import errors
from core_pipeline.engines.asr.demo.train.synth import HELD_OUT_VOICES, Reading, Speaker

Spoiler = Callable[[Samples, np.random.Generator], Samples]
CONDITIONS: dict[str, Spoiler] = {
    "clean": lambda samples, _: samples,
    "opus 16k + 15 dB": lambda samples, rng: opus(noise(samples, 15, rng), 16_000),
    "µ-law 8 kHz": lambda samples, _: mu_law(samples),
    "noise 10 dB": lambda samples, rng: noise(samples, 10, rng),
}


@dataclass
class Tally:
    """What was heard under one condition."""

    letters: int = 0
    wrong_letters: int = 0
    words: int = 0
    wrong_words: int = 0
    seconds: float = 0.0
    spent: float = 0.0
    right: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)

    def add(self, said: str, heard: str, confidence: float) -> None:
        """Count one sentence."""
        self.letters += len(said)
        self.wrong_letters += errors(heard, said)
        self.words += len(said.split())
        self.wrong_words += errors(heard.split(), said.split())
        self.right.append(heard == said)
        self.confidence.append(confidence)

    @property
    def cer(self) -> float:
        """Errors of letters in per cent."""
        return 100 * self.wrong_letters / max(1, self.letters)

    def row(self, name: str) -> str:
        """One line of the table."""
        low, middle, high = np.percentile(self.confidence, [10, 50, 90])
        return (
            f"{name:<24} {len(self.right):>4} {self.cer:>6.2f} {100 * self.wrong_words / self.words:>6.2f} "
            f"{100 * np.mean(self.right):>6.1f} {self.spent / self.seconds:>7.4f}   {low:.2f} {middle:.2f} {high:.2f}"
        )


async def hear(asr: DemoAsr, samples: Samples, said: str, tallies: list[Tally]) -> None:
    """Transcribe once and count it in every tally."""
    speech = Pcm(samples.round().astype("<i2").tobytes(), SAMPLE_RATE)
    start = time.process_time()
    transcript = await asr.transcribe(speech, "ar")
    spent = time.process_time() - start
    for tally in tallies:
        tally.add(said, transcript.text, transcript.confidence or 0.0)
        tally.seconds += speech.seconds
        tally.spent += spent


async def measure(every: int) -> tuple[dict[str, Tally], dict[str, Tally]]:
    """Return the tallies by condition and, for clean speech, by voice."""
    by_condition: dict[str, Tally] = defaultdict(Tally)
    by_voice: dict[str, Tally] = defaultdict(Tally)
    asr = await DemoAsr.load()
    rng = np.random.default_rng(11)
    spoken = [(text, voice) for text in lines("heldout.txt") for voice in HELD_OUT_VOICES][::every]
    strange = [(text, HELD_OUT_VOICES[i % len(HELD_OUT_VOICES)]) for i, text in enumerate(lines("unseen.txt"))]
    with Speaker() as speaker:
        for text, voice in spoken:
            samples = surround(speaker.say(text, Reading(voice)), rng)
            for name, spoil in CONDITIONS.items():
                also = [by_voice[voice]] if name == "clean" else []
                await hear(asr, spoil(samples, rng), text, [by_condition[name], *also])
        for text, voice in strange:
            samples = surround(speaker.say(text, Reading(voice)), rng)
            await hear(asr, samples, text, [by_condition["unseen words, clean"]])
    return by_condition, by_voice


async def speechless(count: int = 60) -> None:
    """Print how often words are heard in noise and silence, and how far they would be trusted."""
    asr, rng = await DemoAsr.load(), np.random.default_rng(23)
    trusted = []
    for _ in range(count):
        silence = np.zeros(int(rng.integers(SAMPLE_RATE, 5 * SAMPLE_RATE)), dtype=np.float32)
        hum = noise(silence, 0.0, rng)
        loud = hum * np.float32(10 ** rng.uniform(0.0, 3.7) / np.abs(hum).max())
        heard = await asr.transcribe(Pcm(loud.round().astype("<i2").tobytes(), SAMPLE_RATE))
        trusted += [heard.confidence or 0.0] if heard.text else []
    highest = f", highest confidence {max(trusted):.2f}" if trusted else ""
    print(f"\nnoise without speech: words heard in {len(trusted)} of {count}{highest}")


def thresholds(by_condition: dict[str, Tally]) -> None:
    """Print, for some thresholds of confidence, what would be asked again."""
    confidence = np.concatenate([tally.confidence for tally in by_condition.values()])
    right = np.concatenate([tally.right for tally in by_condition.values()]).astype(bool)
    print("\nask again below   of the right   of the wrong   of unseen words")
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        asked = confidence < threshold
        unseen = np.mean(np.array(by_condition["unseen words, clean"].confidence) < threshold)
        of_right, of_wrong = (
            asked[right].mean() if right.any() else 0.0,
            asked[~right].mean() if (~right).any() else 0.0,
        )
        print(f"{threshold:>15.1f} {100 * of_right:>12.1f} % {100 * of_wrong:>12.1f} % {100 * unseen:>15.1f} %")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take only every Nth utterance")
    by_condition, by_voice = asyncio.run(measure(parser.parse_args().every))
    print(f"{'condition':<24} {'n':>4} {'CER':>6} {'WER':>6} {'exact':>6} {'RTF':>7}   confidence 10/50/90 %")
    for name, tally in by_condition.items():
        print(tally.row(name))
    print("\nby voice, clean:")
    for name, tally in by_voice.items():
        print(tally.row(name))
    thresholds(by_condition)
    asyncio.run(speechless())


if __name__ == "__main__":
    main()
