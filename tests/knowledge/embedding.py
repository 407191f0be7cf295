"""An embedder for tests: hashed character trigrams of the normalised words.

It puts texts that share letters near one another and knows nothing of meaning, so it proves that vectors are made,
kept, switched and searched, and says nothing about how much a real embedder helps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from core_pipeline.arabic.analysis import grams, words
from errors import Retryable


class NgramEmbedder:
    """Deterministic vectors of `dimension`; another `seed` is another space."""

    def __init__(self, dimension: int = 64, seed: int = 0) -> None:
        self.dimension, self.seed = dimension, seed
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return [self._vector(text) for text in texts]

    async def close(self) -> None:
        """Nothing is held."""

    def _vector(self, text: str) -> list[float]:
        vector = np.full(self.dimension, 1e-6)
        for word in words(text):
            for gram in grams(word):
                digest = blake2b(f"{self.seed}{gram}".encode(), digest_size=8).digest()
                vector[int.from_bytes(digest[:4], "big") % self.dimension] += 1 if digest[4] % 2 else -1
        found: list[float] = (vector / np.linalg.norm(vector)).tolist()
        return found


class FailingEmbedder(NgramEmbedder):
    """Refuses from the call on that `works` says."""

    def __init__(self, works: int = 0) -> None:
        super().__init__()
        self.works = works

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.works -= 1
        if self.works < 0:
            raise Retryable("embedder-down")
        return await super().embed(texts)


class HangingEmbedder(NgramEmbedder):
    """Answers never."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        await asyncio.Event().wait()
        return []
