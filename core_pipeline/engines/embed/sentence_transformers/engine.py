"""Places texts with a model in this process."""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import TYPE_CHECKING, Any

from core_pipeline.engines.embed.sentence_transformers.weights import folder_of
from core_pipeline.engines.unit_vectors import batches, unit_vectors
from errors import NeedsOwner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core_pipeline.contracts.specs import Bench
    from core_pipeline.engines.embed.sentence_transformers import SentenceTransformersConfig


async def opened(config: SentenceTransformersConfig, bench: Bench) -> SentenceTransformersEmbedder:
    """Load the model; `NeedsOwner` where weights are missing or broken."""
    return SentenceTransformersEmbedder(config, await asyncio.to_thread(_loaded, config, folder_of(config, bench)))


class SentenceTransformersEmbedder:
    """Places texts with the model that it was given."""

    def __init__(self, config: SentenceTransformersConfig, model: Any) -> None:
        self._config, self._model = config, model
        self._lock = Lock()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of unit length for each text; too long a text is cut."""
        return await asyncio.to_thread(self._embed, list(texts))

    async def close(self) -> None:
        """Let go of the weights."""
        self._model = None

    def _embed(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for batch in batches([f"{self._config.before}{text}" for text in texts], self._config.batch):
            with self._lock:
                found = self._model.encode(batch, batch_size=len(batch), show_progress_bar=False)
            vectors += unit_vectors(found.tolist(), len(batch), self._config.model)
        return vectors


def _loaded(config: SentenceTransformersConfig, folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - imports torch

    device = None if config.device == "auto" else config.device
    try:
        model = SentenceTransformer(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise NeedsOwner("weights-broken", f"the model in {folder.name} can't be read: fetch it again") from error
    model.max_seq_length = min(config.longest, model.max_seq_length or config.longest)
    return model.half() if config.half else model
