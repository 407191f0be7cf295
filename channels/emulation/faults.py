"""Failures on demand."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """An error to answer with: HTTP status, vendor's code, text, seconds to wait."""

    status: int
    code: int = 0
    text: str = ""
    after: float | None = None


class Faults:
    """Notes the calls that arrive, and says which of them must fail or be answered late."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lag = 0.0

    def fail_next(
        self, call: str, status: int, *, code: int = 0, text: str = "", after: float | None = None, times: int = 1
    ) -> None:
        """Let the next `times` calls named `call` fail."""
        self._waiting[call].extend([Fault(status, code, text, after)] * times)

    def delay(self, seconds: float) -> None:
        """Answer every later call this late."""
        self._lag = seconds

    def arrived(self, call: str) -> Fault | None:
        """Note a call; return the fault it must be answered with, if any."""
        self.calls.append(call)
        waiting = self._waiting[call]
        return waiting.popleft() if waiting else None

    async def lag(self) -> None:
        """Wait as long as answers are late."""
        if self._lag:
            await asyncio.sleep(self._lag)
