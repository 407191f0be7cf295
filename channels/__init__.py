"""The networks we speak; each folder that exports `SPEC` is a channel, and no list names them."""

from __future__ import annotations

import importlib
import pkgutil

from core_pipeline.contracts.channel import ChannelSpec


def discover() -> dict[str, ChannelSpec]:
    """Return the SPEC of every folder of this room that exports one, by the channel's name."""
    folders = (found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)
    modules = [importlib.import_module(f"{__name__}.{name}") for name in folders]
    specs = [module.SPEC for module in modules if hasattr(module, "SPEC")]
    return {spec.name: spec for spec in specs}
