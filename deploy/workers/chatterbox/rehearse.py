"""Runs this worker's own code and the real library on untrained weights that it makes first, on a CPU.

`HF_HUB_OFFLINE=1 PYTHONPATH=. python deploy/workers/chatterbox/rehearse.py`, with this worker's requirements installed.
The language model is made small; the decoder can't be (a gigabyte). What an untrained model says has no end, so it is
cut after a few tokens, and tokens that the decoder does not know are replaced.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.workers.chatterbox.worker import SAMPLE_RATE, ChatterboxConfig, load
from deploy.workers.rehearsal import TEXTS, put_to_the_test

TOKENS, KNOWN = 24, 6561
SMALL = {"intermediate_size": 128, "num_hidden_layers": 14}


def make_weights(folder: Path) -> None:
    """Write untrained weights as the project's are laid out."""
    torch, safetensors = import_module("torch"), import_module("safetensors.torch")
    models = {name: import_module(f"chatterbox.models.{name}") for name in ("t3", "s3gen", "voice_encoder")}
    config = import_module("chatterbox.models.t3.modules.t3_config")
    torch.manual_seed(1)
    talker = models["t3"].T3(config.T3Config.multilingual())
    safetensors.save_file(
        {name: value.contiguous() for name, value in talker.state_dict().items()},
        str(folder / "t3_mtl23ls_v2.safetensors"),
    )
    torch.save(models["s3gen"].S3Gen().state_dict(), folder / "s3gen.pt")
    torch.save(models["voice_encoder"].VoiceEncoder().state_dict(), folder / "ve.pt")
    letters = sorted(set("".join(TEXTS.values()).lower()) - {" "})
    words = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[ar]", "[en]", *letters]
    model = {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}, "unk_token": "[UNK]"}
    added = [
        {"id": number, "content": word, "special": True, "single_word": False, "lstrip": False, "rstrip": False}
        | {"normalized": False}
        for number, word in enumerate(words[:6])
    ]
    split = {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": False}
    told: dict[str, Any] = {"version": "1.0", "added_tokens": added, "pre_tokenizer": split, "model": model}
    told |= dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    (folder / "grapheme_mtl_merged_expanded_v1.json").write_text(json.dumps(told), encoding="utf-8")


def make_small() -> None:
    """Shrink the library's language model, before anything is made of it."""
    configs = import_module("chatterbox.models.t3.llama_configs")
    configs.LLAMA_CONFIGS["Llama_520M"].update(SMALL)


def cut_short(talker: Any) -> None:
    """Let the untrained model say a few tokens, which the decoder knows."""
    endless = talker.inference

    def short(**given: Any) -> Any:
        return endless(**{**given, "max_new_tokens": TOKENS}).clamp(max=KNOWN - 1)

    talker.inference = short


async def main() -> None:
    """Make the weights, load them as the worker does, and use it."""
    make_small()
    with tempfile.TemporaryDirectory() as name:
        make_weights(Path(name))
        loaded = await load(ChatterboxConfig(weights=Path(name), device="cpu"))
        engine: Any = loaded.engines["tts"]
        cut_short(engine._model.t3)  # noqa: SLF001 - there is no other way to the library's object
        await put_to_the_test(loaded, SAMPLE_RATE)
    sys.stdout.write("Chatterbox: the worker did everything it promises\n")


if __name__ == "__main__":
    asyncio.run(main())
