"""Draws and encodes a scene, picture by picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.frame import Stage
from core_pipeline.media.film.captions import Captions, blend
from core_pipeline.media.film.reel import Reel

_NEWS_A_SECOND = 2


def film(scene: Scene, tell: Callable[[Progress], None], left: Callable[[], bool]) -> bytes:
    """Return the data of a scene's clip; blocks, tells every half second of it, stops early when its reader `left`."""
    art, shape = read(scene.face), scene.shape
    reel, performance = Reel(shape, scene.most_bits), Performance(scene)
    with closing(Stage(art, scene.view, shape, scene.face.logo)) as stage:
        captions = _captions(scene, stage)
        for number in range(scene.frames):
            if left():
                return b""
            picture = stage.draw(performance.pose(number))
            if captions and (overlay := captions.over(number / shape.fps)):
                blend(picture, overlay)
            reel.add(picture)
            if (number + 1) % max(1, shape.fps // _NEWS_A_SECOND) == 0:
                tell(Progress("illustrated", number + 1, scene.frames))
    return reel.end()


def _captions(scene: Scene, stage: Stage) -> Captions | None:
    if not scene.captions:
        return None
    round_view = scene.view == "note"
    return Captions(scene.captions, scene.shape, scene.language, stage.mouth, circular=round_view)
