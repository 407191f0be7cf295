"""The contract of all engines, kept by those whose packages are only here."""

from __future__ import annotations

import pytest

from tests.contract import test_engines as contract
from tests.contract.test_engines import engine

__all__ = ["TestAsr", "engine"]


def of_ours(kind: str, suite: type) -> type:
    """The same tests for the engines that need packages of their own; the others keep the contract in `make test`."""
    specs = [one for one in contract.of_kind(kind) if one.values[0].requires]
    tests = {name: test for name, test in vars(suite).items() if name.startswith("test_")}
    return pytest.mark.parametrize("spec", specs)(type(suite.__name__, (), tests))


TestAsr = of_ours("asr", contract.TestAsr)
