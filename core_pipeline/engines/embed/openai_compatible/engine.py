"""Asks an OpenAI-compatible server for embeddings, through plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core_pipeline.engines.unit_vectors import batches, unit_vectors
from core_pipeline.engines.vendor import object_of, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.specs import Bench
    from core_pipeline.engines.embed.openai_compatible import OpenAiEmbedConfig

VENDOR = "the embeddings' server"
_MOST = 64 << 20


class OpenAiEmbedder:
    """Places texts with the model of its configuration."""

    def __init__(self, config: OpenAiEmbedConfig, bench: Bench) -> None:
        self._config, self._http = config, bench.http

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of unit length for each text, batch by batch."""
        vectors: list[list[float]] = []
        for batch in batches(texts, self._config.batch):
            vectors += unit_vectors(_in_order(await self._asked(batch)), len(batch), VENDOR)
        return vectors

    async def close(self) -> None:
        """Nothing is held: the network's client is the bench's."""

    async def _asked(self, batch: list[str]) -> dict[str, Any]:
        key = self._config.api_key.get_secret_value()
        request = self._http.build_request(
            "POST",
            f"{self._config.base_url.rstrip('/')}/embeddings",
            json={"model": self._config.model, "input": batch, "encoding_format": "float"},
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=self._config.seconds,
        )
        return object_of(await whole(self._http, request, VENDOR, seconds=self._config.seconds, most=_MOST), VENDOR)


def _in_order(answer: dict[str, Any]) -> list[Any]:
    """The vectors in the order of the texts: servers may give them in another, with their places."""
    rows = answer.get("data")
    known = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if all(isinstance(row.get("index"), int) for row in known):
        known.sort(key=lambda row: row["index"])
    return [row.get("embedding") for row in known]
