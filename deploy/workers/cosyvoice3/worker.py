"""Fun-CosyVoice 3 as a worker: its 9 languages (Arabic is none of them), cloning, 24 kHz, streamed as it is made.

`python deploy/workers/cosyvoice3/worker.py --config config.json --token-file token --host 0.0.0.0`
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Clone, Saying, Speech
from core_pipeline.engines.worker.blocking import Voices, pcm_of, stepped
from core_pipeline.engines.worker.named import Named, example_for
from core_pipeline.engines.worker.server import About
from core_pipeline.engines.worker.standalone import Loaded, run
from core_pipeline.engines.worker.texts import cut
from errors import Impossible, NeedsOwner

LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "ja", "ko", "ru", "zh"})
LONGEST = 400  # characters at once
LONGEST_SAMPLE = 30.0  # seconds: the library refuses more
SLOWEST, FASTEST = 0.5, 2.0
# The model was trained with this sentence before the words of a sample.
PROMPT = "You are a helpful assistant.<|endofprompt|>"


class CosyConfig(BaseModel):
    """Where the project's checkout and the weights lie, and how it speaks."""

    model_config = ConfigDict(extra="forbid")

    source: Path
    weights: Path
    voices: dict[str, Named] = Field(default_factory=dict)
    voice: str = ""
    half: bool = False


class Cosy:
    """One model; sayings take turns in one thread."""

    def __init__(self, model: Any, config: CosyConfig) -> None:
        self._model, self._config = model, config
        self._named = {name: voice.clone(name) for name, voice in config.voices.items()}
        self._voices: Voices[tuple[str, str]] = Voices(self._learn)
        self._thread = ThreadPoolExecutor(1)

    async def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the text as it is made, at the wanted rate; pitch is the voice's own, there are no word times.

        Raises Impossible for a language that it doesn't speak or a sample that is too long, NeedsOwner when no voice
        was named or given: the model has none of its own.
        """
        if saying.language not in LANGUAGES:
            raise Impossible("language", f"CosyVoice 3 speaks {', '.join(sorted(LANGUAGES))}")
        example = example_for(saying, self._named, self._config.voice)
        if example is None:
            raise NeedsOwner("no-voice", "configure a voice with its sample, or send an example")
        if example.sample.seconds > LONGEST_SAMPLE:
            raise Impossible("sample-too-long", f"CosyVoice 3 takes samples of at most {LONGEST_SAMPLE:g} seconds")
        async with aclosing(stepped(self._thread, self._pieces(saying, example))) as parts:
            async for part in parts:
                yield part

    async def forget(self, clone_id: str) -> None:
        """Drop a clone's sample."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._voices.forget, clone_id)

    async def close(self) -> None:
        """Release everything."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._voices.close()

    def _pieces(self, saying: Saying, example: Clone) -> Generator[Speech, None, None]:
        sample, words = self._voices.of(example)
        speed = min(FASTEST, max(SLOWEST, saying.rate))
        for text in cut(saying.text, LONGEST):
            if words:
                made = self._model.inference_zero_shot(text, PROMPT + words, sample, stream=True, speed=speed)
            else:
                made = self._model.inference_cross_lingual(PROMPT + text, sample, stream=True, speed=speed)
            with closing(made):
                for part in made:
                    yield Speech(pcm_of(part["tts_speech"], self._model.sample_rate))

    def _learn(self, sample: Path, text: str) -> tuple[str, str]:
        return str(sample), text


async def load(config: CosyConfig) -> Loaded:
    """Load the weights; `NeedsOwner` when they or the project's checkout are not there."""
    if not (config.weights / "cosyvoice3.yaml").is_file():
        raise NeedsOwner("no-weights", f"{config.weights} holds no CosyVoice 3 weights: see this worker's README")
    if not (config.source / "cosyvoice" / "cli").is_dir():
        raise NeedsOwner("no-source", f"{config.source} is no checkout of CosyVoice: see this worker's README")
    sys.path += [str(config.source), str(config.source / "third_party" / "Matcha-TTS")]
    library = await asyncio.to_thread(import_module, "cosyvoice.cli.cosyvoice")
    model = await asyncio.to_thread(library.CosyVoice3, str(config.weights), fp16=config.half)
    about = About("cosyvoice3", "3", tuple(sorted(LANGUAGES)), True, int(model.sample_rate))
    return Loaded({"tts": Cosy(model, config)}, about)


if __name__ == "__main__":
    run(CosyConfig, load)
