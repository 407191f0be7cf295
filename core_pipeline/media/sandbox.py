"""Decodes what strangers send, in a process that can't open a file or a socket and dies when it takes too much."""

from __future__ import annotations

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.cells import Cells
from core_pipeline.media.pcm import peak
from core_pipeline.media.probe import MediaFacts
from errors import Impossible

TRADE = "core_pipeline.media.decoder"
REFUSALS = frozenset({"media-unreadable", "media-too-long"})
MAX_BYTES = 25 << 20
MAX_SECONDS = 900.0
WALL_SECONDS = 20.0
SILENCE = 10 ** (-66 / 20)
FACTS_BYTES = 4096


class Sandbox(Cells):
    """The platform's one door to strangers' media; starts its zygote when needed and again when it dies."""

    def __init__(self, *, concurrency: int = 2, max_bytes: int = MAX_BYTES, wall_seconds: float = WALL_SECONDS) -> None:
        super().__init__(
            TRADE, "media", REFUSALS, concurrency=concurrency, max_bytes=max_bytes, wall_seconds=wall_seconds
        )

    async def decode(self, data: bytes, *, sample_rate: int = 16_000, max_seconds: float = MAX_SECONDS) -> Pcm:
        """Return the sound of `data` (any format of this room's README), mono at `sample_rate`.

        Raises `Impossible` with code media-unreadable, media-too-large, media-too-long, media-too-slow or
        media-silent, and `Retryable` with code sandbox-down when the sandbox itself fails.
        """
        details = {"sample_rate": sample_rate, "max_seconds": max_seconds}
        sound = await self.work("decode", details, data, int(max_seconds * sample_rate) * 2)
        if not sound or len(sound) % 2:
            raise Impossible("media-unreadable", "half a sample")
        pcm = Pcm(sound, sample_rate)
        if peak(pcm) < SILENCE:
            raise Impossible("media-silent")
        return pcm

    async def probe(self, data: bytes, *, max_seconds: float = MAX_SECONDS) -> MediaFacts:
        """Return what `data` really is, measured by decoding it; raises as `decode` does, but takes silence."""
        payload = await self.work("probe", {"max_seconds": max_seconds}, data, FACTS_BYTES)
        try:
            return MediaFacts.unpack(payload)
        except (ValueError, KeyError, TypeError):
            raise Impossible("media-unreadable", "a child answered nonsense") from None
