"""OpenVoice 2's tone converter as a worker: a base voice speaks, and its tone colour is exchanged for an example's.

The base voice is another worker (a Piper voice for Arabic, say), so this one speaks whatever that one does.
`python deploy/workers/openvoice2/worker.py --config config.json --token-file token --host 0.0.0.0`
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech
from core_pipeline.engines.worker.blocking import Voices, pcm_of, write_wav
from core_pipeline.engines.worker.client import RemoteTts
from core_pipeline.engines.worker.line import Line
from core_pipeline.engines.worker.named import Named, example_for
from core_pipeline.engines.worker.server import About
from core_pipeline.engines.worker.standalone import Loaded, run
from errors import Impossible, NeedsOwner

# Some ten seconds of speech, from which the base voice's own colour is learnt.
CALIBRATION = {
    "ar": "أهلا وسهلا بكم. هذه جملة طويلة نسمع فيها كل الحروف، ثم نقيس لون الصوت قبل أن نغيره إلى صوت آخر.",
    "en": "Welcome. This is a long sentence with many sounds, from which we learn what colour the base voice has.",
}
MARK = "@Sawtak"  # what the watermark says


class OpenVoiceConfig(BaseModel):
    """Where the converter and its checkout lie, and the worker that speaks first; its token is in a file.

    `watermark` needs wavmark's own weights; without it clones can't be told from people.
    """

    model_config = ConfigDict(extra="forbid")

    source: Path
    weights: Path
    base_url: str
    base_token_file: Path
    base_voice: str = ""
    languages: list[str] = Field(default=["ar"])
    device: str = "cuda:0"
    voices: dict[str, Named] = Field(default_factory=dict)
    voice: str = ""
    watermark: bool = True


class OpenVoice:
    """The base voice, and a converter in one thread."""

    def __init__(self, converter: Any, base: RemoteTts, http: httpx.AsyncClient, config: OpenVoiceConfig) -> None:
        self._converter, self._base, self._http, self._config = converter, base, http, config
        self._named = {name: voice.clone(name) for name, voice in config.voices.items()}
        self._voices: Voices[Any] = Voices(self._learn)
        self._own: dict[str, Any] = {}
        self._thread = ThreadPoolExecutor(1)

    async def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the base voice's parts in the wanted colour, with the base voice's word times.

        Raises Impossible for a language that was not set, and whatever the base voice raises.
        """
        if saying.language not in self._config.languages:
            raise Impossible("language", f"set here: {', '.join(self._config.languages)}")
        example = example_for(saying, self._named, self._config.voice)
        spoken = self._base.speak(replace(saying, voice=self._config.base_voice or None, clone=None))
        async with aclosing(spoken) as parts:
            async for part in parts:
                yield part if example is None else await self._converted(part, saying.language, example)

    async def forget(self, clone_id: str) -> None:
        """Drop a clone's sample and what was learnt of it."""
        await self._in_thread(self._voices.forget, clone_id)

    async def close(self) -> None:
        """Release everything."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._voices.close()
        await self._http.aclose()

    async def _converted(self, part: Speech, language: str, example: Clone) -> Speech:
        own = await self._colour_of_base(language)
        return replace(part, pcm=await self._in_thread(self._convert, part.pcm, own, example))

    async def _colour_of_base(self, language: str) -> Any:
        if language not in self._own:
            text = CALIBRATION.get(language, CALIBRATION["en"])
            saying = Saying(text, language, voice=self._config.base_voice or None)
            parts = [part.pcm async for part in self._base.speak(saying)]
            if not parts:
                raise NeedsOwner("no-base-voice", "the base voice says nothing: try it alone")
            whole = Pcm(b"".join(part.data for part in parts), parts[0].sample_rate)
            self._own[language] = await self._in_thread(self._colour, whole)
        return self._own[language]

    async def _in_thread(self, deed: Any, *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, deed, *given)

    def _convert(self, pcm: Pcm, own: Any, example: Clone) -> Pcm:
        wanted = self._voices.of(example)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "source.wav"
            write_wav(pcm, source)
            samples = self._converter.convert(str(source), own, wanted, output_path=None, message=MARK)
        return pcm_of(samples, int(self._converter.hps.data.sampling_rate))

    def _colour(self, pcm: Pcm) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "source.wav"
            write_wav(pcm, source)
            return self._converter.extract_se([str(source)])

    def _learn(self, sample: Path, text: str) -> Any:
        del text
        return self._converter.extract_se([str(sample)])


def _converter(config: OpenVoiceConfig) -> Any:
    library = import_module("openvoice.api")
    converter = library.ToneColorConverter(
        str(config.weights / "config.json"), device=config.device, enable_watermark=config.watermark
    )
    converter.load_ckpt(str(config.weights / "checkpoint.pth"))
    return converter


async def load(config: OpenVoiceConfig) -> Loaded:
    """Load the converter and reach the base voice; `NeedsOwner` when either is missing."""
    if not (config.weights / "checkpoint.pth").is_file():
        raise NeedsOwner("no-weights", f"{config.weights} holds no converter: see this worker's README")
    if not (config.source / "openvoice").is_dir():
        raise NeedsOwner("no-source", f"{config.source} is no checkout of OpenVoice: see this worker's README")
    sys.path.append(str(config.source))
    converter = await asyncio.to_thread(_converter, config)
    http = httpx.AsyncClient()
    line = Line(http, config.base_url, SecretStr(config.base_token_file.read_text(encoding="utf-8").strip()))
    await line.health()
    rate = int(converter.hps.data.sampling_rate)
    about = About("openvoice2", "2", tuple(config.languages), True, rate)
    return Loaded({"tts": OpenVoice(converter, RemoteTts(line), http, config)}, about)


if __name__ == "__main__":
    run(OpenVoiceConfig, load)
