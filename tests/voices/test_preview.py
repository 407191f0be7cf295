"""Previews are spoken once by the voice's own engine and kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core_pipeline.cloning.preview import preview
from core_pipeline.contracts.engines import Saying, Speech
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from errors import Impossible, Retryable
from voices.catalogue import catalogue, find


class Counting:
    """Counts what an engine is asked for; with `broken` it fails half-way."""

    def __init__(self, inner: EspeakTts) -> None:
        self.inner, self.said, self.broken = inner, list[Saying](), False

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self.said.append(saying)
        async for part in self.inner.speak(saying):
            yield part
            if self.broken:
                raise Retryable("voice-process-ended")

    async def close(self) -> None:
        await self.inner.close()


@pytest.fixture
async def tts() -> AsyncIterator[Counting]:
    engine = Counting(EspeakTts(EspeakConfig()))
    yield engine
    await engine.close()


async def test_every_embedded_voice_can_be_heard(tts: Counting, tmp_path: Path) -> None:
    made = set()
    async with Sandbox() as sandbox:
        for voice in catalogue().values():
            for language in sorted(voice.languages) if voice.engine == "espeak" else ():
                file = await preview(voice, language, tts, tmp_path / "previews")
                facts = await sandbox.probe(file.read_bytes())
                assert (facts.container, facts.codec) == ("ogg", "opus")
                assert 2 < facts.seconds < 12
                made.add(file.read_bytes())
    assert len(made) == len(tts.said) >= 16


async def test_it_is_spoken_once_until_its_manifest_changes(tts: Counting, tmp_path: Path) -> None:
    voice = find("embedded-woman")
    first = await preview(voice, "ar", tts, tmp_path)
    assert await preview(voice, "ar", tts, tmp_path) == first
    assert len(tts.said) == 1
    assert tts.said[0].voice == "ar+f1"
    changed = voice.model_copy(update={"sample": {**voice.sample, "ar": "مرحبا بكم في مطعمنا الجديد."}})
    assert await preview(changed, "ar", tts, tmp_path) != first


async def test_a_language_it_does_not_speak_is_refused(tts: Counting, tmp_path: Path) -> None:
    with pytest.raises(Impossible, match="voice-language"):
        await preview(find("kareem"), "en", tts, tmp_path)


async def test_half_a_preview_is_not_kept(tts: Counting, tmp_path: Path) -> None:
    tts.broken = True
    with pytest.raises(Retryable):
        await preview(find("embedded-man"), "en", tts, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_silence_is_no_preview(tts: Counting, tmp_path: Path) -> None:
    mute = find("embedded-man").model_copy(update={"sample": {"ar": "…", "en": "…"}})
    with pytest.raises(Impossible, match="voice-silent"):
        await preview(mute, "ar", tts, tmp_path)
