"""A recogniser on other machines: one of several, whichever is up."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from core_pipeline.contracts.engines import Asr, Pcm, Saying
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.asr.remote import SPEC, RemoteAsrConfig
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from errors import Impossible, NeedsOwner, Retryable

HOURS = "ما هي ساعات العمل يوم الجمعة"
DEAD = "http://127.0.0.1:1"


async def question() -> Pcm:
    voice = EspeakTts(EspeakConfig())
    parts = [part.pcm async for part in voice.speak(Saying(HOURS, "ar", voice="ar+f5"))]
    await voice.close()
    return Pcm(b"".join(part.data for part in parts), parts[0].sample_rate)


async def test_the_worker_that_is_up_hears_what_the_dead_one_can_not(tmp_path: Path) -> None:
    assert SPEC.rehearsal
    async with SPEC.rehearsal(tmp_path) as config, httpx.AsyncClient() as http:
        bench = Bench(tmp_path, http)
        asr: Asr = await SPEC.open(config.model_copy(update={"urls": [DEAD, *config.urls]}), bench)
        heard = await asr.transcribe(await question(), "ar")
        assert (heard.text, heard.language) == (HOURS, "ar")
        assert heard.words[0].text == "ما"
        with pytest.raises(Impossible, match="not fr"):
            await asr.transcribe(Pcm(b"", 8000), "fr")
        assert SPEC.probe
        await SPEC.probe(config, bench)
        with pytest.raises(NeedsOwner, match="worker-language"):
            await SPEC.probe(config.model_copy(update={"languages": ["ar", "fr"]}), bench)


async def test_what_is_missing_is_told(tmp_path: Path) -> None:
    assert SPEC.probe
    async with httpx.AsyncClient() as http:
        with pytest.raises(NeedsOwner, match="set the address"):
            await SPEC.open(SPEC.config(), Bench(tmp_path, http))
        with pytest.raises(Retryable, match="worker-down"):
            await SPEC.probe(RemoteAsrConfig(urls=[DEAD]), Bench(tmp_path, http))


def test_languages_and_price_are_the_configurations() -> None:
    config = RemoteAsrConfig(languages=["ar", "qq"], usd_per_minute=0.06)
    assert SPEC.languages_of(config) == {"ar"}
    assert SPEC.price(config) == pytest.approx(1000)
