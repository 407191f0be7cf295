"""Decodes what strangers send, in a process that can't open a file or a socket and dies when it takes too much."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.cells import Cells
from core_pipeline.media.film.aside import GoOn, aside
from core_pipeline.media.film.facts import FilmFacts, facts
from core_pipeline.media.film.reel import MOST_BITS, check
from core_pipeline.media.pcm import peak
from core_pipeline.media.probe import MediaFacts
from core_pipeline.media.refilm import COUNT
from errors import Impossible, Retryable

TRADE = "core_pipeline.media.decoder"
REFUSALS = frozenset({"media-unreadable", "media-too-long"})
MAX_BYTES = 25 << 20
MAX_SECONDS = 900.0
WALL_SECONDS = 20.0
SILENCE = 10 ** (-66 / 20)
FACTS_BYTES = 4096
FILM_TRADE = "core_pipeline.media.refilm"
FILM_REFUSALS = frozenset({"film-unreadable", "film-too-long", "film-too-large"})
FILM_BYTES = 64 << 20
FILM_SECONDS = 180.0
FILM_WALL_SECONDS = 150.0
INDEX_BYTES = 1 << 20


class Sandbox(Cells):
    """The platform's one door to strangers' media; starts its zygote when needed and again when it dies."""

    def __init__(self, *, concurrency: int = 2, max_bytes: int = MAX_BYTES, wall_seconds: float = WALL_SECONDS) -> None:
        super().__init__(
            TRADE, "media", REFUSALS, concurrency=concurrency, max_bytes=max_bytes, wall_seconds=wall_seconds
        )
        self._films = _films()

    async def close(self) -> None:
        """End both zygotes and every child in flight; those who wait for one get `Retryable`."""
        films, self._films = self._films, _films()
        await super().close()
        await films.close()

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

    async def film(
        self, data: bytes, shape: Shape, *, max_seconds: float = FILM_SECONDS, most_bits: int = MOST_BITS
    ) -> Clip:
        """Return the pictures of a film that isn't ours, filling `shape` and encoded as our own are.

        Raises `Impossible` with code film-unreadable, film-too-large (bytes or pixels), film-too-long, film-too-slow or
        film-shape, and `Retryable` with code sandbox-down when the sandbox itself fails.
        """
        check(shape)
        if self._closed:
            raise Retryable("sandbox-down", "the sandbox is closed")
        details = asdict(shape) | {"most_bits": most_bits, "max_seconds": max_seconds}
        most = int(most_bits * (max_seconds + 1) / 8) + INDEX_BYTES
        return await aside(partial(_clip, await self._films.work("film", details, data, most), shape))


def _films() -> Cells:
    """Return a trade of its own, because it may take far longer; it starts with the first film."""
    return Cells(
        *(FILM_TRADE, "film", FILM_REFUSALS), concurrency=1, max_bytes=FILM_BYTES, wall_seconds=FILM_WALL_SECONDS
    )


def _clip(answer: bytes, shape: Shape, go_on: GoOn) -> Clip:
    """Return the clip that a child made, once it is what it should be."""
    go_on()
    film, promised = answer[COUNT.size :], int.from_bytes(answer[: COUNT.size], "big")
    try:
        found = facts(film)
    except Impossible:
        found = None
    if found is None or not _as_promised(found, shape, promised):
        raise Impossible("film-unreadable", "a child answered nonsense")
    return Clip(film, shape, promised)


def _as_promised(found: FilmFacts, shape: Shape, frames: int) -> bool:
    size = (found.width, found.height, found.frames)
    return found.phones and not found.audio_tracks and size == (shape.width, shape.height, frames)
