"""What is seen between parted lips: a dark hollow, the tongue, and teeth as one smooth shape with a soft edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.acting.visemes import Lips
from core_pipeline.engines.video.photo.framing import Stage
from core_pipeline.engines.video.photo.gather import Floats, Packed, unpacked
from core_pipeline.engines.video.photo.patch import ramp

# Colours under a light in which skin is as light as SKIN.
SKIN = 165.0
HOLLOW, DEEP = (92.0, 40.0, 40.0), (34.0, 13.0, 15.0)
TONGUE, TEETH = (160.0, 78.0, 80.0), (236.0, 228.0, 216.0)
TEETH_EDGE = 0.06  # how far the upper teeth reach below the line of the closed lips, in units
SOFT_EDGE = 0.02


class Within:
    """The inside of one mouth, lit as the face around it is."""

    def __init__(self, stage: Stage, middle: float, half: float) -> None:
        self._middle, self._half = np.float32(middle), np.float32(half)
        self._pixel = np.float32(stage.found.axes.unit)
        light, tint = _lit(stage)
        self._light, self._tint = np.float32(light), tint

    def paint(self, drawn: Packed, lips: Lips, at: tuple[Floats, ...]) -> None:
        """Paint into `drawn` where the lips are parted.

        `at` are u, the distance below the lips' line, that of both edges, and the distance below the teeth's own line.
        """
        _, down, upper, lower, _ = at
        cover = np.minimum(down - upper, lower - down) * self._pixel
        # A soft edge, but none where the lips don't part at all: beside the mouth it would be a hairline.
        cover += np.minimum((lower - upper) * (self._pixel * np.float32(0.25)), np.float32(0.4))
        seen = np.flatnonzero((cover > 0) & (lower > upper))
        if not seen.size:
            return
        u, down, upper, lower, low = (part.ravel()[seen] for part in at)
        share = (u - self._middle) / self._half
        colour = self._hollow(share, down, upper, lower)
        if lips.tongue < 0.3:
            self._tongue(colour, lips, share, down, lower)
        self._teeth(colour, lips, share, low)
        if lips.tongue >= 0.3:
            self._tongue(colour, lips, share, down, lower)
        colour *= (0.72 + 0.28 * ramp(down - upper, -0.01, 0.04))[:, None]
        colour *= self._light * self._tint
        pixels = unpacked(drawn).reshape(-1, 4)
        alpha = np.clip(cover.ravel()[seen] * np.float32(0.7), 0, 1)[:, None]
        under = pixels[seen, :3].astype(np.float32)
        pixels[seen, :3] = np.clip(under + (colour - under) * alpha, 0, 255)

    @staticmethod
    def _hollow(share: Floats, down: Floats, upper: Floats, lower: Floats) -> Floats:
        deep = ramp(np.minimum(down - upper, lower - down), 0.0, 0.07) * ramp(np.abs(share), 0.95, 0.3)
        return _mixed(np.array(HOLLOW, np.float32)[None, :], DEEP, deep)

    @staticmethod
    def _tongue(colour: Floats, lips: Lips, share: Floats, down: Floats, lower: Floats) -> None:
        raised = 0.045 + 0.10 * lips.open + 0.08 * lips.lift
        top = lower - np.float32(raised) * (1 - 0.5 * share**2)
        seen = ramp(down - top, -0.02, 0.04 - 0.03 * lips.tongue) * ramp(np.abs(share), 0.8, 0.5)
        lit = 0.6 + 0.1 * lips.tongue + 0.35 * ramp(down - top, -0.01, 0.07) - 0.35 * ramp(lower - down, 0.06, 0.0)
        shade = np.array(TONGUE, np.float32) * np.float32(1 + 0.3 * lips.tongue) * lit[:, None]
        colour += (shade - colour) * (0.9 * seen)[:, None]

    @staticmethod
    def _teeth(colour: Floats, lips: Lips, share: Floats, low: Floats) -> None:
        edge = np.float32(TEETH_EDGE * (0.2 + 0.8 * lips.teeth)) * (1 - 0.55 * share**2)
        seen = ramp(low - edge, SOFT_EDGE / 2, -SOFT_EDGE) * ramp(np.abs(share), 0.92, 0.45)
        seen *= np.float32(min(1.0, 0.3 + 1.6 * lips.teeth))
        colour += (np.array(TEETH, np.float32) - colour) * seen[:, None]


def _mixed(one: Floats, other: tuple[float, float, float], share: Floats) -> Floats:
    mixed: Floats = one + (np.array(other, np.float32) - one) * share[:, None]
    return mixed


def _lit(stage: Stage) -> tuple[float, NDArray[np.float32]]:
    """Return how light the face is beside SKIN, and the light's tint: half of the cheeks' is the skin's own."""
    at = stage.found.at
    spots = [(side * 0.5, (at["nose_tip"][1] + 0.25) / 1.6 + 0.15) for side in (-1, 1)]
    found = np.concatenate([_around(stage, *spot) for spot in spots]).astype(np.float32)
    colour = np.median(found, axis=0)
    light = float(np.clip((colour @ np.array([0.3, 0.59, 0.11])) / SKIN, 0.25, 1.08))
    # Skin of any tone reflects red most: what is left after an average skin's colour is the light's.
    tint = (colour / max(float(colour.mean()), 1.0)) / np.array([1.22, 0.97, 0.81], np.float32)
    return 0.3 + 0.7 * light, np.clip(tint, 0.75, 1.25).astype(np.float32) ** np.float32(0.5)


def _around(stage: Stage, u: float, v: float) -> NDArray[np.uint8]:
    x, y = stage.found.axes.outside(u, v)
    near = max(2, int(stage.found.axes.unit * 0.08))
    rows, columns = (slice(max(0, int(place) - near), max(1, int(place) + near)) for place in (y, x))
    return stage.picture[rows, columns].reshape(-1, 3)
