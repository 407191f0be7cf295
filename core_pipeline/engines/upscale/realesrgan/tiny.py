"""Writes Real-ESRGAN networks of few channels in the layout of the real ones, for tests, `simulate` and benchmarks.

Their numbers are random, but for a path that passes the picture on: they enlarge like the plainest of methods, with
a little noise. `python -m core_pipeline.engines.upscale.realesrgan.tiny FOLDER` writes them by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor

_SEED = 7
_GROWTH = 32  # channels that each convolution of a dense block adds, as in every network of this kind
Weights = dict[str, Tensor]


def write(folder: Path) -> None:
    """Write the three kinds: `tiny-x4plus.pth`, `tiny-x2plus.pth`, `tiny-x4v3.pth`; the same every time."""
    torch.save({"params_ema": rrdb(8, 1)}, folder / "tiny-x4plus.pth")
    torch.save({"params_ema": rrdb(8, 1, shuffled=2)}, folder / "tiny-x2plus.pth")
    torch.save({"params": compact(8, 2)}, folder / "tiny-x4v3.pth")


def rrdb(width: int, blocks: int, *, shuffled: int = 1) -> Weights:
    """Return an RRDBNet that enlarges 4 times, or twice when 2 x 2 pixels are `shuffled` into one first."""
    chance = torch.Generator().manual_seed(_SEED)
    weights: Weights = {}
    _convolution(weights, chance, "conv_first", 3 * shuffled**2, width, passed=1 / shuffled**2)
    for block in range(blocks):
        for dense in range(1, 4):
            for index in range(5):
                wide = width if index == 4 else _GROWTH
                name = f"body.{block}.rdb{dense}.conv{index + 1}"
                _convolution(weights, chance, name, width + index * _GROWTH, wide)
    _convolution(weights, chance, "conv_body", width, width)
    for name in ("conv_up1", "conv_up2", "conv_hr"):
        _convolution(weights, chance, name, width, width, passed=1.0)
    _convolution(weights, chance, "conv_last", width, 3, passed=1.0)
    return weights


def compact(width: int, convolutions: int, scale: int = 4) -> Weights:
    """Return an SRVGGNetCompact; it adds what it makes to the picture enlarged by repetition."""
    chance = torch.Generator().manual_seed(_SEED)
    weights: Weights = {}
    sizes = [3, *([width] * (convolutions + 1)), 3 * scale**2]
    for index in range(convolutions + 2):
        _convolution(weights, chance, f"body.{2 * index}", sizes[index], sizes[index + 1])
        if index <= convolutions:
            weights[f"body.{2 * index + 1}.weight"] = torch.full((width,), 0.25)
    return weights


def _convolution(
    weights: Weights, chance: torch.Generator, name: str, given: int, wanted: int, *, passed: float = 0.0
) -> None:
    """Add 3 x 3 weights; `passed` is what the first three colours keep of themselves, 1 all."""
    kernel = torch.randn(wanted, given, 3, 3, generator=chance) * ((0.02 if passed else 0.1) / (3 * given**0.5))
    each = given // 3 if passed and given % 3 == 0 and wanted > 3 else 1
    for colour in range(3 if passed else 0):
        kernel[colour, colour * each : (colour + 1) * each, 1, 1] += passed
    weights[f"{name}.weight"] = kernel
    weights[f"{name}.bias"] = torch.zeros(wanted)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
