"""Cuts the face out of pictures, has it drawn anew, and puts it back into the enlarged pictures without an edge."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from core_pipeline.engines.enlarging.planes import resizing, stretched

FACE = 512  # the side of the pictures that CodeFormer knows
_SEAM = 0.08  # of the face's side, along edges inside the picture


@dataclass(frozen=True)
class Place:
    """Where the face is: the largest square at the top, in the middle, which is where our portraits have it."""

    left: int
    side: int

    @classmethod
    def of(cls, height: int, width: int) -> Place:
        """Find it in a picture of that size."""
        side = min(height, width)
        return cls((width - side) // 2, side)


class Restoring:
    """Does so from one size (height, width) to a larger one; `network` draws (n, 3, 512, 512) in 0..1 anew."""

    def __init__(
        self, network: Callable[[Tensor], Tensor], given: tuple[int, int], wanted: tuple[int, int], device: torch.device
    ) -> None:
        self._network = network
        self._place = Place.of(*given)
        self._to = Place(round(self._place.left * wanted[1] / given[1]), round(self._place.side * wanted[1] / given[1]))
        tall = min(round(self._place.side * wanted[0] / given[0]), wanted[0])
        self._whole = resizing(given, wanted, device)
        self._in = resizing((self._place.side, self._place.side), (FACE, FACE), device)
        self._back = resizing((FACE, FACE), (tall, self._to.side), device)
        down = _fading(tall, first=False, last=tall < wanted[0])
        sides = self._to.side < wanted[1]
        self._weight = (down[:, None] * _fading(self._to.side, first=sides, last=sides)[None, :]).to(device)

    def __call__(self, pictures: Tensor) -> Generator[None, None, Tensor]:
        """Return the pictures (n, 3, h, w), enlarged; yields once, to be left there."""
        large = stretched(pictures, self._whole).clamp(0, 1)
        left, side = self._place.left, self._place.side
        faces = stretched(pictures[..., :side, left : left + side], self._in).clamp(0, 1)
        drawn = stretched(self._network(faces), self._back).clamp(0, 1)
        yield
        tall, wide = drawn.shape[-2:]
        under = large[..., :tall, self._to.left : self._to.left + wide]
        large[..., :tall, self._to.left : self._to.left + wide] = torch.lerp(under, drawn, self._weight)
        return large


def _fading(length: int, *, first: bool, last: bool) -> Tensor:
    """Rise to one at the ends that lie inside the picture."""
    ramp = ((torch.arange(length) + 0.5) / max(1.0, length * _SEAM)).clamp(0, 1)
    weight = torch.ones(length)
    if first:
        weight = weight * ramp
    return weight * ramp.flip(0) if last else weight
