"""Search over one business's questions and answers: who may answer (FTS5), and how surely (evidence)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from threading import Lock

from core_pipeline.arabic.analysis import grams
from core_pipeline.arabic.arabizi import is_arabizi
from core_pipeline.arabic.smalltalk import content, take_apart
from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge.entries import Entry
from core_pipeline.knowledge.evidence import Clue, Vocabulary, clues, score, wording

# Scores from here on are answers; below, honesty is better. Chosen with bench/answers.py, see README.md of this room.
ANSWERABLE = 0.5
_RRF_K = 60
_STEM_SHARE, _GRAM_SHARE = 2.0, 1.0
_CANDIDATES = 20
_RANK_SHARE = 0.02
_RUNNER_UP = 0.49
_SCHEMA = """
CREATE VIRTUAL TABLE stems USING fts5(asked, answered, tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE pieces USING fts5(asked, tokenize="unicode61 remove_diacritics 0 tokenchars '_'");
"""
_BY_STEM = "SELECT rowid FROM stems WHERE stems MATCH ? ORDER BY bm25(stems, 3.0, 1.0) LIMIT ?"
_BY_PIECE = "SELECT rowid FROM pieces WHERE pieces MATCH ? ORDER BY bm25(pieces) LIMIT ?"


def _pieces(found: Iterable[str]) -> list[str]:
    return [gram for term in found for gram in grams(term)]


def _match(tokens: Iterable[str]) -> str:
    return " OR ".join(f'"{token}"' for token in dict.fromkeys(tokens))


class Index:
    """The questions and answers of one business, searchable from any thread; build a new one when they change."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = list(entries)
        self._wordings = [wording(entry) for entry in self._entries]
        self._vocabulary = Vocabulary(self._wordings)
        self._versions: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for row, entry in enumerate(self._entries):
            self._versions[entry.fact or entry.id][entry.language] = row
        self._lock = Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._fill()

    def _fill(self) -> None:
        known = list(enumerate(self._wordings))
        stems = [(row, " ".join(each.asked), " ".join(each.answer)) for row, each in known]
        pieces = [(row, " ".join(dict.fromkeys(_pieces(each.asked)))) for row, each in known]
        self._db.executescript(_SCHEMA)
        self._db.executemany("INSERT INTO stems(rowid, asked, answered) VALUES (?, ?, ?)", stems)
        self._db.executemany("INSERT INTO pieces(rowid, asked) VALUES (?, ?)", pieces)

    def close(self) -> None:
        """Free the index's memory; searching afterwards is an error."""
        with self._lock:
            self._db.close()

    def search(self, text: str, language: str | None = None, limit: int = 5) -> list[Passage]:
        """Return the passages that may answer `text`, surest first, in `language` where the fact has that version.

        A message with several questions gets the best passage of each first, in the order asked (twice if it answers
        two); what follows are the runners-up, at less than half their score, so that none of them passes for an answer.
        """
        found = [self._best(question, language) for question in take_apart(text).questions]
        if len(found) <= 1:
            return [passage for passages in found for passage in passages][:limit]
        heads = [passages[0] for passages in found if passages]
        told = {passage.id for passage in heads}
        runners: dict[str, Passage] = {}
        for passage in sorted((p for passages in found for p in passages[1:]), key=lambda passage: -passage.score):
            if passage.id not in told:
                runners.setdefault(passage.id, self._lower(passage))
        return [*heads, *runners.values()][: max(limit, len(heads))]

    @staticmethod
    def _lower(passage: Passage) -> Passage:
        return Passage(passage.id, passage.question, passage.answer, passage.language, passage.score * _RUNNER_UP)

    def _best(self, question: str, language: str | None) -> list[Passage]:
        asked = clues(content(question), self._vocabulary, arabizi=is_arabizi(question))
        ranked: dict[str, tuple[float, float, int]] = {}
        for row, rank in self._candidates(asked).items():
            sure = score(asked, self._wordings[row], self._vocabulary)
            fact = self._entries[row].fact or self._entries[row].id
            ranked[fact] = max(ranked.get(fact, (0.0, 0.0, row)), (sure + _RANK_SHARE * rank, sure, row))
        best = sorted(ranked.items(), key=lambda item: -item[1][0])
        return [self._passage(fact, row, sure, language) for fact, (_, sure, row) in best if sure > 0]

    def _candidates(self, asked: Sequence[Clue]) -> dict[int, float]:
        """Rows by reciprocal rank fusion of both lists, the best possible being 1."""
        meant = dict.fromkeys(term for clue in asked for term in clue.meanings)
        if not meant:
            return {}
        fused: defaultdict[int, float] = defaultdict(float)
        with self._lock:
            lists = (
                (_STEM_SHARE, self._db.execute(_BY_STEM, (_match(meant), _CANDIDATES)).fetchall()),
                (_GRAM_SHARE, self._db.execute(_BY_PIECE, (_match(_pieces(meant)), _CANDIDATES)).fetchall()),
            )
        for share, rows in lists:
            for place, (row,) in enumerate(rows, start=1):
                fused[row] += share * (_RRF_K + 1) / (_RRF_K + place) / (_STEM_SHARE + _GRAM_SHARE)
        return fused

    def _passage(self, fact: str, row: int, sure: float, language: str | None) -> Passage:
        chosen = self._entries[self._versions[fact].get(language or "", row)]
        return Passage(chosen.id, chosen.question, chosen.answer, chosen.language, round(min(sure, 1.0), 4))
