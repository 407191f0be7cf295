"""What a customer's question is about, for whoever has to find the words: a turn in a chat, a sentence in a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from core_pipeline.contracts.engines import Ask
from core_pipeline.history.memory import Memory
from core_pipeline.thinking.words import phrases

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Llm, Passage, Tool
    from core_pipeline.engines.router import For
    from tenants.policy import Policy


class Wits(Protocol):
    """Chooses what answers."""

    async def llm(self, language: str, order: For) -> Llm:
        """What answers in `language`, metered, with its fallbacks."""


class Known(Protocol):
    """Searches what tenants know."""

    async def search(self, tenant_id: str, text: str, language: str) -> tuple[Passage, ...]:
        """The tenant's passages that fit the text best, best first."""


@dataclass(frozen=True)
class Mind:
    """What answers are found with."""

    engines: Wits
    shelf: Known


@dataclass(frozen=True)
class Matter:
    """What was asked (`heard`), of which business, in which language, and what was said before.

    `people` says whether an engine may ask for a person to take over.
    """

    tenant_id: str
    policy: Policy
    business: str
    language: str
    heard: str
    memory: Memory = field(default_factory=Memory)
    people: bool = True

    def ask(self, passages: tuple[Passage, ...], tools: tuple[Tool, ...]) -> Ask:
        """The question as an engine takes it."""
        return Ask(
            self.heard,
            self.language,
            passages,
            self.memory.history,
            phrases(self.policy, self.language),
            persona=self.policy.persona.get(self.language, ""),
            business=self.business,
            summary=self.memory.summary,
            facts=self.memory.facts,
            tools=tools,
            longest=self.policy.longest_answer,
            tone=self.policy.tone,
            dialect=self.policy.dialect,
        )
