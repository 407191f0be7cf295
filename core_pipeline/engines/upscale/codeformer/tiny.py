"""Writes a CodeFormer of random numbers with as little as its code allows (a quarter of a gigabyte), for tests."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import torch

from core_pipeline.engines.upscale.codeformer.package import architecture

_SEED = 7


def write(folder: Path) -> None:
    """Write `tiny-codeformer.pth`: one layer instead of nine, sixteen codes instead of 1,024; the same every time."""
    made = import_module(type(architecture().architecture).__module__).CodeFormer
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        network = made(dim_embd=64, n_head=8, n_layers=1, codebook_size=16, latent_size=256, connect_list=["32"])
    torch.save({"params_ema": network.state_dict()}, folder / "tiny-codeformer.pth")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
