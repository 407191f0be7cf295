"""Whether a recording is good enough to make a voice of, and in words what to do when it isn't."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core_pipeline.cloning.crowd import one_voice
from core_pipeline.cloning.measures import Measures, measure
from core_pipeline.contracts.engines import Pcm, Speaker

LEAST_SPEECH, MOST_SECONDS = 10.0, 120.0
ONE_VOICE = 0.25
FAULTS: dict[str, Callable[[Measures], bool]] = {
    "too-short": lambda found: found.speech < LEAST_SPEECH,
    "too-long": lambda found: found.seconds > MOST_SECONDS,
    "quiet": lambda found: found.level < -42.0,
    "noisy": lambda found: found.snr < 15.0,
    "clipped": lambda found: found.clipped > 0.0015 or (found.speech > 0 and found.crest < 9.0),
    "pauses": lambda found: found.pauses > 0.5,
    "narrow-band": lambda found: found.band < 5_500.0,
}


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a recording, worst first (codes of `verdicts.toml`), and what was measured."""

    problems: tuple[str, ...]
    figures: dict[str, float]

    @property
    def fine(self) -> bool:
        """Whether a voice can be made of it."""
        return not self.problems


async def inspect(pcm: Pcm, speaker: Speaker) -> Verdict:
    """Judge a decoded recording; whether one person speaks is asked only when the rest is fine."""
    found = await asyncio.to_thread(measure, pcm)
    problems = tuple(code for code, faulty in FAULTS.items() if faulty(found))
    if problems:
        return Verdict(problems, found.rounded())
    alone = await one_voice(pcm, speaker)
    return Verdict(("two-speakers",) if alone < ONE_VOICE else (), {**found.rounded(), "one_voice": round(alone, 4)})


def explain(code: str, language: str) -> str:
    """Return what to do about a problem, in Arabic or English; the code itself where there is nothing to say."""
    return _sentences().get(code, {}).get(language, code)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("verdicts.toml").read_text(encoding="utf-8"))
