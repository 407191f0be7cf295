"""What the bot can do in one turn besides answering, for this turn's customer and in their language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_pipeline.actions.doing import Actions, Outcome, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.engines import Passage, Tool, ToolCall
    from core_pipeline.turns.deps import Here

# What every bot is offered; only a tenant's own actions make a question answerable that search knows nothing of.
BUILT_IN = frozenset({"handoff", "send_card"})


@dataclass(frozen=True)
class Doing:
    """One turn's hands."""

    actions: Actions
    place: Place

    @classmethod
    def of(cls, actions: Actions, here: Here, language: str) -> Doing:
        """Act for this turn's customer."""
        return cls(actions, Place(here.tenant_id, here.conversation_id, here.turn_id, language))

    async def tools(self) -> tuple[Tool, ...]:
        """What the engine may ask for."""
        return await self.actions.tools(self.place.tenant_id)

    async def run(self, call: ToolCall, passages: Sequence[Passage]) -> Outcome:
        """Do what the engine asked for, or ask the customer first; what went wrong is in the result, too."""
        return await self.actions.run(self.place, call, passages)

    async def settle(self, heard: str) -> str | None:
        """What to say to the customer's yes or no to a waiting action; None when that was no such answer."""
        settled = await self.actions.settle(self.place, heard)
        return settled.words if settled else None


def own(tools: Sequence[Tool]) -> bool:
    """Whether the tenant's own systems are among the tools."""
    return any(tool.name not in BUILT_IN for tool in tools)
