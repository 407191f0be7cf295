"""Whether a portrait can be animated well, and in words what to do when it can't."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.landmarks.light import face_light, openness, sharpness
from core_pipeline.engines.landmarks.points import Features, Points, features
from errors import Impossible

FACE_WIDTH = 2.2  # a face is this many times as wide as its eyes are apart
NOSE_DEPTH = 0.42  # how far the tip of a nose lies before the eyes, in units
HEAD_ABOVE, CHIN_BELOW = 1.15, 0.1  # of a head, above the eyes and below the chin, must be in the picture
NOSE_BETWEEN = 0.61  # where the tip of the nose lies between eyes and mouth when the head is level

Figures = Mapping[str, float]
FAULTS: dict[str, Callable[[Figures], bool]] = {
    "small": lambda found: found["face_width"] < 180,
    "cut": lambda found: found["room"] < 0,
    "turned": lambda found: abs(found["yaw"]) > 17,
    "tipped": lambda found: abs(found["pitch"]) > 0.14,
    "tilted": lambda found: abs(found["roll"]) > 14,
    "eyes-closed": lambda found: found["eyes"] < 0.1,
    "mouth-open": lambda found: found["lips"] > 0.62 or found["between_lips"] > 0.3,
    "dark": lambda found: found["light"] < 45,
    "bright": lambda found: found["light"] > 228 or found["burnt"] > 0.12,
    "one-sided": lambda found: found["sides"] > 2.2,
    "blurred": lambda found: found["sharpness"] < 0.16,
}


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a portrait, worst first (codes of `verdicts.toml`), and what was measured."""

    problems: tuple[str, ...]
    figures: Mapping[str, float]

    @property
    def fine(self) -> bool:
        """Whether the portrait can be animated."""
        return not self.problems


def checked(picture: NDArray[np.uint8], points: Points) -> Verdict:
    """Judge a decoded portrait of (height, width, 3) colours by its points; how many people it shows is not seen.

    Points that are not those of a face are a problem of their own, "points", for which nothing is measured.
    """
    try:
        found = features(points)
    except Impossible:
        return Verdict(("points",), {})
    height, width = picture.shape[:2]
    if not all(0 <= x < width and 0 <= y < height for x, y in points.values()):
        return Verdict(("points",), {})
    figures = {**_shape(found, width, height), **_looks(picture, found)}
    problems = tuple(code for code, faulty in FAULTS.items() if faulty(figures))
    return Verdict(problems, {name: round(figure, 3) for name, figure in figures.items()})


def explain(code: str, language: str) -> str:
    """Return what to do about a problem, in Arabic or English; the code itself where there is nothing to say."""
    return _sentences().get(code, {}).get(language, code)


def _shape(found: Features, width: int, height: int) -> dict[str, float]:
    """Return what the points alone tell: sizes in pixels, angles in degrees, the rest in shares."""
    at, axes = found.at, found.axes
    crown = axes.outside(0.0, -HEAD_ABOVE)
    below = axes.outside(at["chin"][0], at["chin"][1] + CHIN_BELOW)
    sides = [axes.outside(side * FACE_WIDTH / 2, 0.3)[0] for side in (-1, 1)]
    room = min(crown[1], height - below[1], *sides, *(width - side for side in sides))
    middle = (at["mouth_left"][0] + at["mouth_right"][0]) / 2
    mouth = (at["mouth_left"][1] + at["mouth_right"][1]) / 2
    aside = at["nose_tip"][0] - middle * NOSE_BETWEEN
    return {
        "face_width": FACE_WIDTH * axes.unit,
        "room": room,
        "roll": math.degrees(axes.roll),
        "yaw": math.degrees(math.asin(max(-1.0, min(1.0, aside / NOSE_DEPTH)))),
        "pitch": at["nose_tip"][1] / mouth - NOSE_BETWEEN,
        "eyes": min(_opening(found, side) for side in ("left", "right")),
        "lips": found.lips_height / found.mouth_width,
    }


def _opening(found: Features, side: str) -> float:
    """Return how far an eye's upper lid lies above its corners, in shares of the eye's width."""
    (outer_u, outer_v), (inner_u, inner_v) = (found.at[f"eye_{side}_{end}"] for end in ("outer", "inner"))
    return ((outer_v + inner_v) / 2 - found.at[f"eye_{side}_top"][1]) / abs(outer_u - inner_u)


def _looks(picture: NDArray[np.uint8], found: Features) -> dict[str, float]:
    """Return what the picture tells: light in 0..255, the rest in shares."""
    light = face_light(picture, found)
    return {
        "light": light.middle,
        "burnt": light.burnt,
        "sides": light.sides,
        "sharpness": sharpness(picture, found),
        "between_lips": openness(picture, found),
    }


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("verdicts.toml").read_text(encoding="utf-8"))
