"""What the library of avatars borrows from the engines, which it does not know: drawing, and measuring faces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.faces import Face
from core_pipeline.portraits.parcel import Picture

Spot: TypeAlias = tuple[float, float]
Points: TypeAlias = Mapping[str, Spot]
Pixels: TypeAlias = NDArray[np.uint8]


class Verdict(Protocol):
    """What is wrong with a picture, worst first, and what was measured."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Codes; none of them: the picture can be animated."""

    @property
    def figures(self) -> Mapping[str, float]:
        """What was measured, by name."""


@dataclass(frozen=True)
class Craft:
    """`draw` shows a face as a short film without sound (MP4), in another process; it raises what engines raise.

    `checked` judges a picture of (height, width, 3) by the points of its face; `views` gives left, top and width of
    each view of a manifest from the points and the picture's width and height. Both raise `Impossible` for points
    that are no face's.
    """

    draw: Callable[[Face], Awaitable[bytes]]
    checked: Callable[[Pixels, Points], Verdict]
    views: Callable[[Points, int, int], Mapping[str, tuple[float, float, float]]]


def pixels_of(picture: Picture) -> Pixels:
    """The picture as rows of pixels, read only."""
    return np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, picture.bands)
