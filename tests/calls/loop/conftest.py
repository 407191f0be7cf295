"""The networks that calls share, and two speakers' words as sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.rates import Stream
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts

SAID = {
    "question": Saying("أريد أن أعرف حالة الطلب من فضلك", "ar"),
    "short": Saying("نعم", "ar"),
    "barge": Saying("لا انتظر لحظة أريد شيئا آخر", "ar", voice="ar+f3", pitch=1.2),
    "english": Saying("No wait a moment, I want something else.", "en", voice="ar+m3"),
    "answer": Saying("سأتحقق من حالة طلبك الآن. طلبك رقم خمسة عشر في الطريق إليك وسيصل غدا صباحا.", "ar"),
}


async def _spoken() -> dict[str, Pcm]:
    engine = EspeakTts(EspeakConfig())
    try:
        return {name: await _one(engine, saying) for name, saying in SAID.items()}
    finally:
        await engine.close()


async def _one(engine: EspeakTts, saying: Saying) -> Pcm:
    parts = [part.pcm async for part in engine.speak(saying)]
    return Pcm(b"".join(part.data for part in parts), parts[0].sample_rate)


@pytest.fixture(scope="session")
def recorded() -> dict[str, Pcm]:
    """What our speakers say, as the engine gave it."""
    return asyncio.run(_spoken())


@pytest.fixture(scope="session")
def speech(recorded: dict[str, Pcm]) -> Callable[..., bytes]:
    """Gives what was said at a rate (8 kHz), with half a second of silence after it."""
    made: dict[tuple[str, int], bytes] = {}

    def give(name: str, rate: int = 8_000) -> bytes:
        if (name, rate) not in made:
            stream = Stream(recorded[name].sample_rate, rate)
            made[name, rate] = stream.feed(recorded[name].data) + stream.flush()
        return made[name, rate]

    return give


@pytest.fixture(scope="session")
def equipment() -> Equipment:
    """What calls share; the loop's lag is not watched."""
    return Equipment()
