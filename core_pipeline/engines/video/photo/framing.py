"""A view of a portrait in the size that movements are made in; what lies beyond the picture is made up softly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.faces import Shape
from core_pipeline.engines.landmarks.points import Axes, Features, Points, features
from core_pipeline.engines.video.photo.gather import Floats, Rgb
from errors import Impossible

FINE, FINEST_AREA = 1.25, 450_000  # drawn finer than shown, where that costs little: bent skin stays sharp
MARGIN = 0.035  # of the larger side: how far the head can move what lies outside the view into it
MOST_AREA = 3_200_000
SOFT = 0.03  # of the larger side: what is made up is blurred more and more over this far
FOLDED = 0.006  # of a side of the picture: what it goes on with beyond its edge


@dataclass(frozen=True)
class Stage:
    """A picture to move in, with a margin around what is shown; `fine` of its pixels make one of the shape's.

    `found` are the face's points in its pixels; the first pixel that is shown has its middle at `x`, `y`.
    """

    picture: Rgb
    found: Features
    shape: Shape
    fine: float
    x: float
    y: float


def staged(picture: Rgb, points: Points, view: tuple[float, float, float], shape: Shape) -> Stage:
    """Return the view (left, top, width of the picture) in that shape; `Impossible` when it doesn't hold the face."""
    left, top, width = view
    fine = FINE if shape.width * shape.height <= FINEST_AREA else 1.0
    scale = shape.width / width * fine
    margin = int(np.ceil(MARGIN * max(shape.width, shape.height) * fine)) + 2
    wide, high = (int(np.ceil(side * fine)) + 2 * margin for side in (shape.width, shape.height))
    if wide * high > MOST_AREA:
        raise Impossible("film-shape", f"a photograph is not animated in {shape.width}x{shape.height}")
    across, beyond_x = _reading(picture.shape[1], wide, left - margin / scale, 1 / scale)
    down, beyond_y = _reading(picture.shape[0], high, top - margin / scale, 1 / scale)
    drawn = _softened(_resized(picture, across, down), beyond_x * scale, beyond_y * scale)
    found = _moved(features(points), left, top, scale, margin)
    _hold(found, wide, high)
    return Stage(drawn, found, shape, fine, margin + fine / 2 - 0.5, margin + fine / 2 - 0.5)


def _moved(found: Features, left: float, top: float, scale: float, margin: int) -> Features:
    axes = found.axes
    x, y = ((place - edge) * scale + margin - 0.5 for place, edge in ((axes.x, left), (axes.y, top)))
    return Features(Axes(x, y, axes.unit * scale, axes.roll), found.at)


def _hold(found: Features, wide: int, high: int) -> None:
    """Refuse a view in which eyes and mouth are not seen, or so small or large that they are not to be animated."""
    spots = [found.axes.outside(*spot) for name, spot in found.at.items() if name != "chin"]
    inside = all(0 <= x < wide and 0 <= y < high for x, y in spots)
    if not inside or not 0.04 * wide < found.axes.unit < 0.6 * wide:
        raise Impossible("view-without-face", "choose views around the face: landmarks.proposing.views does")


def _reading(size: int, count: int, start: float, step: float) -> tuple[Floats, Floats]:
    """Return the weights (count x size) that resize one side of a picture, and how far beyond it each place lies.

    Beyond its edges the few lines next to them go to and fro: walls and clothes go on, a head is not mirrored.
    """
    middles = start + (np.arange(count) + 0.5) * step - 0.5
    reach = max(1.0, step) * 2
    taps = np.arange(-int(np.ceil(reach)), int(np.ceil(reach)) + 1)
    places = np.floor(middles)[:, None].astype(np.int64) + taps
    weights = _cubic((places - middles[:, None]) / max(1.0, step))
    weights /= weights.sum(axis=1, keepdims=True)
    near = max(2, int(size * FOLDED))
    outside = np.maximum(np.maximum(-places, places - (size - 1)), 0)
    inwards = near - np.abs(np.mod(outside, 2 * near) - near)
    folded = np.where(outside == 0, places, np.where(places < 0, inwards, size - 1 - inwards))
    folded = np.clip(folded, 0, size - 1)
    table = np.zeros((count, size), np.float32)
    np.add.at(table, (np.arange(count)[:, None], folded), weights.astype(np.float32))
    beyond = np.maximum(np.maximum(-middles, middles - (size - 1)), 0).astype(np.float32)
    return table, beyond


def _cubic(far: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull and Rom's curve: sharp, and it adds up to one."""
    far = np.abs(far)
    near = 1.5 * far**3 - 2.5 * far**2 + 1
    outer = -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2
    return np.where(far < 1, near, np.where(far < 2, outer, 0.0))


def _resized(picture: Rgb, across: Floats, down: Floats) -> Floats:
    channels = [down @ picture[..., channel].astype(np.float32) @ across.T for channel in range(3)]
    return np.clip(np.stack(channels, axis=-1), 0, 255)


def _softened(drawn: Floats, beyond_x: Floats, beyond_y: Floats) -> Rgb:
    soft = SOFT * max(drawn.shape[:2])
    share = np.clip(np.hypot(beyond_x[None, :], beyond_y[:, None]) / soft, 0, 1)[..., None]
    if share.any():
        drawn += share * (blurred(drawn, int(soft)) - drawn)
    return np.rint(drawn).astype(np.uint8)


def blurred(picture: Floats, radius: int) -> Floats:
    """Return the picture's colours averaged around each pixel, smoothly, over about `radius` pixels."""
    for _ in range(3):
        for axis in (0, 1):
            picture = _averaged(picture, max(1, radius // 2), axis)
    return picture


def _averaged(picture: Floats, radius: int, axis: int) -> Floats:
    edges = [(radius + 1, radius) if side == axis else (0, 0) for side in range(picture.ndim)]
    sums = np.cumsum(np.pad(picture, edges, mode="edge"), axis=axis, dtype=np.float64)
    size, width = picture.shape[axis], 2 * radius + 1
    ahead, behind = np.take(sums, range(width, width + size), axis), np.take(sums, range(size), axis)
    return ((ahead - behind) / width).astype(np.float32)
