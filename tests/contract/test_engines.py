"""Every engine folder keeps the same promises; a new engine is tested by being there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from avatars.catalogue import DEFAULT, find
from core_pipeline.contracts.engines import Ask, Clone, Passage, Pcm, Saying
from core_pipeline.contracts.faces import Face, Shape
from core_pipeline.contracts.specs import EngineSpec, Progress
from core_pipeline.engines.catalogue import discover
from core_pipeline.media.film.facts import facts
from errors import Impossible, SawtakError
from tests.engines.scenes import data_of, pictures_in, scene
from tests.faces.photo_drawn import painted
from tests.factories import bench
from tests.upscale.clips import clip

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "onnxruntime", "av", "espeakng_loader", "piper", "kaldi_native_fbank")
SENTENCES = {"ar": "أهلا بكم في المطعم. نفتح الساعة العاشرة.", "en": "Welcome. We open at ten o'clock."}


def of_kind(kind: str) -> list[Any]:
    """The engines whose packages are here; `make test-engines` has the others'."""
    here = {key: spec for key, spec in discover().items() if all(find_spec(name) for name in spec.requires)}
    return [pytest.param(spec, id=name) for (k, name), spec in here.items() if k == kind]


@asynccontextmanager
async def default(spec: EngineSpec[Any]) -> AsyncIterator[Any]:
    yield spec.config()


@pytest.fixture
async def engine(spec: EngineSpec[Any], tmp_path: Path) -> AsyncIterator[Any]:
    """The engine, opened as it works here and now."""
    async with spec.rehearsal(tmp_path) if spec.rehearsal else default(spec) as config:
        ready = bench(tmp_path)
        async with ready.http:
            opened = await spec.open(config, ready)
            yield opened
            await opened.close()


def test_the_embedded_engines_are_found() -> None:
    assert {("asr", "demo"), ("llm", "knowledge"), ("tts", "espeak")} <= discover().keys()


@pytest.mark.parametrize("key", sorted(discover()), ids="/".join)
def test_a_spec_says_what_it_is(key: tuple[str, str]) -> None:
    spec = discover()[key]
    assert (spec.kind, spec.name) == key
    assert {"ar", "en"} <= spec.title.keys()
    assert spec.languages
    assert spec.unit
    assert spec.price(spec.config()) >= 0
    assert spec.languages_of(spec.config()) <= spec.languages
    assert spec.config.model_config.get("extra") == "forbid"
    assert not (spec.hosted and spec.heavy)
    assert not spec.heavy or spec.memory(spec.config()) > 0
    readme = ROOT / "core_pipeline/engines" / spec.kind / spec.name / "README.md"
    assert len(readme.read_text(encoding="utf-8")) > 200


@pytest.mark.parametrize("key", sorted(discover()), ids="/".join)
def test_importing_a_spec_is_light(key: tuple[str, str]) -> None:
    code = f"import sys, core_pipeline.engines.{'.'.join(key)}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("spec", of_kind("asr"))
class TestAsr:
    async def test_silence_has_no_words(self, spec: EngineSpec[Any], engine: Any) -> None:
        heard = await engine.transcribe(Pcm(bytes(32000), 16000))
        assert heard.text == "" or (heard.confidence is not None and heard.confidence < 0.5)

    async def test_a_moment_of_sound_does_no_harm(self, spec: EngineSpec[Any], engine: Any) -> None:
        for size in (0, 2, 100, 500):
            heard = await engine.transcribe(Pcm(bytes(size), 16000))
            assert heard.language in spec.languages

    async def test_other_sample_rates_are_heard_or_refused(self, spec: EngineSpec[Any], engine: Any) -> None:
        try:
            await engine.transcribe(Pcm(bytes(16000), 8000))
        except SawtakError as error:
            assert error.code  # noqa: PT017 - refusing is as good as hearing, breaking is not

    async def test_several_at_once(self, spec: EngineSpec[Any], engine: Any) -> None:
        heard = await asyncio.gather(*(engine.transcribe(Pcm(bytes(32000), 16000)) for _ in range(4)))
        assert len({one.text for one in heard}) == 1


@pytest.mark.parametrize("spec", of_kind("llm"))
class TestLlm:
    async def say(self, engine: Any, ask: Ask) -> str:
        return "".join([piece async for piece in engine.answer(ask) if isinstance(piece, str)])

    @pytest.mark.parametrize("language", ["ar", "en"])
    async def test_it_answers_from_the_passage(self, spec: EngineSpec[Any], engine: Any, language: str) -> None:
        passage = Passage("1", SENTENCES[language], "ANSWER 42.", language, 1.0)
        assert "ANSWER 42" in await self.say(engine, Ask(SENTENCES[language], language, (passage,)))

    @pytest.mark.parametrize("language", ["ar", "en"])
    async def test_it_says_so_when_it_does_not_know(self, spec: EngineSpec[Any], engine: Any, language: str) -> None:
        ask = Ask(
            "ما لون القمر؟" if language == "ar" else "What colour is the moon?", language, (), (), {"unknown": "?!"}
        )
        assert await self.say(engine, ask) == "?!"

    async def test_an_empty_question_gets_an_answer(self, spec: EngineSpec[Any], engine: Any) -> None:
        assert await self.say(engine, Ask("", "ar"))


def spoken(spec: EngineSpec[Any]) -> list[str]:
    """The languages that it speaks as it comes, of those that we have sentences in."""
    return sorted(spec.languages_of(spec.config()) & SENTENCES.keys())


@pytest.mark.parametrize("spec", of_kind("tts"))
class TestTts:
    async def test_every_language_it_names_it_speaks(self, spec: EngineSpec[Any], engine: Any) -> None:
        for language in spoken(spec):
            parts = [part async for part in engine.speak(Saying(SENTENCES[language], language))]
            assert 1.0 < sum(part.pcm.seconds for part in parts) < 15.0
            assert len({part.pcm.sample_rate for part in parts}) == 1
            times = [t for part in parts for word in part.words for t in (word.start, word.end)]
            assert times == sorted(times)

    async def test_a_language_it_does_not_speak_is_refused(self, spec: EngineSpec[Any], engine: Any) -> None:
        with pytest.raises(SawtakError):
            [part async for part in engine.speak(Saying("Bonjour", "xx"))]

    async def test_an_abandoned_saying_does_not_disturb_the_next(self, spec: EngineSpec[Any], engine: Any) -> None:
        language = spoken(spec)[0]
        async for _ in engine.speak(Saying(SENTENCES[language] * 4, language)):
            break
        whole = [part async for part in engine.speak(Saying(SENTENCES[language], language))]
        assert sum(part.pcm.seconds for part in whole) > 1.0

    async def test_several_at_once_do_not_mix(self, spec: EngineSpec[Any], engine: Any) -> None:
        language = spoken(spec)[0]

        async def length(times: int) -> float:
            parts = [part async for part in engine.speak(Saying(SENTENCES[language] * times, language))]
            return float(sum(part.pcm.seconds for part in parts))

        one, three, again = await asyncio.gather(length(1), length(3), length(1))
        assert one == pytest.approx(again, rel=0.03)
        assert three > 2 * one

    async def test_a_voice_to_clone_is_spoken_or_refused(self, spec: EngineSpec[Any], engine: Any) -> None:
        language = spoken(spec)[0]
        sample = Pcm(bytes(32000), 16000)
        saying = Saying(SENTENCES[language], language, clone=Clone("voice", sample, SENTENCES[language]))
        try:
            assert [part async for part in engine.speak(saying)]
            assert spec.clones
        except Impossible as refused:
            assert spec.clones or refused.code == "cannot-clone"  # noqa: PT017 - both outcomes are as good


@pytest.mark.parametrize("spec", of_kind("embed"))
class TestEmbed:
    async def test_vectors_have_unit_length_and_one_dimension(self, spec: EngineSpec[Any], engine: Any) -> None:
        vectors = await engine.embed(["متى تفتحون؟", "hello", ""])
        assert len({len(vector) for vector in vectors}) == 1
        assert all(sum(x * x for x in vector) == pytest.approx(1, abs=1e-5) for vector in vectors)

    async def test_the_same_text_has_the_same_place(self, spec: EngineSpec[Any], engine: Any) -> None:
        one, other, same = await engine.embed(["متى تفتحون؟", "hello", "متى تفتحون؟"])
        assert one == pytest.approx(same, abs=1e-6)
        assert one != pytest.approx(other, abs=1e-3)


def face_of(kind: str) -> Face:
    """Somebody of that kind: a painted person as if photographed, or a character of the shelf."""
    return painted() if kind == "photo" else Face(DEFAULT, "illustrated", find(DEFAULT).files)


@pytest.mark.parametrize("spec", of_kind("video"))
class TestVideo:
    async def test_every_kind_of_face_that_it_names_it_animates(self, spec: EngineSpec[Any], engine: Any) -> None:
        for kind in spec.faces:
            wanted = scene(0.41, face=face_of(kind), shape=Shape(96, 96))
            parts = [part async for part in engine.animate(wanted)]
            film = facts(data_of(parts))
            told = [part.done for part in parts if isinstance(part, Progress)]
            assert told == sorted(told)
            assert film.codec == "h264"
            assert film.frames == pytest.approx(wanted.frames, abs=1 if spec.hosted else 0)
            assert spec.hosted or (film.width, film.height, film.audio, film.has_b_frames) == (96, 96, None, False)
            assert len(pictures_in(data_of(parts))) == film.frames

    async def test_a_face_that_it_does_not_know_is_refused(self, spec: EngineSpec[Any], engine: Any) -> None:
        for kind in {"photo", "illustrated"} - spec.faces:
            with pytest.raises(Impossible):
                [part async for part in engine.animate(scene(0.1, face=face_of(kind)))]
        for kind in spec.faces:
            with pytest.raises(SawtakError):
                [part async for part in engine.animate(scene(0.1, face=Face("nobody", kind, {})))]  # type: ignore[arg-type]  # a kind of the spec

    async def test_several_at_once_do_not_mix(self, spec: EngineSpec[Any], engine: Any) -> None:
        face = face_of(min(spec.faces))

        async def length(seconds: float) -> int:
            wanted = scene(seconds, face=face, shape=Shape(64, 64))
            return len(pictures_in(data_of([part async for part in engine.animate(wanted)])))

        lengths = await asyncio.gather(length(0.2), length(0.6), length(0.2))
        assert lengths == pytest.approx([5, 15, 5], abs=1 if spec.hosted else 0)

    async def test_an_abandoned_film_does_not_disturb_the_next(self, spec: EngineSpec[Any], engine: Any) -> None:
        face = face_of(min(spec.faces))
        begun = engine.animate(scene(2.0, face=face))
        await anext(begun)
        await begun.aclose()
        assert data_of([part async for part in engine.animate(scene(0.2, face=face))])


@pytest.mark.parametrize("spec", of_kind("upscale"))
class TestUpscale:
    async def test_it_makes_the_same_pictures_larger(self, spec: EngineSpec[Any], engine: Any) -> None:
        small = clip(64, 48, frames=3)
        parts = [part async for part in engine.upscale(small, Shape(128, 96))]
        larger = facts(data_of(parts))
        assert (larger.codec, larger.frames, larger.width, larger.height) == ("h264", 3, 128, 96)
