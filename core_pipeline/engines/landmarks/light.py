"""What a portrait's pixels tell of it: light, sharpness, and whether something shows between the lips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.landmarks.points import Features

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
BURNT = 250
FINE_UNIT = 90  # sharpness is judged on a face whose eyes are this many pixels apart, or fewer


@dataclass(frozen=True)
class Light:
    """How light a face's skin is in 0..255, which share of it is burnt out, and how many times lighter one side is."""

    middle: float
    burnt: float
    sides: float


def face_light(picture: Picture, found: Features) -> Light:
    """Return how the face is lit."""
    level = found.at["nose_tip"][1]
    cheeks = [grey(sampled(picture, found, (side * 0.5, level), (0.2, 0.25))) for side in (-1, 1)]
    all_over = grey(sampled(picture, found, (0.0, level * 0.9), (0.75, 0.85)))
    medians = sorted(float(np.median(cheek)) for cheek in cheeks)
    burnt = float(np.mean(all_over >= BURNT))
    return Light(float(np.median(all_over)), burnt, (medians[1] + 4) / (medians[0] + 4))


def sharpness(picture: Picture, found: Features) -> float:
    """Return how much of what is seen at the eyes is fine detail: about 0.1 when blurred, 0.3 when sharp."""
    unit = min(found.axes.unit, FINE_UNIT)
    wide, high = int(2 * unit), int(0.6 * unit)
    step = found.axes.unit / unit
    seen = np.mean(
        [grey(sampled(picture, found, (0.0, -0.05), (1.0, 0.3), (high, wide), shift)) for shift in _shifts(step)],
        axis=0,
    )
    fine, coarse = (np.abs(seen - _evened(seen, reach)).mean() for reach in (1, 6))
    return float(fine / max(coarse, 1.0))


def openness(picture: Picture, found: Features) -> float:
    """Return which share of the lips' height in the middle of the mouth is a dark hollow or teeth."""
    at = found.at
    level = (at["lip_top"][1] + at["lip_bottom"][1]) / 2
    middle = (at["lip_top"][0] + at["lip_bottom"][0]) / 2
    seen = sampled(picture, found, (middle, level), (0.12 * found.mouth_width, found.lips_height / 2), (61, 21))
    skin = np.median(sampled(picture, found, (0.0, at["nose_tip"][1]), (0.5, 0.2)).reshape(-1, 3), axis=0)
    light = grey(seen)
    pale = (seen.max(axis=2) - seen.min(axis=2)) / np.maximum(seen.max(axis=2), 1)
    skin_pale = (skin.max() - skin.min()) / max(float(skin.max()), 1.0)
    hollow = light < 0.42 * float(grey(skin))
    teeth = (pale < 0.6 * skin_pale) & (light > 0.75 * float(grey(skin)))
    return float(np.median((hollow | teeth).mean(axis=0)))


def grey(colours: NDArray[np.floating]) -> Floats:
    """Return how light colours are."""
    light: Floats = colours @ np.array([0.299, 0.587, 0.114])
    return light


def sampled(
    picture: Picture,
    found: Features,
    middle: tuple[float, float],
    half: tuple[float, float],
    size: tuple[int, int] = (48, 48),
    shift: tuple[float, float] = (0.0, 0.0),
) -> Floats:
    """Return colours of (rows, columns, 3) from a rectangle along the face's axes, in units; `shift` is in pixels."""
    v, u = np.meshgrid(*(np.linspace(-1, 1, count) for count in size), indexing="ij")
    x, y = found.axes.outside(middle[0] + u * half[0], middle[1] + v * half[1])
    rows = np.clip(np.rint(y + shift[1]), 0, picture.shape[0] - 1).astype(np.intp)
    columns = np.clip(np.rint(x + shift[0]), 0, picture.shape[1] - 1).astype(np.intp)
    return np.asarray(picture[rows, columns], np.float64)


def _shifts(step: float) -> list[tuple[float, float]]:
    """Return shifts in pixels whose mean makes a picture `step` times smaller."""
    count = max(1, round(step))
    places = (np.arange(count) - (count - 1) / 2) * step / count
    return [(float(x), float(y)) for x in places for y in places]


def _evened(seen: Floats, reach: int) -> Floats:
    """Return the picture's mean over a square of `reach` pixels around each, twice."""
    for axis in (0, 1, 0, 1):
        edges = [(reach + 1, reach) if side == axis else (0, 0) for side in (0, 1)]
        sums = np.cumsum(np.pad(seen, edges, mode="edge"), axis=axis)
        size, width = seen.shape[axis], 2 * reach + 1
        ahead, behind = np.take(sums, range(width, width + size), axis), np.take(sums, range(size), axis)
        seen = np.asarray((ahead - behind) / width)
    return seen
