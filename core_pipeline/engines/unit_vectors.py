"""What every embedding engine promises of its vectors: as many as texts, of one dimension, of unit length."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from errors import NeedsOwner, Retryable

# Servers answer an empty text with no vector, or refuse the whole batch; a full stop means as little.
NOTHING = "."


def batches(texts: Sequence[str], size: int) -> Iterator[list[str]]:
    """Yield the texts in lists of at most `size`; blank ones as a full stop."""
    for start in range(0, len(texts), size):
        yield [text if text.strip() else NOTHING for text in texts[start : start + size]]


def unit_vectors(found: Sequence[Any], count: int, vendor: str) -> list[list[float]]:
    """Return the vectors at unit length; `Retryable` where they are not `count` finite vectors of one dimension."""
    vectors = [[float(value) for value in vector] for vector in found if isinstance(vector, list | tuple)]
    if len(vectors) != count or len({len(vector) for vector in vectors}) > 1:
        raise Retryable("vendor-garbled", f"{vendor} gave other vectors than it was asked for")
    return [_unit(vector, vendor) for vector in vectors]


def _unit(vector: list[float], vendor: str) -> list[float]:
    length = math.hypot(*vector)
    if not vector or not math.isfinite(length) or length == 0:
        raise NeedsOwner("embed-vectors", f"the model of {vendor} gives vectors without a direction: choose another")
    return [value / length for value in vector]
