"""Unpacks the demo recogniser's trained weights from its ONNX file into the folder that FunASR opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from core_pipeline.engines.asr.demo.engine import MODEL
from core_pipeline.engines.asr.demo.train.model import CONFIG, build, write_folder


def write(folder: Path) -> None:
    """Write `model.pt`, `config.yaml`, `tokens.txt` and `am.mvn`."""
    model = onnx.load(MODEL)
    kept = {one.name: numpy_helper.to_array(one).astype(np.float32) for one in model.graph.initializer}
    tokens = next(one.value for one in model.metadata_props if one.key == "tokens").split()
    network = build(len(tokens))
    weights = {name: _turned_back(kept[name], value) for name, value in network.state_dict().items()}
    # The graph folds the square root of the width into the scale.
    scale = kept["scale"] / np.float32(np.sqrt(CONFIG["encoder_conf"]["output_size"]))
    write_folder(folder, weights, tokens, kept["shift"], scale)


def _turned_back(value: NDArray[np.float32], like: torch.Tensor) -> torch.Tensor:
    """Matrices lie transposed in the graph."""
    given = torch.from_numpy(value.copy())
    return (given.T if given.ndim == 2 else given).reshape(like.shape).contiguous()
