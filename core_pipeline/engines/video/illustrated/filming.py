"""Draws and encodes a scene, picture by picture."""

from __future__ import annotations

from contextlib import closing

from core_pipeline.contracts.faces import Scene
from core_pipeline.engines.filming.take import Take, captions_of
from core_pipeline.engines.filming.threads import Left, Tell
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.frame import Stage


def film(scene: Scene, tell: Tell, left: Left) -> bytes:
    """Return the data of a scene's clip; blocks, tells every half second of it, stops early when its reader `left`."""
    art, shape = read(scene.face), scene.shape
    take = Take("illustrated", scene)
    with closing(Stage(art, scene.view, shape, scene.face.logo)) as stage:
        captions = captions_of(scene, stage.mouth)
        return take.film(stage.draw, lambda number: captions.over(number / shape.fps), tell, left)
