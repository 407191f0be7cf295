"""What is wrong with an avatar, as sentences for its owner: every code in Arabic and in English."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from core_pipeline.cloning import quality


def explain(code: str, language: str) -> str:
    """Return what to do about a code, in Arabic or English; the code itself where there is nothing to say."""
    return sentences().get(code, {}).get(language) or quality.explain(code, language)


@cache
def sentences() -> dict[str, dict[str, str]]:
    """The sentences of `faults.toml` by code and language."""
    return tomllib.loads(Path(__file__).with_name("faults.toml").read_text(encoding="utf-8"))
