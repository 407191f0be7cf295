"""What the points are called, in the words of people."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


def point_name(name: str, language: str) -> str:
    """Return what one of the twelve points is called in Arabic or English; its own name in another language."""
    return _names().get(name, {}).get(language, name)


@cache
def _names() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("points.toml").read_text(encoding="utf-8"))
