"""Who is to be put through to where: the wire can't say it, so the dialplan asks for it once the sound has ended."""

from __future__ import annotations

import time
from collections.abc import Callable

# Longer than any call; whoever has not asked by then will not.
KEPT_SECONDS = 5 * 3600.0
MOST = 10_000


class Desk:
    """The calls of this process whose dialplan rang before, and will ask afterwards; by the id on the wire."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expected: dict[str, tuple[float, str]] = {}

    def expect(self, wire_id: str) -> None:
        """Note a call that will ask afterwards."""
        now = self._clock()
        while self._expected:
            oldest = next(iter(self._expected))
            if len(self._expected) < MOST and self._expected[oldest][0] > now - KEPT_SECONDS:
                break
            del self._expected[oldest]
        self._expected[wire_id] = (now, "")

    def expects(self, wire_id: str) -> bool:
        """Whether this call will ask afterwards."""
        return wire_id in self._expected

    def put_through(self, wire_id: str, to: str) -> bool:
        """Keep where a call is to be put through to; False where nobody will ask."""
        if wire_id not in self._expected:
            return False
        self._expected[wire_id] = (self._expected[wire_id][0], to)
        return True

    def after(self, wire_id: str) -> str:
        """Where the call is to be put through to, once; "" for one that simply ended."""
        return self._expected.pop(wire_id, (0.0, ""))[1]
