"""What both servers of `bench.calls` say, spoken once by the embedded voice, and what the callers ask."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, resample, samples

RATE = 8_000
HEARD = "متى تفتحون"
SENTENCES = (
    "أهلا وسهلا بك في مطعم اللؤلؤة.",
    "نفتح أبوابنا كل يوم من الساعة العاشرة صباحا حتى منتصف الليل.",
    "ويوم الجمعة نفتح بعد صلاة الظهر ونبقى حتى الواحدة ليلا.",
    "هل تحب أن أحجز لك طاولة لهذا المساء؟",
)
QUIET = 0.02
QUESTIONS = ("أريد أن أعرف متى تفتحون يوم الجمعة من فضلك", "لحظة، عندي سؤال آخر عن التوصيل")


def _trimmed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence at its ends: times count from what is really said."""
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    return sound[loud[0] : loud[-1] + 1]


async def speak(folder: Path) -> tuple[NDArray[np.float32], ...]:
    """Keep the sentences' sound in the folder for both servers; gives the callers' questions at 8 kHz."""
    voice = EspeakTts(EspeakConfig())
    try:
        names = {}
        for number, text in enumerate(SENTENCES):
            names[text] = f"{number}.raw"
            spoken = resample(join([part.pcm async for part in voice.speak(Saying(text, "ar"))]), RATE)
            (folder / names[text]).write_bytes(spoken.data)
        (folder / "sentences.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        asked = []
        for text in QUESTIONS:
            parts = [part.pcm async for part in voice.speak(Saying(text, "ar", voice="ar+f2"))]
            asked.append(_trimmed(samples(resample(join(parts), RATE))))
        return tuple(asked)
    finally:
        await voice.close()
