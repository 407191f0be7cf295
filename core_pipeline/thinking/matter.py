"""What a customer's question is about, for whoever has to find the words: a turn in a chat, a sentence in a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core_pipeline.contracts.engines import Ask
from core_pipeline.history.memory import Memory
from core_pipeline.thinking.words import phrases

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Passage, Tool
    from core_pipeline.engines.router import Engines
    from core_pipeline.knowledge.shelf import Shelf
    from tenants.policy import Policy


@dataclass(frozen=True)
class Mind:
    """What answers are found with."""

    engines: Engines
    shelf: Shelf


@dataclass(frozen=True)
class Matter:
    """What was asked (`heard`), of which business, in which language, and what was said before."""

    tenant_id: str
    policy: Policy
    business: str
    language: str
    heard: str
    memory: Memory = field(default_factory=Memory)

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
        )
