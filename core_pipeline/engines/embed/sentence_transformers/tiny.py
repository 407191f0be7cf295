"""Makes a tiny model of random numbers in the layout of the real one: it loads like bge-m3 and knows nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءأإآؤئةىabcdefghijklmnopqrstuvwxyz0123456789.,?!؟،'"
_TOKENS = 130


def write(folder: Path) -> None:
    """Write an XLM-RoBERTa of a few thousand numbers, its tokenizer, pooling and normalising, into `folder`."""
    import torch  # noqa: PLC0415 - only where the engine's own packages are
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - likewise
    from sentence_transformers.sentence_transformer.modules import (  # noqa: PLC0415 - likewise
        Normalize,
        Pooling,
        Transformer,
    )
    from transformers import XLMRobertaConfig, XLMRobertaModel  # noqa: PLC0415 - likewise

    torch.manual_seed(7)
    encoder = folder.with_name(f"{folder.name}-encoder")
    tokenizer = _tokenizer()
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=_TOKENS,
    )
    XLMRobertaModel(config).save_pretrained(encoder)
    tokenizer.save_pretrained(encoder)
    words = Transformer(str(encoder), max_seq_length=_TOKENS - 2)
    pooled = Pooling(config.hidden_size, pooling_mode="cls")
    SentenceTransformer(modules=[words, pooled, Normalize()], device="cpu").save(str(folder), create_model_card=False)
    shutil.rmtree(encoder)


def _tokenizer() -> Any:
    """A tokenizer by letters."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors  # noqa: PLC0415 - likewise
    from tokenizers.models import WordPiece  # noqa: PLC0415 - likewise
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - likewise

    pieces = [*_SPECIAL, *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    known = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    inner = Tokenizer(WordPiece(known, unk_token="<unk>", max_input_chars_per_word=100))  # noqa: S106 - no secret
    inner.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("<s>", known["<s>"]), ("</s>", known["</s>"])]
    inner.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    named = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    rest = {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=_TOKENS - 2, **named, **rest)
