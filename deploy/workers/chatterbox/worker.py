"""Chatterbox Multilingual as a worker: 22 languages, Arabic among them, cloning, 24 kHz, watermarked.

`python deploy/workers/chatterbox/worker.py --config config.json --token-file token --host 0.0.0.0`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
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

SAMPLE_RATE = 24_000
# For Chinese the library fetches a segmenter and a table of characters while it loads: a worker has no such network.
UNREADABLE = frozenset({"zh"})
LONGEST = 250  # characters: the model ends after 1,000 tokens, which are 40 seconds


class ChatterboxConfig(BaseModel):
    """Where the weights lie, and how it speaks; `exaggeration` and `guidance` are the library's own figures."""

    model_config = ConfigDict(extra="forbid")

    weights: Path
    device: str = "cuda"
    voices: dict[str, Named] = Field(default_factory=dict)
    voice: str = ""
    exaggeration: float = Field(default=0.5, ge=0, le=2)
    guidance: float = Field(default=0.5, ge=0, le=1)
    temperature: float = Field(default=0.8, gt=0)


class Chatterbox:
    """One model; sayings take turns in one thread."""

    def __init__(self, model: Any, config: ChatterboxConfig) -> None:
        self._model, self._config = model, config
        self.languages = frozenset(model.get_supported_languages()) - UNREADABLE
        self._own = model.conds
        self._named = {name: voice.clone(name) for name, voice in config.voices.items()}
        self._voices: Voices[Any] = Voices(self._learn)
        self._thread = ThreadPoolExecutor(1)

    async def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the text sentence by sentence; rate and pitch are the voice's own, there are no word times.

        Raises Impossible for a language that it doesn't speak, NeedsOwner when it has no voice.
        """
        if saying.language not in self.languages:
            raise Impossible("language", f"Chatterbox speaks {', '.join(sorted(self.languages))}")
        example = example_for(saying, self._named, self._config.voice)
        if example is None and self._own is None:
            raise NeedsOwner("no-voice", "the weights hold no voice (conds.pt): configure one, or send an example")
        async with aclosing(stepped(self._thread, self._sentences(saying, example))) as parts:
            async for part in parts:
                yield part

    async def forget(self, clone_id: str) -> None:
        """Drop a clone's sample and what was learnt of it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._voices.forget, clone_id)

    async def close(self) -> None:
        """Release everything."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._voices.close()

    def _sentences(self, saying: Saying, example: Clone | None) -> Generator[Speech, None, None]:
        for sentence in cut(saying.text, LONGEST):
            # The model keeps the voice as a field, which another saying may have changed since.
            self._model.conds = self._voices.of(example) if example else self._own
            wav = self._model.generate(
                sentence,
                language_id=saying.language,
                exaggeration=self._config.exaggeration,
                cfg_weight=self._config.guidance,
                temperature=self._config.temperature,
            )
            yield Speech(pcm_of(wav, self._model.sr))

    def _learn(self, sample: Path, text: str) -> Any:
        del text
        self._model.prepare_conditionals(str(sample), exaggeration=self._config.exaggeration)
        return self._model.conds


async def load(config: ChatterboxConfig) -> Loaded:
    """Load the weights; `NeedsOwner` when they are not there."""
    if not (config.weights / "s3gen.pt").is_file():
        raise NeedsOwner("no-weights", f"{config.weights} holds no Chatterbox weights: see this worker's README")
    library = await asyncio.to_thread(import_module, "chatterbox.mtl_tts")
    model = await asyncio.to_thread(library.ChatterboxMultilingualTTS.from_local, config.weights, config.device)
    engine = Chatterbox(model, config)
    about = About("chatterbox-multilingual", "0.1.7", tuple(sorted(engine.languages)), True, SAMPLE_RATE)
    return Loaded({"tts": engine}, about)


if __name__ == "__main__":
    run(ChatterboxConfig, load)
