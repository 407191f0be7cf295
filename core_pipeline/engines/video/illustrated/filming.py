"""Draws and encodes a scene, picture by picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.frame import Stage
from core_pipeline.media.film.reel import Reel

_NEWS_A_SECOND = 2


def film(scene: Scene, tell: Callable[[Progress], None], left: Callable[[], bool]) -> bytes:
    """Return the data of a scene's clip; blocks, tells every half second of it, stops early when its reader `left`."""
    art, shape = read(scene.face), scene.shape
    reel, performance = Reel(shape, scene.most_bits), Performance(scene)
    with closing(Stage(art, scene.view, shape, scene.face.logo)) as stage:
        for number in range(scene.frames):
            if left():
                return b""
            reel.add(stage.draw(performance.pose(number)))
            if (number + 1) % max(1, shape.fps // _NEWS_A_SECOND) == 0:
                tell(Progress("illustrated", number + 1, scene.frames))
    return reel.end()
