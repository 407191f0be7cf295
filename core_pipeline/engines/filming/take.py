"""One scene as it is filmed: a pose for each picture, captions over it, and the clip that comes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.filming.threads import Left, Tell
from core_pipeline.media.film.captions import Box, Captions, Overlay, blend
from core_pipeline.media.film.reel import Reel

Draw: TypeAlias = Callable[[Pose], NDArray[np.uint8]]
Over: TypeAlias = Callable[[int], Overlay | None]

_NEWS_A_SECOND = 2


class Take:
    """A scene about to be filmed under a name that its progress bears; raises `Impossible` "film-shape"."""

    def __init__(self, name: str, scene: Scene) -> None:
        self._name, self._scene = name, scene
        self._reel, self._performance = Reel(scene.shape, scene.most_bits), Performance(scene)

    def film(self, draw: Draw, over: Over, tell: Tell, left: Left) -> bytes:
        """Return the clip's data, nothing when its reader `left`; blocks, tells every half second of the clip.

        `draw` gives a pose's picture as RGBA of (height, width, 4), which is written on; `over` what lies over the
        picture of that number.
        """
        scene = self._scene
        every = max(1, scene.shape.fps // _NEWS_A_SECOND)
        for number in range(scene.frames):
            if left():
                return b""
            picture = draw(self._performance.pose(number))
            if overlay := over(number):
                blend(picture, overlay)
            self._reel.add(picture)
            if (number + 1) % every == 0:
                tell(Progress(self._name, number + 1, scene.frames))
        return self._reel.end()


def captions_of(scene: Scene, keep_clear: Box) -> Captions:
    """Return the captions of a scene, which leave `keep_clear` (left, top, width, height in pixels) free."""
    return Captions(scene.captions, scene.shape, scene.language, keep_clear, circular=scene.view == "note")
