"""The part of a stage in which some feature moves, with the face's own axes laid over it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.landmarks.points import Features
from core_pipeline.engines.video.photo.framing import Stage
from core_pipeline.engines.video.photo.gather import SUB, Floats, Packed, gathered


@dataclass(frozen=True)
class Patch:
    """Rows and columns of a stage; `u` and `v` say where each pixel lies along the face's axes."""

    rows: slice
    columns: slice
    u: Floats
    v: Floats
    found: Features
    limits: tuple[int, int]

    def read(self, source: Packed, u: Floats, v: Floats) -> Packed:
        """Return the patch with each pixel taken from `source` at the given places along the face's axes."""
        axes = self.found.axes
        cosine, sine = (np.float32(SUB * axes.unit * part(axes.roll)) for part in (math.cos, math.sin))
        x = u * cosine - v * sine
        y = u * sine + v * cosine
        x += np.float32(SUB * axes.x)
        y += np.float32(SUB * axes.y)
        return gathered(source, np.clip(x, 0, self.limits[0], out=x), np.clip(y, 0, self.limits[1], out=y))


def patch(stage: Stage, u: tuple[float, float], v: tuple[float, float]) -> Patch:
    """Return the part of the stage that holds a rectangle along the face's axes."""
    axes = stage.found.axes
    height, width = stage.picture.shape[:2]
    xs, ys = zip(*(axes.outside(one, other) for one in u for other in v), strict=True)
    columns = slice(max(0, math.floor(min(xs))), min(width, math.ceil(max(xs)) + 1))
    rows = slice(max(0, math.floor(min(ys))), min(height, math.ceil(max(ys)) + 1))
    y, x = np.mgrid[rows, columns].astype(np.float32)
    across, down = axes.within(x, y)
    limits = (SUB * (width - 1) - 1, SUB * (height - 1) - 1)
    return Patch(rows, columns, across.astype(np.float32), down.astype(np.float32), stage.found, limits)


def ramp(values: NDArray[np.floating], start: float, end: float) -> Floats:
    """Return 0 up to `start`, 1 from `end`, and a smooth way between; `start` may be the larger."""
    share = np.clip((values - start) / (end - start), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def bump(far_u: NDArray[np.floating], far_v: NDArray[np.floating]) -> Floats:
    """Return 1 in the middle and nearly 0 two lengths away, for distances counted in lengths."""
    return np.asarray(np.exp(-(far_u**2) - far_v**2), np.float32)


class Curve:
    """A function of one number, looked up: `values` evenly from `start` to `end`; beyond them the nearest one."""

    def __init__(self, start: float, end: float, values: NDArray[np.floating]) -> None:
        self._values = values.astype(np.float32)
        self._start, self._scale = np.float32(start), np.float32((values.size - 1) / (end - start))

    def places(self, at: Floats) -> NDArray[np.intp]:
        """Return where to look: curves of one range and length share it."""
        return ((at - self._start) * self._scale + np.float32(0.5)).astype(np.intp)

    def look(self, places: NDArray[np.intp]) -> Floats:
        """Return the values at places found before."""
        return np.asarray(self._values.take(places, mode="clip"))

    def __call__(self, at: Floats) -> Floats:
        """Return the values at these numbers."""
        return self.look(self.places(at))
