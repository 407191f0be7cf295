"""The twelve points of a photographed face and the axes that they span; left and right are as the viewer sees them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from errors import Impossible

POINTS = (
    "eye_left_outer",
    "eye_left_inner",
    "eye_left_top",
    "eye_right_inner",
    "eye_right_outer",
    "eye_right_top",
    "nose_tip",
    "mouth_left",
    "mouth_right",
    "lip_top",
    "lip_bottom",
    "chin",
)
Spot: TypeAlias = tuple[float, float]
Points: TypeAlias = Mapping[str, Spot]
SMALLEST_UNIT = 8.0


@dataclass(frozen=True)
class Axes:
    """A face's own axes: `x`, `y` is the middle between the eyes, `unit` their distance in pixels, `roll` in radians.

    Along them `u` runs to the right and `v` down, both counted in units.
    """

    x: float
    y: float
    unit: float
    roll: float

    def within(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return the u and v of pixels, numbers or arrays alike."""
        across, down = (x - self.x) / self.unit, (y - self.y) / self.unit
        cosine, sine = math.cos(self.roll), math.sin(self.roll)
        return across * cosine + down * sine, down * cosine - across * sine

    def outside(self, u: Any, v: Any) -> tuple[Any, Any]:
        """Return the pixels of u and v, numbers or arrays alike."""
        right, down = self.along(u, v)
        return self.x + right, self.y + down

    def along(self, u: Any, v: Any) -> tuple[Any, Any]:
        """Return a movement by u and v in pixels."""
        cosine, sine = math.cos(self.roll), math.sin(self.roll)
        return (u * cosine - v * sine) * self.unit, (u * sine + v * cosine) * self.unit


@dataclass(frozen=True)
class Features:
    """A face's axes and its twelve points along them, by name."""

    axes: Axes
    at: Points

    @property
    def mouth_width(self) -> float:
        """The distance between the corners of the mouth in units."""
        return self.at["mouth_right"][0] - self.at["mouth_left"][0]

    @property
    def lips_height(self) -> float:
        """The height of both lips together in units."""
        return self.at["lip_bottom"][1] - self.at["lip_top"][1]


def features(points: Points) -> Features:
    """Return what the points tell of a face; `Impossible` when they are not the twelve points of one."""
    spots = _checked(points)
    left = _middle(spots["eye_left_outer"], spots["eye_left_inner"])
    right = _middle(spots["eye_right_outer"], spots["eye_right_inner"])
    middle = _middle(left, right)
    unit = math.dist(left, right)
    if unit < SMALLEST_UNIT:
        raise _misplaced()
    axes = Axes(*middle, unit, math.atan2(right[1] - left[1], right[0] - left[0]))
    found = Features(axes, {name: axes.within(*spot) for name, spot in spots.items()})
    if not plausible(found.at):
        raise _misplaced()
    return found


def plausible(at: Points) -> bool:
    """Whether points along the axes of a face lie as those of a face do, however it looks."""
    across, down = {name: u for name, (u, _) in at.items()}, {name: v for name, (_, v) in at.items()}
    return all(
        (
            across["eye_left_outer"] < across["eye_left_top"] < across["eye_left_inner"],
            across["eye_left_inner"] < across["eye_right_inner"],
            across["eye_right_inner"] < across["eye_right_top"] < across["eye_right_outer"],
            0.3 < across["mouth_right"] - across["mouth_left"] < 1.8,
            across["mouth_left"] < across["lip_top"] < across["mouth_right"],
            across["mouth_left"] < across["lip_bottom"] < across["mouth_right"],
            -0.5 < down["eye_left_top"] < 0.15,
            -0.5 < down["eye_right_top"] < 0.15,
            0.2 < down["nose_tip"] < down["lip_top"] < down["lip_bottom"] < down["chin"] < 3.5,
            0.02 < down["lip_bottom"] - down["lip_top"] < 0.9,
            abs(across["chin"]) < 0.8,
            abs(across["nose_tip"]) < 0.8,
        )
    )


def _checked(points: Points) -> dict[str, Spot]:
    if set(points) != set(POINTS):
        raise Impossible("points-missing", "give exactly the twelve points that landmarks/README.md names")
    spots = {name: (float(points[name][0]), float(points[name][1])) for name in POINTS}
    if not all(math.isfinite(number) and abs(number) < 1e5 for spot in spots.values() for number in spot):
        raise _misplaced()
    return spots


def _middle(one: Spot, other: Spot) -> Spot:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _misplaced() -> Impossible:
    return Impossible("points-misplaced", "put the twelve points where landmarks/README.md says")
