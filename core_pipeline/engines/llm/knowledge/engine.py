"""An answering engine without a model: courtesies by phrases, questions by the tenant's own answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

from core_pipeline.arabic.smalltalk import Courtesy, Remark, take_apart
from core_pipeline.contracts.engines import Ask
from core_pipeline.engines.llm.knowledge import KnowledgeConfig
from core_pipeline.engines.llm.knowledge.phrases import GREETINGS, phrase, returned


class KnowledgeLlm:
    """Answers with the words of the passages that are sure enough, and never with any others."""

    def __init__(self, config: KnowledgeConfig) -> None:
        self._config = config

    async def answer(self, ask: Ask) -> AsyncIterator[str]:
        """Stream the answer by sentences: a returned greeting, then one answer to each question."""
        remark = take_apart(ask.question)
        said = self._answers(ask, remark) if remark.questions else self._courtesies(ask, remark)
        for place, piece in enumerate(dict.fromkeys(said)):
            yield f" {piece}" if place else piece

    async def close(self) -> None:
        """Nothing is held."""

    def _answers(self, ask: Ask, remark: Remark) -> list[str]:
        """The sure passage of each question; what has none is admitted once, at the end.

        The search gives the best passage of each question first, then runners-up at scores too low to pass.
        """
        told = ask.passages[: len(remark.questions)]
        sure = [passage.answer for passage in told if passage.score >= self._config.threshold]
        missed = [phrase("unknown", ask)] if len(sure) < len(remark.questions) else []
        return [*self._greet_back(ask, remark), *sure, *missed]

    def _greet_back(self, ask: Ask, remark: Remark) -> list[str]:
        greetings = [kind for kind in remark.courtesies if kind in GREETINGS] if self._config.greet_back else []
        return [returned(greetings[0], ask)] if greetings else []

    def _courtesies(self, ask: Ask, remark: Remark) -> list[str]:
        """Only polite words, or nothing at all."""
        if not remark.courtesies:
            return [phrase("repeat", ask)]
        for last in (Courtesy.GOODBYE, Courtesy.THANKS):
            if last in remark.courtesies:
                return [phrase(last, ask)]
        own = phrase("greeting", ask)
        back = [returned(kind, ask) for kind in remark.courtesies if kind is not Courtesy.GREETING]
        return [*back, own]
