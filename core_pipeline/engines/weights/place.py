"""Finds an engine's weights on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from core_pipeline.contracts.specs import Bench
from errors import NeedsOwner


def is_path(model: str) -> bool:
    """Whether `model` names a folder, not something on the hub."""
    return model.startswith(("/", ".", "~")) or Path(model).is_dir()


def folder_of(model: str, bench: Bench) -> Path:
    """Return where the weights of `model` lie, or would lie once they are pulled."""
    return Path(model).expanduser() if is_path(model) else bench.var / "models" / model.replace("/", "--")


def expect(folder: Path, files: Sequence[str], model: str) -> None:
    """Raise NeedsOwner with what to do unless all `files` are in the folder; it looks, and opens nothing."""
    missing = [name for name in files if not (folder / name).is_file()]
    if not missing:
        return
    if is_path(model):
        what = f"has no {', '.join(missing)}" if folder.is_dir() else "does not exist"
        raise NeedsOwner("weights-missing", f"the model folder {folder.name} {what}: correct the setting `model`")
    raise NeedsOwner("weights-missing", f"{model} is not downloaded: run `cli.py doctor --pull`")


def installed(packages: Sequence[str]) -> None:
    """Raise NeedsOwner unless all packages can be imported."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise NeedsOwner("packages-missing", f"{', '.join(missing)} is not installed: run `make engines`")


def size_of(folder: Path) -> int:
    """Return the bytes of all files in the folder; 0 when there is none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # a download's file that has just got its final name
    return total
