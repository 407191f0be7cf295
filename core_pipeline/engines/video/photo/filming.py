"""Moves and encodes a scene, picture by picture."""

from __future__ import annotations

from core_pipeline.contracts.faces import Scene
from core_pipeline.engines.filming.take import Take, captions_of
from core_pipeline.engines.filming.threads import Left, Tell
from core_pipeline.engines.video.photo.cast import Cast


def film(cast: Cast, scene: Scene, tell: Tell, left: Left) -> bytes:
    """Return the data of a scene's clip; blocks, tells every half second of it, stops early when its reader `left`."""
    shape, take = scene.shape, Take("photo", scene)
    puppet = cast.puppet(scene.face, scene.view, shape)
    captions, stage = captions_of(scene, puppet.keep_clear), puppet.stage()
    return take.film(
        lambda pose: puppet.picture(pose, stage), lambda number: captions.over((number + 0.5) / shape.fps), tell, left
    )
