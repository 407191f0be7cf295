"""VoxCPM2 as a worker: 30 languages, Arabic among them, cloning, 48 kHz, streamed as it is made.

`python deploy/workers/voxcpm2/worker.py --config config.json --token-file token --host 0.0.0.0`
"""

from __future__ import annotations

import asyncio
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

LANGUAGES = frozenset(
    {"ar", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "id", "it", "ja", "km", "ko", "lo", "ms", "my", "nl"}
    | {"no", "pl", "pt", "ru", "sv", "sw", "th", "tl", "tr", "vi", "zh"}
)
LONGEST = 400  # characters at once


class VoxConfig(BaseModel):
    """Where the weights lie, and how it speaks; `guidance` and `steps` are the library's cfg_value and timesteps.

    `compile` makes the first request slow and all others faster. `whole_words` repeats a sample's words to the model
    where they are known, which copies the manner of speaking along with the voice.
    """

    model_config = ConfigDict(extra="forbid")

    weights: Path
    device: str = "cuda"
    voices: dict[str, Named] = Field(default_factory=dict)
    voice: str = ""
    guidance: float = Field(default=2.0, gt=0)
    steps: int = Field(default=10, ge=1, le=100)
    longest: int = Field(default=4096, ge=1)
    compile: bool = True
    whole_words: bool = False


class Vox:
    """One model; sayings take turns in one thread."""

    def __init__(self, model: Any, config: VoxConfig) -> None:
        self._model, self._config = model, config
        self.sample_rate = int(model.tts_model.sample_rate)
        self._named = {name: voice.clone(name) for name, voice in config.voices.items()}
        self._voices: Voices[dict[str, str]] = Voices(self._learn)
        self._thread = ThreadPoolExecutor(1)

    async def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the text as it is made; rate and pitch are the voice's own, there are no word times.

        Raises Impossible for a language that it doesn't speak, NeedsOwner when no voice was named or given: left alone
        the model would invent another one for every sentence.
        """
        if saying.language not in LANGUAGES:
            raise Impossible("language", f"VoxCPM2 speaks {', '.join(sorted(LANGUAGES))}")
        example = example_for(saying, self._named, self._config.voice)
        if example is None:
            raise NeedsOwner("no-voice", "configure a voice with its sample, or send an example")
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
        config = self._config
        for text in cut(saying.text, LONGEST):
            chunks = self._model.generate_streaming(
                text=text,
                cfg_value=config.guidance,
                inference_timesteps=config.steps,
                max_len=config.longest,
                retry_badcase=False,  # what was streamed can't be taken back
                **self._voices.of(example),
            )
            with closing(chunks):
                for chunk in chunks:
                    yield Speech(pcm_of(chunk, self.sample_rate))

    def _learn(self, sample: Path, text: str) -> dict[str, str]:
        voice = {"reference_wav_path": str(sample)}
        if text and self._config.whole_words:
            voice |= {"prompt_wav_path": str(sample), "prompt_text": text}
        return voice


async def load(config: VoxConfig) -> Loaded:
    """Load the weights; `NeedsOwner` when they are not there."""
    if not (config.weights / "config.json").is_file():
        raise NeedsOwner("no-weights", f"{config.weights} holds no VoxCPM2 weights: see this worker's README")
    library = await asyncio.to_thread(import_module, "voxcpm.core")
    # The denoiser would fetch a model of its own; samples are checked for noise before they come here.
    model = await asyncio.to_thread(
        library.VoxCPM, str(config.weights), None, enable_denoiser=False, optimize=config.compile, device=config.device
    )
    engine = Vox(model, config)
    about = About("voxcpm2", "2.0.3", tuple(sorted(LANGUAGES)), True, engine.sample_rate)
    return Loaded({"tts": engine}, about)


if __name__ == "__main__":
    run(VoxConfig, load)
