"""Which engines there are: every folder `engines/<kind>/<name>` that exports SPEC."""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from core_pipeline.contracts.specs import EngineSpec


@cache
def discover() -> dict[tuple[str, str], EngineSpec[Any]]:
    """Every engine's spec by (kind, name), found by being there."""
    found = {}
    for folder in sorted(Path(__file__).parent.glob("*/*/__init__.py")):
        kind, name = folder.parts[-3], folder.parts[-2]
        spec = getattr(import_module(f"core_pipeline.engines.{kind}.{name}"), "SPEC", None)
        if isinstance(spec, EngineSpec):
            found[kind, name] = spec
    return found
