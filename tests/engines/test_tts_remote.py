"""A voice on other machines: one of several until the first sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.tts.remote import SPEC, RemoteTtsConfig
from errors import Impossible, NeedsOwner
from tests.worker.conftest import TOKEN, puppet_process

WELCOME = Saying("أهلا بكم. Welcome.", "ar")
DEAD = "http://127.0.0.1:1"


async def all_of(voice: Any, saying: Saying) -> list[Speech]:
    return [part async for part in voice.speak(saying)]


async def test_it_says_what_the_workers_engine_says(tmp_path: Path) -> None:
    assert SPEC.rehearsal
    here = EspeakTts(EspeakConfig())
    async with SPEC.rehearsal(tmp_path) as config, httpx.AsyncClient() as http:
        bench = Bench(tmp_path, http)
        voice = await SPEC.open(config.model_copy(update={"urls": [DEAD, *config.urls]}), bench)
        assert await all_of(voice, WELCOME) == await all_of(here, WELCOME)
        assert SPEC.probe
        await SPEC.probe(config, bench)
    await here.close()


async def test_a_clone_speaks_and_is_forgotten_by_every_worker(tmp_path: Path) -> None:
    clone = Clone("c7", Pcm(bytes(2000), 16_000), "نعم")
    with puppet_process(tmp_path) as (address, notes, _):
        async with httpx.AsyncClient() as http:
            config = RemoteTtsConfig(urls=[address], token=TOKEN)
            voice: Any = await SPEC.open(config, Bench(tmp_path, http))
            assert (await all_of(voice, Saying("clone", "ar", clone=clone)))[0].pcm == clone.sample
            await voice.forget("c7")
            assert notes.read_text(encoding="utf-8") == "forgot c7\n"


@pytest.mark.parametrize(
    ("saying", "error", "says"),
    [
        (Saying("bonjour", "fr"), Impossible, "not fr"),
        (Saying("a" * 21, "en"), Impossible, "text-too-long"),
        (Saying("a", "en", clone=Clone("c", Pcm(b"", 8000), "")), Impossible, "no-cloning"),
        (Saying("a", "en", voice="nobody"), NeedsOwner, "there are: reception"),
    ],
)
async def test_what_the_workers_can_not_do_is_refused_here(
    tmp_path: Path, saying: Saying, error: type[Exception], says: str
) -> None:
    config = RemoteTtsConfig(urls=[DEAD], clones=False, voices=["reception"], longest_text=20)
    async with httpx.AsyncClient() as http:
        voice = await SPEC.open(config, Bench(tmp_path, http))
        with pytest.raises(error, match=says):
            await all_of(voice, saying)


def test_languages_and_price_are_the_configurations() -> None:
    config = RemoteTtsConfig(languages=["ar", "qq"], usd_per_1000_characters=0.5)
    assert SPEC.languages_of(config) == {"ar"}
    assert SPEC.price(config) == pytest.approx(500)
