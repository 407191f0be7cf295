"""Sound at another sample rate while it is still flowing: no seams, wherever the stream is cut."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.typing import NDArray

# Crossings of the low-pass on either side, and where it begins to fall: what remains of images is below -70 dB.
_CROSSINGS = 16
_PASSED = 0.92
_BETA = 8.0


@lru_cache(maxsize=32)
def _kernel(up: int, down: int) -> tuple[NDArray[np.float32], int]:
    """Weights (window × up) of `down` samples and their surroundings for `up` new ones; how many lie before them."""
    scale = _PASSED * min(1.0, up / down)
    half = ceil(_CROSSINGS / scale)
    apart = np.arange(-half, down + half)[:, None] - np.arange(up)[None, :] * (down / up)
    inside = np.clip(1.0 - (apart / half) ** 2, 0.0, None)
    weights = np.sinc(apart * scale) * np.i0(_BETA * np.sqrt(inside)) * (np.abs(apart) <= half)
    return (weights / weights.sum(axis=0)).astype(np.float32), half


class Stream:
    """Turns 16-bit mono sound at `source` Hz into the same at `target` Hz, band-limited and without delay.

    What was fed and flushed in any pieces gives the very samples that it gives in one, `target / source` as many.
    """

    def __init__(self, source: int, target: int) -> None:
        divisor = gcd(source, target)
        self._up, self._down = target // divisor, source // divisor
        self._start()

    def _start(self) -> None:
        self._odd, self._fed, self._given = b"", 0, 0
        if self._up != self._down:
            self._weights, self._half = _kernel(self._up, self._down)
            self._rest = np.zeros(self._half, np.float32)

    def feed(self, pcm: bytes) -> bytes:
        """Take more; return what is certain now."""
        if self._odd or len(pcm) % 2:
            pcm = self._odd + pcm
            self._odd = pcm[len(pcm) & ~1 :]
            pcm = pcm[: len(pcm) & ~1]
        if self._up == self._down:
            return pcm
        self._fed += len(pcm) // 2
        self._rest = np.concatenate((self._rest, np.frombuffer(pcm, "<i2").astype(np.float32)))
        return self._blocks()

    def flush(self) -> bytes:
        """Return what is left and begin anew."""
        if self._up == self._down:
            self._start()
            return b""
        wanted = -(-self._fed * self._up // self._down) - self._given
        self._rest = np.concatenate((self._rest, np.zeros(self._weights.shape[0] + self._down, np.float32)))
        last = self._blocks()[: 2 * wanted]
        self._start()
        return last

    def _blocks(self) -> bytes:
        """Turn all whole blocks into sound."""
        window = self._weights.shape[0]
        count = (self._rest.size - window) // self._down + 1
        if count <= 0:
            return b""
        seen = np.lib.stride_tricks.sliding_window_view(self._rest, window)[:: self._down][:count]
        out = np.rint(np.ascontiguousarray(seen) @ self._weights).clip(-32_768, 32_767).astype("<i2")
        self._rest = self._rest[count * self._down :]
        self._given += out.size
        whole: bytes = out.tobytes()
        return whole
