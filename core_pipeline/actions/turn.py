"""The actions in one turn: what an engine's loop needs, and what it leaves to say."""

from __future__ import annotations

from collections.abc import Sequence

from core_pipeline.actions.cards import Card
from core_pipeline.actions.doing import Actions, Place, Settled
from core_pipeline.contracts.engines import Passage, Tool, ToolCall, ToolResult


class TurnActions:
    """Runs an engine's calls for one turn.

    Look at `question` after every call: once it is set, the turn must say exactly that and ask the engine no more.
    `cards` go out as text after the answer; `handed` says that a person was asked to take over.
    """

    def __init__(self, actions: Actions, place: Place) -> None:
        self._actions = actions
        self._place = place
        self.question = ""
        self.cards: list[Card] = []
        self.handed = False

    async def settle(self, heard: str) -> Settled | None:
        """Take the customer's words as the answer to what waits for their yes; call it first in every try."""
        return await self._actions.settle(self._place, heard)

    async def tools(self) -> tuple[Tool, ...]:
        """What the engine may ask for."""
        return await self._actions.tools(self._place.tenant_id)

    async def run(self, call: ToolCall, passages: Sequence[Passage] = ()) -> ToolResult:
        """Do what the engine asked for, or put it off until the customer agrees; failures are in the result, too."""
        outcome = await self._actions.run(self._place, call, passages)
        self.question = outcome.question or self.question
        self.handed = self.handed or outcome.handed
        if outcome.card is not None and outcome.card not in self.cards:
            self.cards.append(outcome.card)
        return outcome.result
