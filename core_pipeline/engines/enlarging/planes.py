"""Turns 4:2:0 pictures into RGB and back, on whatever device; BT.709, limited range, colours sited to the left."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core_pipeline.engines.enlarging.resampling import resized, weights

_RED, _BLUE = 0.2126, 0.0722
_GREEN = 1 - _RED - _BLUE
_TO_RGB = (
    (1.0, 0.0, 2 * (1 - _RED)),
    (1.0, -2 * _BLUE * (1 - _BLUE) / _GREEN, -2 * _RED * (1 - _RED) / _GREEN),
    (1.0, 2 * (1 - _BLUE), 0.0),
)
_LUMA, _CHROMA = (16.0, 219.0), (128.0, 224.0)  # where each begins, and how far it reaches


class ToRgb:
    """Reads pictures of one size."""

    def __init__(self, height: int, width: int, device: torch.device) -> None:
        self._height, self._width = height, width
        # Across, a colour sample lies on the left pixel of its two; down, in the middle between them.
        self._chroma = _on(weights(height // 2, height, 0.5, -0.25), weights(width // 2, width, 0.5, 0.0), device)
        self._mixing = torch.tensor(_TO_RGB, device=device)

    def __call__(self, planes: Tensor) -> Tensor:
        """Return (n, 3, height, width) in 0..1 for (n, height * 3 / 2, width) bytes as PyAV lays out yuv420p."""
        count, pixels = planes.shape[0], self._height * self._width
        flat = planes.reshape(count, -1).float()
        luma = flat[:, :pixels].reshape(count, 1, self._height, self._width)
        chroma = flat[:, pixels:].reshape(count, 2, self._height // 2, self._width // 2)
        chroma = stretched((chroma - _CHROMA[0]) / _CHROMA[1], self._chroma)
        mixed = torch.cat([(luma - _LUMA[0]) / _LUMA[1], chroma], dim=1)
        return torch.einsum("rc,nchw->nrhw", self._mixing, mixed).clamp_(0, 1)


class FromRgb:
    """Writes pictures of one size, from RGB of another, which is resized by lanczos on the way."""

    def __init__(self, given: tuple[int, int], wanted: tuple[int, int], device: torch.device) -> None:
        (height_in, width_in), (height, width) = given, wanted
        down, across = height_in / height, width_in / width
        self._luma = None if given == wanted else resizing(given, wanted, device)
        self._chroma = _on(
            weights(height_in, height // 2, 2 * down, (down - 1) / 2 + down / 2),
            weights(width_in, width // 2, 2 * across, (across - 1) / 2),
            device,
        )
        self._mixing = torch.linalg.inv(torch.tensor(_TO_RGB, dtype=torch.float64)).float().to(device)

    def __call__(self, rgb: Tensor) -> Tensor:
        """Return (n, height * 3 / 2, width) bytes of (n, 3, …) in 0..1."""
        mixed = torch.einsum("cr,nrhw->nchw", self._mixing, rgb.clamp(0, 1))
        luma = mixed[:, :1] if self._luma is None else stretched(mixed[:, :1], self._luma)
        chroma = stretched(mixed[:, 1:], self._chroma)
        width, count = luma.shape[-1], luma.shape[0]
        parts = [_bytes(luma, _LUMA).reshape(count, -1), _bytes(chroma, _CHROMA).reshape(count, -1)]
        return torch.cat(parts, dim=1).reshape(count, -1, width)


def resizing(given: tuple[int, int], wanted: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the matrices with which `stretched` takes pictures from one (height, width) to another."""
    return _on(resized(given[0], wanted[0]), resized(given[1], wanted[1]), device)


def stretched(pictures: Tensor, matrices: tuple[Tensor, Tensor]) -> Tensor:
    """Return the pictures (n, c, h, w) in the size that the matrices were made for."""
    down, across = matrices
    return down @ (pictures @ across.T)


def _on(down: NDArray[np.float32], across: NDArray[np.float32], device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(down).to(device), torch.from_numpy(across).to(device)


def _bytes(values: Tensor, begins: tuple[float, float]) -> Tensor:
    lowest, reach = begins
    return (values * reach + lowest).round_().clamp_(0, 255).to(torch.uint8)
