"""Keeps the tiny weights that engines make of random numbers, so that they are made once."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).parents[2] / "var" / "tiny"


def kept(name: str, script: str, write: Callable[[Path], None]) -> Path:
    """Return a folder that `write` filled, now or in an earlier run of the same `script` (its `__file__`)."""
    made_by = hashlib.sha256(Path(script).read_bytes()).hexdigest()[:12]
    folder = ROOT / f"{name}-{made_by}"
    if not folder.exists():
        fresh = ROOT / uuid4().hex
        fresh.mkdir(parents=True)
        write(fresh)
        fresh.rename(folder)
    return folder


def copied(folder: Path, to: Path) -> Path:
    """Return a copy that a test may spoil."""
    return Path(shutil.copytree(folder, to))
