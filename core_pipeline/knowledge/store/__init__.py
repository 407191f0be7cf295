"""Where a tenant's index lies: the same promises kept by a file on SQLite and by tables on Postgres.

Stores only nominate: which pieces have the heaviest terms of a question, and which lie near it. How surely a piece
answers is decided in one place above them, so the same knowledge gives the same answers on both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core_pipeline.knowledge.pieces import Kind, Piece, Section
from core_pipeline.knowledge.vocabulary import Counts

_RRF_K = 60
# A term in a way of asking is worth this many in an answer; in documents headings and sentences weigh the same.
ASKED_SHARE = {Section.QUESTIONS: 3, Section.TEXTS: 1}
Vector = NDArray[np.float32]
Wanted: TypeAlias = Mapping[Section, Mapping[str, int]]
Found: TypeAlias = dict[Section, list["Candidate"]]


class Outrun(Exception):
    """Another process has begun to bring the index to a newer state; this one's work is not wanted."""


class Ruined(Exception):
    """The index cannot be read; nothing is lost, it is made anew from the tenant's rows."""


@dataclass(frozen=True)
class State:
    """How far an index is.

    `version` is the knowledge version it holds, `claimed` the one it is being brought to, `changes` how often it was
    written, `landmark` where the embedder of its vectors puts a certain text (float32).
    """

    version: int = -1
    claimed: int = -1
    changes: int = 0
    landmark: bytes = b""


@dataclass(frozen=True)
class Candidate:
    """A piece that may answer, as the store keeps it; `rank` 0..1 by its places in the lists that name it.

    `likeness` is the cosine to the question where the vectors named it, else None.
    """

    id: str
    kind: Kind
    fact: str
    language: str
    asked: str
    told: str
    rank: float
    likeness: float | None


def candidate(row: Sequence[Any], ranks: Mapping[int, float], near: Mapping[int, float]) -> Candidate:
    """Make one of (number, id, kind, fact, language, asked, told)."""
    n, id_, kind, fact, language, asked, told = row
    return Candidate(id_, Kind(kind), fact, language, asked, told, ranks[n], near.get(n))


class Store(Protocol):
    """Keeps the indexes of all tenants; every call concerns one of them and sees no other's."""

    async def state(self, tenant_id: str) -> State:
        """How far the tenant's index is; the beginning where there is none. May raise `Ruined`."""

    async def digests(self, tenant_id: str) -> dict[str, str]:
        """The digest of each piece by its id."""

    async def claim(self, tenant_id: str, version: int) -> None:
        """Announce that the index is being brought to this version; `Outrun` where it is at a newer one's claim."""

    async def write(self, tenant_id: str, version: int, gone: Sequence[str], new: Sequence[Piece]) -> None:
        """Take pieces out and put new ones in (in place of those with the same id), all or nothing; may be `Outrun`."""

    async def finish(self, tenant_id: str, version: int) -> None:
        """Note that the index holds this version, and leave no trace of what was removed; may be `Outrun`."""

    async def counts(self, tenant_id: str, section: Section) -> Counts:
        """The vocabulary of a section."""

    async def candidates(self, tenant_id: str, wanted: Wanted, vector: Vector | None, limit: int) -> Found:
        """Of each section the pieces with the greatest sum of term weights and those nearest to the vector."""

    async def versions(self, tenant_id: str, facts: Sequence[str], language: str) -> dict[str, str]:
        """The id of each fact's version in a language, where it has one."""

    async def bare(self, tenant_id: str, limit: int) -> list[tuple[str, Kind]]:
        """Some of the pieces that have no vector yet."""

    async def settle(self, tenant_id: str, landmark: bytes) -> None:
        """Take another embedder's landmark; every vector of the embedder before is dropped."""

    async def place(self, tenant_id: str, landmark: bytes, vectors: Mapping[str, bytes]) -> None:
        """Give pieces their vectors (float32); ids that are gone are passed over, `Outrun` where the landmark moved."""

    async def erase(self, tenant_id: str) -> None:
        """Drop the tenant's whole index."""

    async def close(self) -> None:
        """Release everything."""


@dataclass(frozen=True)
class Tally:
    """How often terms and spellings occur in some pieces, for the vocabulary's counts."""

    terms: Counter[tuple[Section, str]]
    words: Counter[tuple[Section, str, str]]
    pieces: Counter[Section]


def tally(wordings: Iterable[tuple[Section, str, str, str]]) -> Tally:
    """Count (section, asked, told, spelt) of pieces."""
    found = Tally(Counter(), Counter(), Counter())
    for section, asked, told, spelt in wordings:
        found.pieces[section] += 1
        found.terms.update((section, term) for term in set(asked.split()) | set(told.split()))
        found.words.update((section, *_pair(spelling)) for spelling in spelt.split())
    return found


def _pair(spelling: str) -> tuple[str, str]:
    word, _, term = spelling.partition("=")
    return word, term


def one_term_each(rows: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """Give each word the term that it stands for most often, the alphabet deciding between equals."""
    best: dict[str, tuple[int, str]] = {}
    for word, term, pieces in rows:
        mine = (-pieces, term)
        best[word] = min(best.get(word, mine), mine)
    return {word: term for word, (_, term) in best.items()}


def fuse(lists: Sequence[Sequence[int]], limit: int) -> dict[int, float]:
    """Fuse lists by reciprocal rank, 1 being the first place in all that hold anything; the best `limit` in order."""
    told = [each for each in lists if each]
    fused: defaultdict[int, float] = defaultdict(float)
    for each in told:
        for place, number in enumerate(each, start=1):
            fused[number] += (_RRF_K + 1) / (_RRF_K + place) / len(told)
    return dict(sorted(fused.items(), key=lambda item: (-item[1], item[0]))[:limit])


class Matrix:
    """A section's vectors in memory, one row a piece."""

    def __init__(self, numbers: Sequence[int], data: bytes, dimension: int) -> None:
        self._numbers = np.array(numbers, dtype=np.int64)
        self._rows = np.frombuffer(data, dtype=np.float32).reshape(len(numbers), dimension)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._rows.nbytes

    def nearest(self, vector: Vector, limit: int) -> list[tuple[int, float]]:
        """The pieces whose vectors have the greatest cosine with a vector of unit length, nearest first."""
        # Not `@`: BLAS shares these few milliseconds out among threads, which on a busy machine wait for one another.
        likeness = np.einsum("ij,j->i", self._rows, vector)
        top = np.argpartition(-likeness, limit)[:limit] if len(likeness) > limit else np.arange(len(likeness))
        ordered = top[np.lexsort((self._numbers[top], -likeness[top]))]
        return [(int(self._numbers[i]), float(likeness[i])) for i in ordered]
