"""Takes pictures through a network in tiles that overlap, so that memory has a bound and no seam shows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True)
class Axis:
    """Where tiles of one `size` begin along one side, and how much neighbours share at least."""

    size: int
    starts: tuple[int, ...]
    overlap: int

    def fading(self, start: int, scale: int) -> Tensor:
        """Return the weight of each enlarged sample of the tile at `start`.

        Beside a neighbour the outer quarter of what they share counts for nothing, as the network saw no further;
        from there it rises evenly to one.
        """
        length, shared = self.size * scale, self.overlap * scale
        ramp = ((torch.arange(length) + 0.5 - shared / 4) / max(shared / 2, 1)).clamp(1e-6, 1)
        weight = torch.ones(length)
        if start > self.starts[0]:
            weight = weight * ramp
        if start < self.starts[-1]:
            weight = weight * ramp.flip(0)
        return weight


def axis(length: int, most: int, overlap: int, multiple: int = 1) -> Axis:
    """Return the fewest tiles of at most `most` that cover `length`, no larger than needed; all in multiples."""
    if length <= most:
        return Axis(length, (0,), overlap)
    most -= most % multiple
    overlap = min(overlap, most // 2)
    count = -(-(length - overlap) // (most - overlap))
    size = min(most, _up(-(-(length + (count - 1) * overlap) // count), multiple))
    room = length - size
    starts = sorted({min(_up(room * index // (count - 1), multiple), room) for index in range(count)})
    return Axis(size, tuple(starts), overlap)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


class Tiled:
    """A network that enlarges `scale` times, asked tile by tile."""

    def __init__(
        self, network: Callable[[Tensor], Tensor], scale: int, *, most: int, overlap: int, batch: int, multiple: int = 1
    ) -> None:
        self._network, self._scale, self._batch, self._multiple = network, scale, batch, multiple
        self._most, self._overlap = most, overlap

    def together(self, height: int, width: int) -> int:
        """How many pictures of that size fill a batch."""
        down, across = self._axes(height, width)
        return -(-self._batch // (len(down.starts) * len(across.starts)))

    def __call__(self, pictures: Tensor) -> Generator[None, None, Tensor]:
        """Return (n, 3, h * scale, w * scale) for (n, 3, h, w); yields after each batch of tiles, to be left there."""
        height, width = pictures.shape[-2:]
        tall, wide = _up(height, self._multiple), _up(width, self._multiple)
        whole = pad(pictures, (0, wide - width, 0, tall - height), mode="replicate")
        down, across = self._axes(height, width)
        if len(down.starts) * len(across.starts) == 1:
            large = yield from self._asked(whole)
        else:
            large = yield from self._joined(whole, down, across)
        return large[..., : height * self._scale, : width * self._scale]

    def _axes(self, height: int, width: int) -> tuple[Axis, Axis]:
        down = axis(_up(height, self._multiple), self._most, self._overlap, self._multiple)
        return down, axis(_up(width, self._multiple), self._most, self._overlap, self._multiple)

    def _asked(self, tiles: Tensor) -> Generator[None, None, Tensor]:
        done = []
        for start in range(0, len(tiles), self._batch):
            done.append(self._network(tiles[start : start + self._batch]))
            yield
        return torch.cat(done)

    def _joined(self, whole: Tensor, down: Axis, across: Axis) -> Generator[None, None, Tensor]:
        count, scale = len(whole), self._scale
        places = list(product(down.starts, across.starts))
        tiles = torch.cat([whole[..., y : y + down.size, x : x + across.size] for y, x in places])
        large = yield from self._asked(tiles)
        sums = whole.new_zeros(count, whole.shape[1], whole.shape[2] * scale, whole.shape[3] * scale)
        weights = whole.new_zeros(sums.shape[-2:])
        for (y, x), tile in zip(places, large.split(count), strict=True):
            weight = down.fading(y, scale)[:, None] * across.fading(x, scale)[None, :]
            weight = weight.to(sums.device)
            rows, columns = slice(y * scale, (y + down.size) * scale), slice(x * scale, (x + across.size) * scale)
            sums[..., rows, columns] += tile * weight
            weights[rows, columns] += weight
        return sums.div_(weights)
