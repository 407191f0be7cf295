"""Where the weights of a model lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from errors import NeedsOwner

if TYPE_CHECKING:
    from core_pipeline.contracts.specs import Bench
    from core_pipeline.engines.embed.sentence_transformers import SentenceTransformersConfig


def folder_of(config: SentenceTransformersConfig, bench: Bench) -> Path:
    """Return the folder with the model: the one named, else `models/<name>` among our files; never fetched."""
    kept = bench.var / "models" / config.model.replace("/", "--")
    for folder in (Path(config.model), kept):
        if (folder / "config.json").is_file():
            return folder
    fetch = f"`hf download {config.model} --local-dir {kept}`"
    raise NeedsOwner("weights-missing", f"the model {config.model} is not here: {fetch}, or set `model` to a folder")
