"""The head moves before what is behind it: one smooth field of movement, so that nothing tears and no border shows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.video.photo.framing import Stage
from core_pipeline.engines.video.photo.gather import SUB, Floats, Packed, gathered
from core_pipeline.engines.video.photo.patch import ramp

ART_UNIT = 1 / 108  # what acting calls a unit of the art, in distances between the eyes
FARTHEST, STEEPEST = 0.09, 3.0  # how far the head goes in those, and degrees of its tilt
TURN, BREATH, SWAY = 0.035, 0.016, 0.5
NECK = 0.5  # how far below the chin the head turns on
TURN_SOFTLY = 0.8  # of what is asked of a drawn head, which has a neck of its own


class Head:
    """The head of one stage: which pixels go with it, how much."""

    def __init__(self, stage: Stage) -> None:
        shape, axes = stage.shape, stage.found.axes
        y, x = np.mgrid[0 : shape.height, 0 : shape.width].astype(np.float32)
        self._x = x * np.float32(stage.fine) + np.float32(stage.x)
        self._y = y * np.float32(stage.fine) + np.float32(stage.y)
        u, v = axes.within(self._x, self._y)
        chin = stage.found.at["chin"][1]
        self._with = _mask(u, v, chin)
        pivot_x, pivot_y = axes.outside(0.0, chin + NECK)
        self._around_x, self._around_y = self._with * (self._x - pivot_x), self._with * (self._y - pivot_y)
        middle = stage.found.at["nose_tip"][1]
        self._nearer = np.clip(1 - (u / 1.05) ** 2 - ((v - middle) / 1.5) ** 2, 0, 1).astype(np.float32) ** 2
        self._chest = ramp(v, chin + 0.15, chin + 1.1) * ramp(np.abs(u), 3.2, 1.6)
        self._size = axes.unit
        self._x *= SUB
        self._y *= SUB
        self._room = (stage.picture.shape[1] * SUB - SUB - 1, stage.picture.shape[0] * SUB - SUB - 1)

    def show(self, drawn: Packed, pose: Pose) -> Packed:
        """Return what is seen of a stage with the head held so."""
        right, down = self._by(pose)
        tilt = math.radians(max(-STEEPEST, min(STEEPEST, pose.roll * TURN_SOFTLY)))
        sine, cosine = (np.float32(SUB * part) for part in (math.sin(tilt), math.cos(tilt) - 1))
        turn = np.float32(SUB * self._size * TURN * max(-1.0, min(1.0, pose.yaw)))
        x = self._x - np.float32(SUB * right) * self._with - turn * self._nearer
        x += self._around_x * cosine + self._around_y * sine
        y = self._y - np.float32(SUB * down) * self._with
        y += self._around_y * cosine - self._around_x * sine
        breath = np.float32(SUB * self._size * BREATH * max(0.0, min(1.0, pose.breath)))
        y += breath * self._chest
        x -= np.float32(SUB * self._size * ART_UNIT * SWAY * max(-4.0, min(4.0, pose.sway))) * self._chest
        return gathered(drawn, np.clip(x, 0, self._room[0], out=x), np.clip(y, 0, self._room[1], out=y))

    def _by(self, pose: Pose) -> tuple[float, float]:
        """Return how far the head goes right and down, in the stage's pixels."""
        right, down = (max(-FARTHEST, min(FARTHEST, ART_UNIT * part)) * self._size for part in (pose.x, pose.y))
        return right, down


def _mask(u: NDArray[np.floating], v: NDArray[np.floating], chin: float) -> Floats:
    """Return 1 on the head and its hair, 0 far behind it and on the shoulders."""
    middle = chin * 0.3
    side = np.hypot(u, np.where(v < middle, (v - middle) / 1.35, 0.0))
    return ramp(side, 2.5, 1.25) * ramp(v, chin + 1.0, chin + 0.05)
