"""For engines whose libraries block: their generators in one thread, their samples as files, their floats as PCM."""

from __future__ import annotations

import asyncio
import tempfile
import wave
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from core_pipeline.contracts.engines import Clone, Pcm
from core_pipeline.engines.worker.wire import digest

T = TypeVar("T")
_END: Any = object()
_LOUDEST = 32767


async def stepped(thread: ThreadPoolExecutor, blocking: Generator[T, None, None]) -> AsyncGenerator[T, None]:
    """Yield what a blocking generator yields, each step taken in the thread.

    Whoever leaves in the middle of a step waits for its end: the library can't be interrupted, only not asked again.
    The thread must be one (`max_workers=1`).
    """
    loop = asyncio.get_running_loop()
    try:
        while (part := await loop.run_in_executor(thread, next, blocking, _END)) is not _END:
            yield part
    finally:
        await loop.run_in_executor(thread, blocking.close)


def pcm_of(samples: Any, sample_rate: int) -> Pcm:
    """Return samples in -1..1 of any shape as PCM; what is louder is clipped."""
    flat = np.asarray(samples, dtype=np.float32).reshape(-1)
    return Pcm((np.clip(flat, -1, 1) * _LOUDEST).round().astype("<i2").tobytes(), sample_rate)


def write_wav(pcm: Pcm, path: Path) -> None:
    """Write a mono 16-bit wav file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(pcm.sample_rate)
        file.writeframes(pcm.data)


class Voices(Generic[T]):
    """What an engine learnt of the latest voices by example; `learn` is given each sample once, as a wav file.

    The file stays as long as what was learnt of it, in a folder that only we can read.
    """

    def __init__(self, learn: Callable[[Path, str], T], most: int = 32) -> None:
        self._learn, self._most = learn, most
        self._folder = tempfile.TemporaryDirectory(prefix="sawtak-voices-")
        self._learnt: OrderedDict[str, tuple[str, T]] = OrderedDict()

    def of(self, clone: Clone) -> T:
        """Return what is known of the voice; blocks while it is learnt."""
        key = digest(clone)
        if key not in self._learnt:
            path = self._path(key)
            write_wav(clone.sample, path)
            self._learnt[key] = (clone.id, self._learn(path, clone.text))
            while len(self._learnt) > self._most:
                self._drop(next(iter(self._learnt)))
        self._learnt.move_to_end(key)
        return self._learnt[key][1]

    def forget(self, clone_id: str) -> None:
        """Drop what was learnt of that clone, and its samples."""
        for key in [key for key, (owner, _) in self._learnt.items() if owner == clone_id]:
            self._drop(key)

    def close(self) -> None:
        """Drop everything."""
        self._learnt.clear()
        self._folder.cleanup()

    def _drop(self, key: str) -> None:
        del self._learnt[key]
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return Path(self._folder.name) / f"{key}.wav"
