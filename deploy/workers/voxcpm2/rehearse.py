"""Runs this worker's own code and the real library on weights of a few megabytes that it makes first, on a CPU.

`PYTHONPATH=. python deploy/workers/voxcpm2/rehearse.py`, with this worker's requirements installed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.workers.rehearsal import TEXTS, put_to_the_test
from deploy.workers.voxcpm2.worker import VoxConfig, load

SPECIAL = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
HEAD, ROPE = 16, {"type": "longrope", "long_factor": [1.0] * 8, "short_factor": [1.0] * 8}
LM = {
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_size": 64,
    "intermediate_size": 128,
    "max_position_embeddings": 512,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "rope_scaling": {**ROPE, "original_max_position_embeddings": 512},
    "vocab_size": 512,
    "use_mup": False,
    "scale_emb": 1.0,
    "dim_model_base": 64,
    "scale_depth": 1.0,
    "rope_theta": 10000.0,
    "kv_channels": HEAD,
}
SMALL = {"hidden_dim": 64, "ffn_dim": 128, "num_heads": 4, "num_layers": 2, "kv_channels": HEAD}
CONFIG = {
    "architecture": "voxcpm2",
    "lm_config": LM,
    "patch_size": 2,
    "feat_dim": 16,
    "residual_lm_num_layers": 1,
    "scalar_quantization_latent_dim": 16,
    "encoder_config": SMALL,
    "dit_config": {**SMALL, "cfm_config": {}},
    "audio_vae_config": {"encoder_dim": 16, "latent_dim": 16, "decoder_dim": 128},
    "max_length": 512,
    "device": "cpu",
    "dtype": "float32",
}


def tokenizer() -> Any:
    """Every letter of the rehearsal's texts is a token of its own; below 200 are the model's special ones."""
    tokenizers, transformers = import_module("tokenizers"), import_module("transformers")
    letters = sorted(set("".join(TEXTS.values())))
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2}
    vocabulary |= {f"<{number}>": number for number in range(3, 200)}
    vocabulary |= {letter: 200 + number for number, letter in enumerate(letters)}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token=SPECIAL["unk_token"]))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    return transformers.LlamaTokenizerFast(tokenizer_object=model, **SPECIAL)


def make_weights(folder: Path) -> None:
    """Write untrained weights as the project's are laid out."""
    torch, safetensors = import_module("torch"), import_module("safetensors.torch")
    library, vae = import_module("voxcpm.model.voxcpm2"), import_module("voxcpm.modules.audiovae")
    torch.manual_seed(1)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    words = tokenizer()
    words.save_pretrained(str(folder))
    config = library.VoxCPMConfig.model_validate(CONFIG)
    model = library.VoxCPM2Model(config, words, vae.AudioVAEV2(config=config.audio_vae_config), device="cpu")
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    own = {name: value for name, value in state.items() if not name.startswith("audio_vae.")}
    safetensors.save_file(own, str(folder / "model.safetensors"))
    torch.save({"state_dict": model.audio_vae.state_dict()}, folder / "audiovae.pth")


async def main() -> None:
    """Make the weights, load them as the worker does, and use it."""
    with tempfile.TemporaryDirectory() as name:
        make_weights(Path(name))
        config = VoxConfig(weights=Path(name), device="cpu", compile=False, steps=4, longest=20, whole_words=True)
        await put_to_the_test(await load(config), 48_000)
    sys.stdout.write("VoxCPM2: the worker did everything it promises\n")


if __name__ == "__main__":
    asyncio.run(main())
