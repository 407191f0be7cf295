"""Work that is finished even when nobody waits for it any more: a statement cut off would cost its connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from core_pipeline.actions.turn import TurnActions

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from core_pipeline.actions.doing import Actions, Place, Settled
    from core_pipeline.contracts.engines import Llm, Passage, Tool, ToolCall, ToolResult
    from core_pipeline.engines.router import For
    from core_pipeline.thinking.matter import Known, Wits

Result = TypeVar("Result")
LONGEST = 20.0


class Shelter:
    """Lets whoever waits for a piece of work be cancelled without the work itself being broken off."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def keep(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work and give what comes of it; who is cancelled meanwhile leaves at once, the work goes on."""
        return await asyncio.shield(self.begin(work))

    def begin(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Begin the work in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drained(self) -> None:
        """Return once all of it has ended; what takes longer than twenty seconds is broken off after all."""
        late = (await asyncio.wait(self._tasks, timeout=LONGEST))[1] if self._tasks else set()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class ShelteredShelf:
    """Searches, and lets a search end that nobody waits for."""

    def __init__(self, inner: Known, shelter: Shelter) -> None:
        self._inner, self._shelter = inner, shelter

    async def search(self, tenant_id: str, text: str, language: str) -> tuple[Passage, ...]:
        """The tenant's passages that fit the text best, best first."""
        return await self._shelter.keep(self._inner.search(tenant_id, text, language))


class ShelteredWits:
    """Chooses engines, which reads what the tenant set up; their answers themselves are broken off when unwanted."""

    def __init__(self, inner: Wits, shelter: Shelter) -> None:
        self._inner, self._shelter = inner, shelter

    async def llm(self, language: str, order: For) -> Llm:
        """What answers in `language`, metered, with its fallbacks."""
        return await self._shelter.keep(self._inner.llm(language, order))


class ShelteredActions(TurnActions):
    """The actions of one turn, none of which is left half done because the caller spoke."""

    def __init__(self, actions: Actions, place: Place, shelter: Shelter) -> None:
        super().__init__(actions, place)
        self._shelter = shelter

    async def settle(self, heard: str) -> Settled | None:
        """Take the customer's words as the answer to what waits for their yes."""
        return await self._shelter.keep(super().settle(heard))

    async def tools(self) -> tuple[Tool, ...]:
        """What the engine may ask for."""
        return await self._shelter.keep(super().tools())

    async def run(self, call: ToolCall, passages: Sequence[Passage] = ()) -> ToolResult:
        """Do what the engine asked for, or put it off until the customer agrees."""
        return await self._shelter.keep(super().run(call, passages))
