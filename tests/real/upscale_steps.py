"""Runs the generators of the engines that enlarge to their end."""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor


def ended(steps: Generator[None, None, Tensor]) -> Tensor:
    """What the generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Tensor = stop.value
            return result
