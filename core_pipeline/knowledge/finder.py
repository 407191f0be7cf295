"""One question to one tenant's index: both sections asked, their hits in one order and in the right language."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from core_pipeline.knowledge.pieces import Kind, Section
from core_pipeline.knowledge.ranking import CANDIDATES, Hit, Question, in_order, rank, understand
from core_pipeline.knowledge.store import Found, State, Store, Vector
from core_pipeline.knowledge.vocabularies import Vocabularies
from core_pipeline.knowledge.vocabulary import Vocabulary


class Finder:
    """Finds the passages for a question; knows neither how the index came about nor where vectors come from."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._vocabularies = Vocabularies(store)

    async def find(
        self, tenant_id: str, state: State, question: str, vector: Vector | None, language: str, limit: int
    ) -> list[Hit]:
        """The best hits for one question, best first, each in `language` where its fact has that version."""
        hits = in_order(await self._hits(tenant_id, state, question, vector))[:limit]
        facts = [hit.fact for hit in hits if hit.language != language and hit.kind is not Kind.EXTRACT]
        versions = await self._store.versions(tenant_id, facts, language) if facts else {}
        return [replace(hit, id=versions.get(hit.fact, hit.id)) for hit in hits]

    def forget(self, tenant_id: str) -> None:
        """Drop what is kept of a tenant in memory."""
        self._vocabularies.forget(tenant_id)

    async def _hits(self, tenant_id: str, state: State, question: str, vector: Vector | None) -> list[Hit]:
        vocabularies = [(section, await self._vocabularies.of(tenant_id, section, state)) for section in Section]
        filled = {section: vocabulary for section, vocabulary in vocabularies if vocabulary.pieces}
        asked = await asyncio.to_thread(_understand, question, filled)
        wanted = {section: understood.terms for section, understood in asked.items()}
        found = await self._store.candidates(tenant_id, wanted, vector, CANDIDATES)
        return await asyncio.to_thread(_rank, asked, found, filled)


def _understand(question: str, vocabularies: Mapping[Section, Vocabulary]) -> dict[Section, Question]:
    return {section: understand(question, section, vocabulary) for section, vocabulary in vocabularies.items()}


def _rank(asked: Mapping[Section, Question], found: Found, vocabularies: Mapping[Section, Vocabulary]) -> list[Hit]:
    return [hit for section, each in asked.items() for hit in rank(each, found[section], vocabularies[section])]
