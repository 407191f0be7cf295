"""The demo recogniser's network, in FunASR's own terms, and the folder FunASR loads it from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import funasr.models.sense_voice.model  # registers SenseVoiceEncoderSmall, the only encoder FunASR's CTC can unpack
import numpy as np
import torch
from funasr.models.ctc.model import Transformer as Ctc
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.features import BANDS, SAMPLE_RATE, STACK, STRIDE

WIDTH = BANDS * STACK
_ENCODER = {
    "output_size": 144,
    "attention_heads": 4,
    "linear_units": 320,
    "num_blocks": 7,
    "tp_blocks": 0,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "input_layer": "pe",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}
CONFIG: dict[str, Any] = {
    "model": "CTC",
    "model_conf": {"blank_id": 0, "sos": 1, "eos": 2, "length_normalized_loss": False},
    "encoder": funasr.models.sense_voice.model.SenseVoiceEncoderSmall.__name__,
    "encoder_conf": _ENCODER,
    "ctc_conf": {"dropout_rate": 0.0},
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": SAMPLE_RATE,
        "window": "hamming",
        "n_mels": BANDS,
        "frame_length": 25,
        "frame_shift": 10,
        "lfr_m": STACK,
        "lfr_n": STRIDE,
        "dither": 0.0,
    },
    "tokenizer": "CharTokenizer",
    "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
}


class Codec:
    """Turns texts into token numbers and back."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = list(tokens)
        self._numbers = {token: number for number, token in enumerate(tokens)}

    def encode(self, text: str) -> list[int]:
        """Return the token numbers of a text; every letter but a word's last is a continuation token."""
        return [
            self._numbers[letter if index == len(word) - 1 else letter + "@@"]
            for word in text.split()
            for index, letter in enumerate(word)
        ]

    def decode(self, best: Sequence[int]) -> str:
        """Return the text of the best token per frame."""
        text, before = "", -1
        for number in best:
            if number not in (before, 0):
                token = self.tokens[number]
                text += token[:-2] if token.endswith("@@") else token + " "
            before = number
        return text.strip()


def build(vocabulary: int) -> Any:
    """Return an untrained network."""
    return Ctc(
        encoder=CONFIG["encoder"],
        encoder_conf=CONFIG["encoder_conf"],
        ctc_conf=CONFIG["ctc_conf"],
        input_size=WIDTH,
        vocab_size=vocabulary,
        **CONFIG["model_conf"],
    )


def write_folder(
    folder: Path,
    weights: dict[str, torch.Tensor],
    tokens: Sequence[str],
    shift: NDArray[np.float32],
    scale: NDArray[np.float32],
) -> None:
    """Write `model.pt`, `config.yaml`, `tokens.txt` and `am.mvn`, the folder `funasr.AutoModel` opens."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.detach().contiguous() for name, value in weights.items()}, folder / "model.pt")
    config = json.dumps(CONFIG, indent=2) + "\n"  # JSON is YAML
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    (folder / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    (folder / "am.mvn").write_text(_kaldi_statistics(shift, scale), encoding="utf-8")


def _kaldi_statistics(shift: NDArray[np.float32], scale: NDArray[np.float32]) -> str:
    size = f"{WIDTH} {WIDTH}"
    rows = [" ".join(f"{value:.6g}" for value in row.tolist()) for row in (shift, scale)]
    return (
        f"<Nnet>\n<Splice> {size}\n[ 0 ]\n<AddShift> {size}\n<LearnRateCoef> 0 [ {rows[0]} ]\n"
        f"<Rescale> {size}\n<LearnRateCoef> 0 [ {rows[1]} ]\n</Nnet>\n"
    )
