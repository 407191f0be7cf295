"""Every speaker engine keeps the same promises; a new one is tested by being there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, resample, samples, to_pcm
from errors import Impossible

PAGE = "نفتح كل يوم من الساعة العاشرة صباحا حتى منتصف الليل، والتوصيل متاح داخل المدينة."
OTHER_PAGE = "كم سعر شاورما دجاج مع بطاطس مقلية، ومتى يصل الطلب إلى البيت؟"
SPECS = [pytest.param(spec, id=name) for (kind, name), spec in sorted(discover().items()) if kind == "speaker"]

pytestmark = pytest.mark.parametrize("spec", SPECS)


@pytest.fixture
async def engine(spec: EngineSpec[Any], tmp_path: Path) -> AsyncIterator[Any]:
    async with httpx.AsyncClient() as http:
        bench = Bench(tmp_path, http)
        if spec.rehearsal is None:
            opened = await spec.open(spec.config(), bench)
        else:
            async with spec.rehearsal(tmp_path) as config:
                opened = await spec.open(config, bench)
        yield opened
        await opened.close()


@pytest.fixture
async def tts() -> AsyncIterator[EspeakTts]:
    voice = EspeakTts(EspeakConfig())
    yield voice
    await voice.close()


async def say(tts: EspeakTts, text: str, voice: str) -> Pcm:
    return join([part.pcm async for part in tts.speak(Saying(text, "ar", voice))])


async def test_the_embedded_engine_is_there(spec: EngineSpec[Any]) -> None:
    assert ("speaker", "spectral") in discover()


async def test_one_voice_is_itself_and_two_are_two(engine: Any, tts: EspeakTts) -> None:
    man, again = await say(tts, PAGE, "ar+m8"), await say(tts, OTHER_PAGE, "ar+m8")
    woman = await say(tts, PAGE, "ar+f3")
    prints = [await engine.voiceprint(pcm) for pcm in (man, again, woman)]
    assert engine.likeness(prints[0], prints[1]) > 0.5
    assert engine.likeness(prints[0], prints[0]) > 0.5
    assert engine.likeness(prints[0], prints[2]) < 0.5
    assert engine.likeness(prints[2], prints[1]) == pytest.approx(engine.likeness(prints[1], prints[2]))


async def test_level_and_sample_rate_change_nothing_of_weight(engine: Any, tts: EspeakTts) -> None:
    man = await say(tts, PAGE, "ar+m8")
    kept = await engine.voiceprint(man)
    for same in (resample(man, 48_000), resample(man, 16_000), to_pcm(samples(man) * 0.1, man.sample_rate)):
        assert engine.likeness(kept, await engine.voiceprint(same)) > 0.5


async def test_voiceprints_are_plain_numbers_and_the_same_again(engine: Any, tts: EspeakTts) -> None:
    man = await say(tts, PAGE, "ar+m8")
    first, second = await engine.voiceprint(man), await engine.voiceprint(man)
    assert first == second
    assert {type(value) for value in first} == {float}


@pytest.mark.parametrize("pcm", [Pcm(b"", 16_000), Pcm(bytes(2), 16_000), Pcm(bytes(64_000), 16_000)])
async def test_too_little_to_tell(engine: Any, pcm: Pcm) -> None:
    with pytest.raises(Impossible, match="too-little-speech"):
        await engine.voiceprint(pcm)


async def test_half_a_word_is_too_little(engine: Any, tts: EspeakTts) -> None:
    man = await say(tts, PAGE, "ar+m8")
    with pytest.raises(Impossible, match="too-little-speech"):
        await engine.voiceprint(Pcm(man.data[:20_000], man.sample_rate))


async def test_another_engines_voiceprint_is_refused(engine: Any, tts: EspeakTts) -> None:
    own = await engine.voiceprint(await say(tts, PAGE, "ar+m8"))
    with pytest.raises(Impossible, match="voiceprint-foreign"):
        engine.likeness(own, own[:-1])
    with pytest.raises(Impossible, match="voiceprint-foreign"):
        engine.likeness([], [])
