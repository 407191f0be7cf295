"""The jaw bends what is drawn over it: paths under the mouth go down as it opens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from avatars.manifest import Mouth
from errors import Impossible

_TOKEN = re.compile(r"([MCLQZ])|(-?\d*\.?\d+(?:e-?\d+)?)|([\s,]+)|(.)", re.DOTALL)
_ABOVE, _RISE = 12.0, 52.0  # where the jaw begins, over the mouth's line, and how soon it moves in full
_BELOW, _FALL = 78.0, 60.0  # how far under the mouth the chin ends, and how soon its pull fades
_HALF = 122.0  # half the jaw's width


@dataclass(frozen=True)
class Jaw:
    """Where a jaw is and how far it falls."""

    x: float
    y: float
    drop: float

    @classmethod
    def of(cls, mouth: Mouth) -> Jaw:
        """Return the jaw of a mouth."""
        return cls(mouth.at[0], mouth.at[1], mouth.drop)

    def pull(self, x: float, y: float) -> float:
        """Return how many units a point goes down when the mouth is wide open."""
        across = float(max(0.0, 1 - ((x - self.x) / _HALF) ** 2) ** 1.2)
        return self.drop * across * _step((y - self.y + _ABOVE) / _RISE) * (1 - _step((y - self.y - _BELOW) / _FALL))


def bendable(path: str, jaw: Jaw) -> tuple[str, tuple[tuple[float, float], ...]]:
    """Return a path's data as a format with a "%.2f" for each y that moves, and for each its rest and its pull.

    Raises `Impossible` for a path with anything but absolute M, C, L, Q and Z.
    """
    written: list[str] = []
    moving: list[tuple[float, float]] = []
    across: float | None = None
    for letter, number, _, other in _TOKEN.findall(path):
        if other:
            raise Impossible("avatar-art", 'a path of class "chin" has something else than absolute M, C, L, Q and Z')
        if letter:
            written.append(letter)
        elif number and across is None:
            across = float(number)
        elif number and across is not None:
            written.append(_point(across, float(number), jaw, moving))
            across = None
    return "".join(written), tuple(moving)


def _point(x: float, y: float, jaw: Jaw, moving: list[tuple[float, float]]) -> str:
    pull = jaw.pull(x, y)
    if abs(pull) < 0.05:
        return f"{x:g},{y:g} "
    moving.append((y, pull))
    return f"{x:g},%.2f "


def _step(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)
