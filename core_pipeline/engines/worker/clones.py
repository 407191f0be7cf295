"""The voices by example that a worker has been sent, so that a sample travels once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from core_pipeline.contracts.engines import Clone
from core_pipeline.engines.worker.wire import clone_from
from errors import Retryable

_KEPT_SECONDS = 3600.0


class Clones:
    """Keeps the latest clones by the digest of their sample, each for an hour after its last use."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[float, Clone]] = OrderedDict()

    def find(self, told: Mapping[str, Any]) -> Clone:
        """Return the clone that is told of and keep it; Retryable("unknown-clone") when its sample must be sent."""
        now = time.monotonic()
        self._drop_old(now)
        if "sample" in told:
            clone = clone_from(told)
        elif told["digest"] in self._kept:
            clone = self._kept[told["digest"]][1]
        else:
            raise Retryable("unknown-clone", "send the clone's sample along")
        self._kept[told["digest"]] = (now, clone)
        self._kept.move_to_end(told["digest"])
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return clone

    def forget(self, clone_id: str) -> None:
        """Drop every sample of that clone."""
        for key in [key for key, (_, clone) in self._kept.items() if clone.id == clone_id]:
            del self._kept[key]

    def _drop_old(self, now: float) -> None:
        for key in [key for key, (used, _) in self._kept.items() if now - used > _KEPT_SECONDS]:
            del self._kept[key]
