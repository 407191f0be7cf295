"""Resizes pictures by lanczos as two products of matrices, which a GPU does beside its network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOBES = 3


def weights(count_in: int, count_out: int, step: float, start: float) -> NDArray[np.float32]:
    """Return the matrix that takes `count_in` samples to `count_out`: the i-th lies at `start + i * step` of them.

    Beyond either end its sample goes on. A `step` over 1 widens the kernel, so that nothing is skipped.
    """
    wide = max(1.0, step)
    reach = LOBES * wide
    places = start + step * np.arange(count_out, dtype=np.float64)
    taps = np.floor(places - reach).astype(int)[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    kernel = _lanczos((places[:, None] - taps) / wide)
    matrix = np.zeros((count_out, count_in), np.float32)
    rows = np.arange(count_out)[:, None]
    np.add.at(matrix, (rows, taps.clip(0, count_in - 1)), kernel / kernel.sum(axis=1, keepdims=True))
    return matrix


def resized(count_in: int, count_out: int) -> NDArray[np.float32]:
    """Return the matrix that stretches a row of pixels over a row of another length."""
    step = count_in / count_out
    return weights(count_in, count_out, step, (step - 1) / 2)


def _lanczos(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    return found
