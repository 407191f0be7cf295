"""Films of single sentences, for callers who see films: drawn while the sentence before is played, or not at all."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from core_pipeline.contracts.faces import Clip, Scene, Shape
from core_pipeline.media.film.stitch import stitch
from errors import Retryable, SawtakError

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Face
    from core_pipeline.contracts.legs import Spoken
    from core_pipeline.engines.router import For
    from core_pipeline.engines.wrap.pictured import Makers
    from core_pipeline.media.sandbox import Sandbox

log = logging.getLogger(__name__)

SHAPE = Shape(512, 512)
# A caller waits so long for the pictures of a sentence, and for each of its seconds, before they only hear it.
SECONDS, PER_SECOND = 2.0, 0.8
GIVE_UP = 2
# So many pictures may lack at a sentence's end, where nothing is said.
_MISSING = 3


class Films(Protocol):
    """Makes films of what is spoken in one call."""

    async def of(self, spoken: Spoken) -> bytes | None:
        """An MP4 of this sentence with its sound; None where there is none in time. Never raises."""


class Studio(Protocol):
    """Has engines that animate faces."""

    async def video(self, faces: str, language: str, order: For) -> Makers:
        """What animates faces of this kind; `NeedsOwner` where nobody set one up."""

    def wait(self, faces: str) -> float:
        """How many seconds a new film would wait before it is drawn, at a guess."""


class Segments:
    """`Films` of one face in one call; sentences are drawn one after the other and move as one film.

    After `GIVE_UP` sentences in a row that could not be drawn in time the rest of the call is only heard.
    """

    def __init__(
        self, studio: Studio, sandbox: Sandbox, order: For, face: Face, *, seed: int = 0, shape: Shape = SHAPE
    ) -> None:
        self._studio, self._sandbox, self._order, self._face = studio, sandbox, order, face
        self._seed, self._shape = seed, shape
        self._makers: Makers | None = None
        self._turn = asyncio.Lock()
        self._frames = self._failed = 0

    async def of(self, spoken: Spoken) -> bytes | None:
        """An MP4 of this sentence with its sound; None where there is none in time."""
        if self._failed >= GIVE_UP or not spoken.speech.data:
            return None
        began, patience = monotonic(), SECONDS + PER_SECOND * spoken.speech.seconds
        try:
            if self._studio.wait(self._face.kind) > patience:
                raise TimeoutError
            async with asyncio.timeout(patience), self._turn:
                film = await self._drawn(spoken)
        except (SawtakError, TimeoutError) as error:
            self._failed += 1
            code = error.code if isinstance(error, SawtakError) else "too-slow"
            log.warning("a sentence is only heard: %s after %.1f s", code, monotonic() - began)
            return None
        self._failed = 0
        return film

    async def _drawn(self, spoken: Spoken) -> bytes:
        if self._makers is None:
            self._makers = await self._studio.video(self._face.kind, spoken.language, self._order)
        scene = Scene(
            face=self._face,
            view="square",
            shape=self._shape,
            speech=spoken.speech,
            words=spoken.words,
            phonemes=spoken.phonemes,
            emotion=spoken.emotion,
            first=self._frames,
            seed=self._seed,
            language=spoken.language,
        )
        clip = await self._makers.animated(scene)
        engine = self._makers.served
        if engine is not None and engine.hosted:
            clip = await self._safe(clip, scene)
        self._frames += clip.frames
        return await stitch([clip], spoken.speech)

    async def _safe(self, clip: Clip, scene: Scene) -> Clip:
        """A stranger's pictures, drawn anew within the sandbox."""
        made = await self._sandbox.film(clip.data, scene.shape, most_bits=scene.most_bits)
        if made.frames < scene.frames - _MISSING:
            raise Retryable("film-cut", f"{made.frames} pictures came where {scene.frames} were asked for")
        return made
