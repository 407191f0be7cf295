"""Twelve points out of three that a person shows, and the views of a picture out of the twelve."""

from __future__ import annotations

import math

from core_pipeline.engines.landmarks.points import POINTS, Axes, Features, Points, Spot, features
from errors import Impossible

# Where the points of a grown-up's face lie on the average, in units of the distance between the eyes.
EYE_HALF, EYE_TOP, LIPS_HALF = 0.235, -0.085, 0.385
LIPS_ABOVE, LIPS_BELOW, NOSE_SHARE, CHIN_BELOW = 0.105, 0.145, 0.6, 0.62
# Width of a view and how far its top lies above the eyes, in the same units.
VIEWS = {"square": (4.7, 2.2), "note": (5.0, 1.85), "portrait": (4.8, 2.9)}
NARROWEST = 3.7


def proposed(eye_left: Spot, eye_right: Spot, mouth: Spot) -> dict[str, Spot]:
    """Return twelve points to be dragged into place, from the middles of both eyes and of the line between the lips.

    Raises `Impossible` for three spots that can't be eyes above a mouth.
    """
    unit = math.dist(eye_left, eye_right)
    if not (math.isfinite(unit) and unit > 0 and all(map(math.isfinite, mouth))):
        raise Impossible("points-misplaced", "show the middle of each eye and of the mouth")
    middle = ((eye_left[0] + eye_right[0]) / 2, (eye_left[1] + eye_right[1]) / 2)
    axes = Axes(*middle, unit, math.atan2(eye_right[1] - eye_left[1], eye_right[0] - eye_left[0]))
    lean, down = axes.within(*mouth)
    placed = {name: _place(name, lean, down) for name in POINTS}
    found = {name: axes.outside(*spot) for name, spot in placed.items()}
    features(found)
    return found


def _place(name: str, lean: float, down: float) -> Spot:
    side = -1.0 if "left" in name else 1.0
    if name.startswith("eye"):
        shift = {"outer": side * EYE_HALF, "inner": -side * EYE_HALF, "top": 0.0}[name.rsplit("_", 1)[1]]
        return side * 0.5 + shift, EYE_TOP if name.endswith("top") else 0.0
    return {
        "nose_tip": (lean * NOSE_SHARE, down * NOSE_SHARE),
        "mouth_left": (lean - LIPS_HALF, down),
        "mouth_right": (lean + LIPS_HALF, down),
        "lip_top": (lean, down - LIPS_ABOVE),
        "lip_bottom": (lean, down + LIPS_BELOW),
        "chin": (lean * 1.3, down + CHIN_BELOW),
    }[name]


def views(points: Points, width: int, height: int) -> dict[str, tuple[float, float, float]]:
    """Return left, top and width of each view of a manifest, inside a picture of this size where it is large enough."""
    found = features(points)
    heights = {"square": 1.0, "note": 1.0, "portrait": 16 / 9}
    return {name: _view(found, name, heights[name], width, height) for name in VIEWS}


def _view(found: Features, name: str, shape: float, width: int, height: int) -> tuple[float, float, float]:
    wide, above = VIEWS[name]
    across = min(wide, max(NARROWEST, width / found.axes.unit)) * found.axes.unit
    left = _inside(found.axes.x - across / 2, across, width)
    top = _inside(found.axes.y - above * across / wide, across * shape, height)
    return round(left, 1), round(top, 1), round(across, 1)


def _inside(start: float, size: float, whole: int) -> float:
    return min(max(start, 0.0), whole - size) if size <= whole else start
