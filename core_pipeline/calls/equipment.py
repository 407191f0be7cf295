"""What all calls of a process share: the network that hears speech, the one that hears turns, and their threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from core_pipeline.calls.lag import Lag
from core_pipeline.calls.turn_model import TurnModel
from core_pipeline.calls.vad import session, weights

if TYPE_CHECKING:
    from pathlib import Path

    from core_pipeline.contracts.engines import Pcm

_THREADS = 2


class Equipment:
    """Open it once per process, as an async context, and give it to every `Call`.

    `turn_model` is the file of smart-turn's network, where the operator has one; without it a pause decides. Raises
    NeedsOwner where a file is missing.
    """

    def __init__(self, turn_model: Path | None = None) -> None:
        self.voices = session(weights())
        self._turns = TurnModel(turn_model) if turn_model is not None else None
        self._threads = ThreadPoolExecutor(_THREADS, "turns")
        self.lag = Lag()
        self._watching: asyncio.Task[None] | None = None

    @property
    def hears_turns(self) -> bool:
        """Whether there is a network that hears turns."""
        return self._turns is not None

    async def __aenter__(self) -> Self:
        """Begin to watch the loop."""
        self._watching = asyncio.create_task(self.lag.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of everything; no call may run any more."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def finished(self, speech: Pcm) -> float:
        """Return how surely the speaker has finished, in 0..1; 0.0 where nothing hears turns."""
        if self._turns is None:
            return 0.0
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._turns.finished, speech)
