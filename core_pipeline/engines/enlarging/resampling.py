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
    margin = int(np.ceil(LOBES * wide)) + int(np.ceil(abs(start))) + 1
    grid = np.arange(-margin, count_in + margin)
    places = start + step * np.arange(count_out, dtype=np.float64)
    kernel = _lanczos((places[:, None] - grid[None, :]) / wide)
    inner = kernel[:, margin:-margin].copy()
    inner[:, 0] += kernel[:, :margin].sum(axis=1)
    inner[:, -1] += kernel[:, -margin:].sum(axis=1)
    result: NDArray[np.float32] = (inner / inner.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def resized(count_in: int, count_out: int) -> NDArray[np.float32]:
    """Return the matrix that stretches a row of pixels over a row of another length."""
    step = count_in / count_out
    return weights(count_in, count_out, step, (step - 1) / 2)


def _lanczos(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    return found
