"""What every engine promises that enlarges, kept by those whose packages are only here."""

from __future__ import annotations

from tests.contract.test_engines import engine
from tests.real.test_contract import of_ours
from tests.upscale import test_promises as promises

__all__ = ["TestUpscale", "engine"]

TestUpscale = of_ours("upscale", promises.TestUpscale)
