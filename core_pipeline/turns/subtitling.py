"""Captions for pictures whose engine writes none."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from avatars.manifest import Photo
from avatars.sheet import MANIFEST, read
from core_pipeline.media.film.captions import Captions

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Face, Scene, Shape

PORTRAIT = "portrait.png"
_PNG_SIZE = slice(16, 24)
# Of the mouth's width: how much more than the resting lips a speaking mouth takes.
_ASIDE, _ABOVE, _BELOW = 0.3, 0.4, 0.9


def captions_of(scene: Scene) -> Captions:
    """The scene's captions, for pictures that show the whole portrait, cut to the scene's shape in the middle."""
    return Captions(
        scene.captions,
        scene.shape,
        scene.language,
        mouth_of(scene.face, scene.shape),
        circular=scene.view == "note",
    )


def mouth_of(face: Face, shape: Shape) -> tuple[int, int, int, int] | None:
    """Where a photographed mouth is in pictures of this shape (left, top, width, height); None if that is unknown."""
    manifest = read(face.files[MANIFEST].decode()) if MANIFEST in face.files else None
    if not isinstance(manifest, Photo) or PORTRAIT not in face.files:
        return None
    wide, high = struct.unpack(">II", face.files[PORTRAIT][_PNG_SIZE])
    scale = max(shape.width / wide, shape.height / high)
    left, right = manifest.points["mouth_left"], manifest.points["mouth_right"]
    top, bottom = manifest.points["lip_top"], manifest.points["lip_bottom"]
    size = abs(right[0] - left[0])
    x = (min(left[0], right[0]) - _ASIDE * size - wide / 2) * scale + shape.width / 2
    y = (top[1] - _ABOVE * size - high / 2) * scale + shape.height / 2
    lower = (bottom[1] + _BELOW * size - high / 2) * scale + shape.height / 2
    return round(x), round(y), round((1 + 2 * _ASIDE) * size * scale), round(lower - y)
