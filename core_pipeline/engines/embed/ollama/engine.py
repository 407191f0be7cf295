"""Asks an Ollama server for embeddings, through the `ollama` package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.engines.ollama_door import VENDOR, asking, client, shut
from core_pipeline.engines.unit_vectors import batches, unit_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.specs import Bench
    from core_pipeline.engines.embed.ollama import OllamaEmbedConfig


class OllamaEmbedder:
    """Places texts with the model of its configuration."""

    def __init__(self, config: OllamaEmbedConfig, bench: Bench) -> None:
        self._config = config
        self._client = client(config, bench)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of unit length for each text, batch by batch; too long a text is cut by the server."""
        vectors: list[list[float]] = []
        for batch in batches(texts, self._config.batch):
            with asking(self._config.model):
                answer = await self._client.embed(
                    self._config.model, batch, truncate=True, keep_alive=self._config.keep_alive
                )
                found = list(answer.embeddings)
            vectors += unit_vectors(found, len(batch), VENDOR)
        return vectors

    async def close(self) -> None:
        """Close the package's client."""
        await shut(self._client)
