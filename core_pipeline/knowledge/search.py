"""Search over questions and answers in memory: the tenants' search without a database, for what is small."""

from __future__ import annotations

from collections.abc import Sequence

from core_pipeline.arabic.smalltalk import take_apart
from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge.entries import Entry
from core_pipeline.knowledge.pieces import Section, piece
from core_pipeline.knowledge.ranking import CANDIDATES, arrange, rank, understand
from core_pipeline.knowledge.store.sqlite_file import SqliteFile
from core_pipeline.knowledge.vocabulary import Vocabulary


class Index:
    """The questions and answers of one business, searchable from any thread; build a new one when they change."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._file = SqliteFile()
        self._file.claim(0)
        self._file.write(0, [], [piece(entry) for entry in self._entries.values()])
        self._vocabulary = Vocabulary(self._file.counts(Section.QUESTIONS))

    def close(self) -> None:
        """Free the index's memory; searching afterwards is an error."""
        self._file.close()

    def search(self, text: str, language: str | None = None, limit: int = 5) -> list[Passage]:
        """Return the passages that may answer `text`, surest first, in `language` where the fact has that version.

        Several questions in one message are put in order by `ranking.arrange`.
        """
        return arrange([self._best(question, language) for question in take_apart(text).questions], limit)

    def _best(self, text: str, language: str | None) -> list[Passage]:
        question = understand(text, Section.QUESTIONS, self._vocabulary)
        found = self._file.candidates({Section.QUESTIONS: question.terms}, None, CANDIDATES)
        hits = rank(question, found[Section.QUESTIONS], self._vocabulary)
        versions = self._file.versions([hit.fact for hit in hits], language or "")
        chosen = ((self._entries[versions.get(hit.fact, hit.id)], hit.sure) for hit in hits)
        return [Passage(entry.id, entry.question, entry.answer, entry.language, sure) for entry, sure in chosen]
