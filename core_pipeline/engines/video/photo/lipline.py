"""Where the lips meet: between two corners that a person showed, along what is darkest in the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.landmarks.points import Features
from core_pipeline.engines.video.photo.gather import Floats, Rgb

COLUMNS, ROWS = 61, 41
UPPER_SHARE = 0.42  # of both lips' height: where their line is expected below the upper lip's edge
REACH = 0.3  # of both lips' height: how far from there it is looked for
TRUST = 0.35  # how much the expected place counts against the darkness


def traced(picture: Rgb, found: Features) -> tuple[Floats, Floats]:
    """Return the u and v of the line between closed lips, from corner to corner."""
    at = found.at
    (left_u, left_v), (right_u, right_v) = at["mouth_left"], at["mouth_right"]
    share = np.linspace(0, 1, COLUMNS)
    u = left_u + share * (right_u - left_u)
    middle = at["lip_top"][1] + UPPER_SHARE * found.lips_height
    sag = middle - (left_v + right_v) / 2
    expected = left_v + share * (right_v - left_v) + sag * np.clip(1 - (2 * share - 1) ** 4, 0, 1)
    reach = REACH * found.lips_height * np.clip(np.sin(np.pi * share) * 1.6, 0, 1)
    steps = np.linspace(-1, 1, ROWS)[:, None]
    shade = _shades(picture, found, np.broadcast_to(u, (ROWS, COLUMNS)), expected + steps * reach)
    v = expected + steps[_darkest(shade + TRUST * steps**2), 0] * reach
    smooth = np.convolve(np.pad(v, 3, mode="edge"), np.hanning(9)[1:-1] / np.hanning(9).sum(), "valid")
    smooth[[0, -1]] = left_v, right_v
    return u.astype(np.float32), smooth.astype(np.float32)


def _shades(picture: Rgb, found: Features, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how light the picture is at these places, from 0 for the darkest to 1 for the lightest of each column."""
    x, y = found.axes.outside(u, v)
    rows = np.clip(np.rint(y), 0, picture.shape[0] - 1).astype(np.intp)
    columns = np.clip(np.rint(x), 0, picture.shape[1] - 1).astype(np.intp)
    light = picture[rows, columns].astype(np.float64) @ np.array([0.3, 0.59, 0.11])
    low, high = light.min(axis=0), light.max(axis=0)
    shade: NDArray[np.float64] = (light - low) / np.maximum(high - low, 12.0)
    return shade


def _darkest(cost: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the row in each column of the cheapest way from left to right that climbs two rows a column at most."""
    rows = cost.shape[0]
    total, came = cost.copy(), np.zeros(cost.shape, np.intp)
    steps = np.arange(-2, 3)
    before = np.arange(rows)[:, None] + steps
    allowed = (before >= 0) & (before < rows)
    for column in range(1, cost.shape[1]):
        prices = np.where(allowed, total[np.clip(before, 0, rows - 1), column - 1] + 0.02 * steps**2, np.inf)
        best = prices.argmin(axis=1)
        came[:, column] = np.clip(np.arange(rows) + steps[best], 0, rows - 1)
        total[:, column] += prices.min(axis=1)
    way = [int(total[:, -1].argmin())]
    for column in range(cost.shape[1] - 1, 0, -1):
        way.append(int(came[way[-1], column]))
    return np.array(way[::-1], np.intp)
