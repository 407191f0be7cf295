"""The package with CodeFormer's code, which the operator installs: see README.md for its licence."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from core_pipeline.engines.enlarging.architectures import spandrel
from core_pipeline.engines.upscale.codeformer import OWN_PACKAGE


def architecture() -> Any:
    """Import it, and return spandrel's `ArchSupport` of CodeFormer."""
    spandrel()  # which it would import without our care
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it scripts functions as torch no longer likes
        return import_module(OWN_PACKAGE).EXTRA_REGISTRY["CodeFormer"]
