"""All of it, one after the other: `python -m core_pipeline.engines.asr.demo.train [FOLDER]` (default var/demo-asr).

Sentences → speech → training → ONNX file → confidence curve. Stopped at any time, it goes on where it was.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import torch

from core_pipeline.engines.asr.demo.engine import MODEL
from core_pipeline.engines.asr.demo.train.calibrate import calibrate
from core_pipeline.engines.asr.demo.train.export import export
from core_pipeline.engines.asr.demo.train.prepare import RENDERINGS, prepare
from core_pipeline.engines.asr.demo.train.train import STEPS, THREADS, Trainer


def main() -> None:
    """Read the arguments and do everything that is not done yet."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("var/demo-asr"))
    folder = parser.parse_args().folder
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    prepare(folder / "data", range(RENDERINGS))
    trainer = Trainer(folder, STEPS)
    trainer.run()
    if trainer.done:
        export(folder / "checkpoint.pt", folder / "funasr", MODEL)
        calibrate(MODEL)


if __name__ == "__main__":
    main()
