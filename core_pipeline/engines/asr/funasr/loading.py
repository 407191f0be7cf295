"""Opens a model's folder with FunASR, and makes sure that every weight came from it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import torch
from funasr import AutoModel
from funasr.models.sense_voice import model as _registered  # noqa: F401 - registers the encoder that our folders name

from core_pipeline.engines.asr.funasr import FunAsrConfig
from errors import NeedsOwner


def load(config: FunAsrConfig, folder: Path) -> Any:
    """Return FunASR's `AutoModel` of a checked folder; blocking. Raises NeedsOwner when it can't be used."""
    device = device_for(config)
    huggingface_hub.constants.HF_HUB_OFFLINE = True  # a name that is no file would be looked up there
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a line per weight
            model = AutoModel(
                model=str(folder),
                device=device,
                ncpu=config.threads,
                disable_update=True,
                disable_pbar=True,
                log_level="ERROR",
            )
        missing = missing_weights(model.model, folder / "model.pt")
    except Exception as error:  # the libraries below raise bare ones for files they can't read
        raise _unusable(folder, type(error).__name__) from error
    if missing:
        raise _unusable(folder, f"{len(missing)} weights are not in model.pt, {missing[0]} first")
    return model


def device_for(config: FunAsrConfig) -> str:
    """Return the device as torch names it; NeedsOwner when a GPU is asked for and none is usable."""
    usable = torch.cuda.is_available()
    if config.device == "cuda" and not usable:
        raise NeedsOwner("no-gpu", "no NVIDIA GPU is usable here: set `device` to auto or cpu")
    return "cuda:0" if usable and config.device != "cpu" else "cpu"


def missing_weights(network: torch.nn.Module, file: Path) -> list[str]:
    """Return the network's weights that the checkpoint lacks or has in another shape: FunASR only warns of them."""
    saved = _weights(torch.load(file, map_location="cpu", mmap=True, weights_only=True))
    wanted = network.state_dict()
    there = {name for name, value in wanted.items() if _fits(saved, name, value)}
    shared = {wanted[name].data_ptr() for name in there}  # weights that are tied are saved once
    return sorted(name for name in wanted.keys() - there if wanted[name].data_ptr() not in shared)


def _fits(saved: Mapping[str, Any], name: str, value: torch.Tensor) -> bool:
    found = saved.get(name, saved.get(f"module.{name}"))
    return found is not None and found.shape == value.shape


def _weights(saved: Any) -> Mapping[str, Any]:
    for key in ("state_dict", "model_state_dict", "model"):
        saved = saved.get(key, saved)
    found: Mapping[str, Any] = saved
    return found


def _unusable(folder: Path, why: str) -> NeedsOwner:
    return NeedsOwner(
        "weights-broken",
        f"the model in {folder.name} can't be loaded ({why}): delete the folder and run `cli.py doctor --pull`",
    )
