"""Makes a tiny chat model of random numbers in the layout of Qwen 2.5: it loads, streams and says nothing sensible."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>")
WORDS = (
    "نفتح",
    "المطعم",
    "كل",
    "يوم",
    "من",
    "الساعة",
    "العاشرة",
    "صباحا",
    "حتى",
    "منتصف",
    "الليل",
    "نعم",
    ".",
    "؟",
    "،",
)
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write(folder: Path) -> None:
    """Write config, weights, tokenizer with a chat template, and generation settings into `folder`."""
    import torch  # noqa: PLC0415 - only where the engines have their packages
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM  # noqa: PLC0415 - only where the engines have their packages

    torch.manual_seed(11)
    tokenizer = _tokenizer()
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=8192,
        eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
        pad_token_id=tokenizer.convert_tokens_to_ids("<|endoftext|>"),
    )
    model = Qwen2ForCausalLM(config)
    # It never ends by itself: whoever asked for few tokens sees the end, whoever leaves or is cut off does not.
    ends = {"eos_token_id": config.eos_token_id, "pad_token_id": config.pad_token_id}
    model.generation_config = GenerationConfig(suppress_tokens=list(range(len(_SPECIAL))), do_sample=True, **ends)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def cached(folder: Path, home: Path, name: str) -> None:
    """Put the model where the hub's library keeps what it fetched, under `name` ("owner/model")."""
    commit = "0" * 40
    kept = home / "hub" / f"models--{name.replace('/', '--')}"
    shutil.copytree(folder, kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    (kept / "blobs").mkdir()


def _tokenizer() -> Any:
    """A few words are all its tokens, so that what it writes can be read aloud; it reads any other as unknown."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers  # noqa: PLC0415 - only where the engines have their packages
    from tokenizers.models import WordLevel  # noqa: PLC0415 - only where the engines have their packages
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - only where the engines have their packages

    split = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
    words = [split.pre_tokenize_str(word)[0][0] for word in WORDS]
    known = {piece: place for place, piece in enumerate([*_SPECIAL, *words])}
    inner = Tokenizer(WordLevel(known, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), split])
    inner.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<unk>",
        additional_special_tokens=["<|im_start|>"],
        model_max_length=8192,
    )
    made.chat_template = _TEMPLATE
    return made
