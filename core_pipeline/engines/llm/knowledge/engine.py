"""An answering engine without a model: courtesies by phrases, questions by the tenant's own answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

from core_pipeline.arabic.smalltalk import Courtesy, Remark, take_apart
from core_pipeline.contracts.engines import Ask, Cited, Passage, Piece
from core_pipeline.engines.llm.knowledge import KnowledgeConfig
from core_pipeline.engines.llm.knowledge.phrases import GREETINGS, phrase, returned


class KnowledgeLlm:
    """Answers with the words of the passages that are sure enough, and never with any others."""

    def __init__(self, config: KnowledgeConfig) -> None:
        self._config = config

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream a returned greeting, then one answer to each question, each with the passage that it is from."""
        remark = take_apart(ask.question)
        sure = self._sure(ask, remark)
        before, after = (
            self._around(ask, remark, len(sure)) if remark.questions else (self._courtesies(ask, remark), [])
        )
        told = dict.fromkeys(before) | {passage.extract or passage.answer: passage.id for passage in sure}
        for place, (words, source) in enumerate((told | dict.fromkeys(after)).items()):
            yield f" {words}" if place else words
            if source is not None:
                yield Cited((source,))

    async def close(self) -> None:
        """Nothing is held."""

    def _sure(self, ask: Ask, remark: Remark) -> list[Passage]:
        """The sure passage of each question.

        The search gives the best passage of each question first, then runners-up at scores too low to pass.
        """
        told = ask.passages[: len(remark.questions)]
        return [passage for passage in told if passage.score >= self._config.threshold]

    def _around(self, ask: Ask, remark: Remark, sure: int) -> tuple[list[str], list[str]]:
        """What is said before the answers, and after: what has none is admitted once."""
        missed = [phrase("unknown", ask)] if sure < len(remark.questions) else []
        return self._greet_back(ask, remark), missed

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
