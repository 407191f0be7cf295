"""Writes a Whisper with random weights, for tests: the real layout, two megabytes, no sense.

`python -m core_pipeline.engines.asr.faster_whisper.tiny FOLDER` writes one by hand. The sizes can be those of a real
model: what it says is noise, but what it costs to compute is true.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from ctranslate2.converters import TransformersConverter
from faster_whisper.tokenizer import _LANGUAGE_CODES as CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerFast,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

_SEED = 7
_TEXT = ["ما هي ساعات العمل يوم الجمعة", "أريد حجز طاولة", "what are your opening hours", "I would like a table"]
_END, _START, _NO_TIMES = "<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"
_TASKS = ("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", _NO_TIMES)
_EMPTY = "<empty>"


@dataclass(frozen=True)
class Size:
    """Width, heads, and layers on each side; `fill` adds that many words to the vocabulary."""

    width: int = 64
    heads: int = 2
    layers: int = 2
    fill: int = 0


def write(folder: Path, size: Size | None = None) -> None:
    """Write a CTranslate2 model in int8 that faster-whisper loads; the same weights every time."""
    size = size or Size()
    torch.manual_seed(_SEED)
    words = _tokenizer(size.fill)
    with tempfile.TemporaryDirectory() as scratch:
        words.save_pretrained(scratch)
        WhisperFeatureExtractor(feature_size=80).save_pretrained(scratch)
        _model(words, size).save_pretrained(scratch)
        converter = TransformersConverter(scratch, copy_files=["tokenizer.json", "preprocessor_config.json"])
        converter.convert(str(folder), quantization="int8", force=True)
    # CTranslate2 takes a model for multilingual by the empty entry of its vocabulary, which a trained tokenizer lacks.
    vocabulary = folder / "vocabulary.json"
    entries = json.loads(vocabulary.read_text(encoding="utf-8"))
    entries[entries.index(_EMPTY)] = ""
    vocabulary.write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")


def _tokenizer(fill: int) -> Any:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        _TEXT, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.add_tokens([_EMPTY, *(f"w{number}" for number in range(fill))])
    times = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    special = [_END, _START, *(f"<|{code}|>" for code in CODES), *_TASKS, *times]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in special])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, bos_token=_END, unk_token=_END)


def _model(words: Any, size: Size) -> Any:
    number = words.convert_tokens_to_ids
    ends = {"eos_token_id": number(_END), "bos_token_id": number(_END), "pad_token_id": number(_END)}
    start = {"decoder_start_token_id": number(_START), "suppress_tokens": [], "begin_suppress_tokens": [number(_END)]}
    sides = {
        f"{side}_{what}": value
        for side in ("encoder", "decoder")
        for what, value in (("layers", size.layers), ("attention_heads", size.heads), ("ffn_dim", 4 * size.width))
    }
    model = WhisperForConditionalGeneration(
        WhisperConfig(vocab_size=len(words), d_model=size.width, num_mel_bins=80, **sides, **ends, **start)
    )
    model.generation_config = GenerationConfig(
        lang_to_id={f"<|{code}|>": number(f"<|{code}|>") for code in CODES},
        task_to_id={"transcribe": number("<|transcribe|>"), "translate": number("<|translate|>")},
        no_timestamps_token_id=number(_NO_TIMES),
        alignment_heads=[[layer, 0] for layer in range(size.layers)],
        is_multilingual=True,
        **ends,
        **start,
    )
    return model


if __name__ == "__main__":
    write(Path(sys.argv[1]))
