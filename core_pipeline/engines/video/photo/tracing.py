"""Lines of a face found in the picture near where its points let them be expected: between the lips, along the lids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.landmarks.points import Features
from core_pipeline.engines.video.photo.gather import Floats, Rgb

COLUMNS, ROWS = 61, 41
UPPER_SHARE = 0.42  # of both lips' height: where their line is expected below the upper lip's edge
LIPS_REACH = 0.3  # of both lips' height: how far from there it is looked for
LID_REACH, LID_BEYOND, LID_SKIN = 0.065, 0.03, 0.045  # in units: up and down, past the corners, the skin's distance
LIPS_TRUST, LID_TRUST = 0.35, 0.25  # how much the expected place counts against what is seen

Doubles = NDArray[np.float64]


def lips_line(picture: Rgb, found: Features) -> tuple[Floats, Floats]:
    """Return the u and v of the line between closed lips, from corner to corner: what is darkest there."""
    at = found.at
    (left_u, left_v), (right_u, right_v) = at["mouth_left"], at["mouth_right"]
    share = np.linspace(0, 1, COLUMNS)
    u = left_u + share * (right_u - left_u)
    middle = at["lip_top"][1] + UPPER_SHARE * found.lips_height
    sag = middle - (left_v + right_v) / 2
    expected = left_v + share * (right_v - left_v) + sag * np.clip(1 - (2 * share - 1) ** 4, 0, 1)
    reach = LIPS_REACH * found.lips_height * np.clip(np.sin(np.pi * share) * 1.6, 0, 1)
    steps = np.linspace(-1, 1, ROWS)[:, None]
    seen = _scaled(_shades(picture, found, u, expected + steps * reach))
    v = _smooth(expected + steps[_cheapest(seen + LIPS_TRUST * steps**2), 0] * reach)
    v[[0, -1]] = left_v, right_v
    return u.astype(np.float32), v.astype(np.float32)


def lid_line(picture: Rgb, found: Features, side: str) -> tuple[Floats, Floats]:
    """Return the u and v of an upper lid's edge, a little past both corners: dark lashes with lighter skin above."""
    (start, start_v), (end, end_v) = sorted((found.at[f"eye_{side}_outer"], found.at[f"eye_{side}_inner"]))
    u = np.linspace(start - LID_BEYOND, end + LID_BEYOND, COLUMNS)
    share = np.clip((u - start) / (end - start), 0, 1)
    height = max(0.03, (start_v + end_v) / 2 - found.at[f"eye_{side}_top"][1])
    expected = start_v + share * (end_v - start_v) - height * arch(share)
    steps = np.linspace(-1, 1, ROWS)[:, None]
    places = expected + steps * LID_REACH
    seen, skin = _shades(picture, found, u, places), _shades(picture, found, u, places - LID_SKIN)
    way = _cheapest(_scaled(seen - skin) + LID_TRUST * steps**2)
    return u.astype(np.float32), _smooth(expected + steps[way, 0] * LID_REACH).astype(np.float32)


def arch(share: NDArray[np.floating]) -> Doubles:
    """Return the form of a lid over its width (0 to 1): 1 in the middle, 0 at the corners."""
    return np.asarray(np.clip(1 - (2 * share - 1) ** 2, 0, 1) ** 0.65)


def _shades(picture: Rgb, found: Features, u: Doubles, v: Doubles) -> Doubles:
    """Return how light the picture is at these places, in 0..255."""
    x, y = found.axes.outside(np.broadcast_to(u, v.shape), v)
    rows = np.clip(np.rint(y), 0, picture.shape[0] - 1).astype(np.intp)
    columns = np.clip(np.rint(x), 0, picture.shape[1] - 1).astype(np.intp)
    return np.asarray(picture[rows, columns].astype(np.float64) @ np.array([0.3, 0.59, 0.11]))


def _scaled(seen: Doubles) -> Doubles:
    """Return each column from 0 for its least to 1 for its most; a column without contrast stays flat."""
    low, high = seen.min(axis=0), seen.max(axis=0)
    return np.asarray((seen - low) / np.maximum(high - low, 12.0))


def _smooth(line: Doubles) -> Doubles:
    bell = np.hanning(9)[1:-1]
    return np.convolve(np.pad(line, 3, mode="edge"), bell / bell.sum(), "valid")


def _cheapest(cost: Doubles) -> NDArray[np.intp]:
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
