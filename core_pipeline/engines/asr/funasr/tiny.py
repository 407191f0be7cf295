"""Writes a Fun-ASR-Nano with random weights, for tests: the real layout, a few megabytes, no sense.

`python -m core_pipeline.engines.asr.funasr.tiny FOLDER` writes one by hand; call the folder something with "MLT-Nano",
and it passes for the model that knows Arabic.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import torch
from funasr import AutoModel
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config

_SEED = 7
_LLM = "Qwen3-tiny"
_TEXT = ["ما هي ساعات العمل يوم الجمعة", "أريد حجز طاولة", "system user assistant", "what are your opening hours"]
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def configuration(width: int, layers: int) -> dict[str, Any]:
    """Return `config.yaml` for a network of this width, with that many layers in encoder and language model."""
    return {
        "model": "FunASRNano",
        "model_conf": {"length_normalized_loss": True},
        "audio_encoder": "SenseVoiceEncoderSmall",
        "audio_encoder_conf": {
            "output_size": width, "attention_heads": 2, "linear_units": 2 * width, "num_blocks": layers,
            "tp_blocks": 1, "dropout_rate": 0.0, "positional_dropout_rate": 0.0, "attention_dropout_rate": 0.0,
            "input_layer": "pe", "normalize_before": True, "kernel_size": 11, "sanm_shfit": 0,
            "selfattention_layer_type": "sanm",
        },
        "llm": _LLM,
        "llm_conf": {"hub": "hf", "freeze": True, "llm_dtype": "fp32", "init_param_path": _LLM},
        "audio_adaptor": "Transformer",
        "audio_adaptor_conf": {
            "downsample_rate": 1, "use_low_frame_rate": True, "ffn_dim": 2 * width, "llm_dim": width,
            "encoder_dim": width, "n_layer": 1, "freeze": True, "attention_heads": 2,
        },
        "frontend": "WavFrontend",
        "frontend_conf": {
            "fs": 16_000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10, "lfr_m": 7,
            "lfr_n": 6, "dither": 0.0,
        },
        "dataset_conf": {"do_think": False, "sys_prompt": True},
        "tokenizer": "HuggingfaceTokenizer",
        "tokenizer_conf": {"init_param_path": _LLM},
    }  # fmt: skip


def write(folder: Path, width: int = 64, layers: int = 2) -> None:
    """Write the folder; the same weights every time."""
    (folder / _LLM).mkdir(parents=True)
    _language_model(folder / _LLM, width, layers)
    places = {"llm_conf": {"init_param_path": _LLM}, "tokenizer_conf": {"init_param_path": _LLM}}
    card = {"framework": "pytorch", "task": "auto-speech-recognition"}
    files = {"init_param": "model.pt", "config": "config.yaml", **places}
    _write_json(folder / "configuration.json", {**card, "file_path_metas": files})
    _write_json(folder / "config.yaml", configuration(width, layers))  # JSON is YAML
    torch.save({}, folder / "model.pt")
    torch.manual_seed(_SEED)
    with contextlib.redirect_stdout(io.StringIO()):
        model = AutoModel(model=str(folder), device="cpu", disable_update=True, disable_pbar=True, log_level="ERROR")
    torch.save({"state_dict": model.model.state_dict()}, folder / "model.pt")


def _language_model(folder: Path, width: int, layers: int) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=alphabet, special_tokens=_SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    words = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_SPECIAL[2], pad_token=_SPECIAL[0])
    words.save_pretrained(folder)
    Qwen3Config(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=width // 2,
        max_position_embeddings=2048,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=0,
        architectures=["Qwen3ForCausalLM"],
    ).save_pretrained(folder)


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
