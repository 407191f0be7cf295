"""Writes a checkpoint as FunASR's folder and as the engine's ONNX file.

`python -m core_pipeline.engines.asr.demo.train.export FOLDER` reads FOLDER/checkpoint.pt, writes FOLDER/funasr/ and
`core_pipeline/engines/asr/demo/model.onnx`, and fails when both disagree with the network. `calibrate` comes after it.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.confidence import SIGNS
from core_pipeline.engines.asr.demo.train.grammar import Lexicon
from core_pipeline.engines.asr.demo.train.graph import draw
from core_pipeline.engines.asr.demo.train.model import WIDTH, build, write_folder
from core_pipeline.engines.asr.demo.train.prepare import RENDERINGS, rendering_texts

log = logging.getLogger(__name__)
_ALLOWED_DIFFERENCE = 0.15  # in log posteriors: what fp16 weights may change
_UNFITTED = {"weights": [4.0, 1.0, -4.0, -4.0], "bias": 3.0}


def export(checkpoint: Path, folder: Path, target: Path) -> None:
    """Write both forms of the checkpoint. Raises ValueError when the ONNX file computes something else."""
    saved: dict[str, Any] = torch.load(checkpoint)
    shift, scale = saved["shift"].numpy(), saved["scale"].numpy()
    write_folder(folder, saved["network"], saved["tokens"], shift, scale)
    weights = {name: value.numpy() for name, value in saved["network"].items()}
    model = draw(weights, shift, scale, saved["tokens"])
    vocabulary = sorted(known_words())
    write_properties(
        model,
        {
            "tokens": " ".join(saved["tokens"]),
            "vocabulary": " ".join(vocabulary),
            "confidence": json.dumps({"signs": SIGNS, **_UNFITTED}),
        },
    )
    _compare(model, saved, shift, scale)
    onnx.save(model, target)
    log.info("step %d, %d words, %d bytes", saved["step"], len(vocabulary), target.stat().st_size)


def known_words() -> set[str]:
    """Return every word that the network was trained on."""
    lexicon = Lexicon.load()
    texts = [text for rendering in range(RENDERINGS) for text in rendering_texts(lexicon, rendering)]
    return {word for text in texts for word in text.split()}


def write_properties(model: onnx.ModelProto, properties: dict[str, str]) -> None:
    """Set the model's own properties and keep the others."""
    kept = {each.key: each.value for each in model.metadata_props}
    del model.metadata_props[:]
    for key, value in {**kept, **properties}.items():
        model.metadata_props.add(key=key, value=value)


def _compare(
    model: onnx.ModelProto, saved: dict[str, Any], shift: NDArray[np.float32], scale: NDArray[np.float32]
) -> None:
    network = build(len(saved["tokens"]))
    network.load_state_dict(saved["network"])
    network.eval()
    frames = np.random.default_rng(1).normal(-shift, 0.5 / scale, (1, 50, WIDTH)).astype(np.float32)
    inputs = torch.from_numpy((frames + shift) * scale)
    with torch.no_grad():
        encoded, _ = network.encode(inputs, torch.tensor([inputs.shape[1]]))
        expected = network.ctc.ctc_lo(encoded).log_softmax(-1).numpy()
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    difference = float(np.abs(session.run(None, {"frames": frames})[0] - expected).max())
    log.info("largest difference of a log posterior: %.4f", difference)
    if difference > _ALLOWED_DIFFERENCE:
        raise ValueError(f"the ONNX file differs by {difference}")


def main() -> None:
    """Read the arguments and export."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[1] / "model.onnx")
    given = parser.parse_args()
    export(given.folder / "checkpoint.pt", given.folder / "funasr", given.to)


if __name__ == "__main__":
    main()
