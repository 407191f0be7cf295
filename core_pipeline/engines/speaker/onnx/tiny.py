"""Makes a tiny speaker network with a real one's inputs and output, for tests and demonstrations.

It averages how lively each band of the filter bank is, and mixes the bands by fixed weights; nothing is learnt, so it
tells only very different voices apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from core_pipeline.engines.speaker.onnx import OnnxConfig
from errors import NeedsOwner

BANDS, SIZE = 80, 24
_GRAPH = """
<ir_version: 10, opset_import: ["": 17]>
tiny (float[batch, time, {bands}] feats) => (float[batch, {size}] embs)
<float[{bands}, {size}] weights = {{{weights}}}>
{{
  squared = Mul(feats, feats)
  power = ReduceMean <axes = [1], keepdims = 0> (squared)
  spread = Sqrt(power)
  usual = ReduceMean <axes = [1], keepdims = 1> (spread)
  shape = Sub(spread, usual)
  embs = MatMul(shape, weights)
}}
"""


@asynccontextmanager
async def rehearsal(folder: Path) -> AsyncIterator[OnnxConfig]:
    """Give a configuration that runs on a tiny network made in `folder`; `NeedsOwner` without the onnx package."""
    yield OnnxConfig(path=str(make(folder / "tiny-speaker.onnx")), threshold=0.7)


def make(file: Path) -> Path:
    """Write the network."""
    try:
        import onnx.parser  # noqa: PLC0415 - only tests have it
    except ImportError as error:
        raise NeedsOwner("onnx-missing", "install the development requirements to rehearse this engine") from error
    bands, places = np.arange(BANDS)[:, None] + 0.5, np.arange(1, SIZE + 1)
    weights = np.cos(np.pi / BANDS * bands * places).astype(np.float32)
    text = _GRAPH.format(bands=BANDS, size=SIZE, weights=", ".join(f"{value:.6f}" for value in weights.ravel()))
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx.parser.parse_model(text), file)
    return file
