"""Moves and encodes a scene, picture by picture."""

from __future__ import annotations

from collections.abc import Callable

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.video.photo.cast import Cast
from core_pipeline.media.film.captions import Captions, blend
from core_pipeline.media.film.reel import Reel

_NEWS_A_SECOND = 2


def film(scene: Scene, cast: Cast, tell: Callable[[Progress], None], left: Callable[[], bool]) -> bytes:
    """Return the data of a scene's clip; blocks, tells every half second of it, stops early when its reader `left`."""
    shape = scene.shape
    reel = Reel(shape, scene.most_bits)
    puppet, performance = cast.puppet(scene.face, scene.view, shape), Performance(scene)
    captions = Captions(scene.captions, shape, scene.language, puppet.keep_clear, circular=scene.view == "note")
    stage = puppet.stage()
    for number in range(scene.frames):
        if left():
            return b""
        picture = puppet.picture(performance.pose(number), stage)
        overlay = captions.over((number + 0.5) / shape.fps)
        if overlay is not None:
            blend(picture, overlay)
        reel.add(picture)
        if (number + 1) % max(1, shape.fps // _NEWS_A_SECOND) == 0:
            tell(Progress("photo", number + 1, scene.frames))
    return reel.end()
