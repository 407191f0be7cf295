"""What the index keeps of each thing that is known: its terms by line, its spellings, and a digest of its content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

from core_pipeline.arabic import analysis, lexicon, money, normalise
from core_pipeline.arabic import sentences as sentence_ends
from core_pipeline.arabic.analysis import Token, tokens
from core_pipeline.knowledge import texts
from core_pipeline.knowledge.entries import Entry, Extract, Ware, ware_entry
from core_pipeline.knowledge.texts import sentence_tokens, sentences

Known: TypeAlias = Entry | Ware | Extract


class Section(StrEnum):
    """Two vocabularies: that of questions and products, and that of documents."""

    QUESTIONS = "questions"
    TEXTS = "texts"


class Kind(StrEnum):
    """Which table a piece comes from."""

    ENTRY = "entry"
    WARE = "product"
    EXTRACT = "chunk"


KIND_OF: dict[type[Known], Kind] = {Entry: Kind.ENTRY, Ware: Kind.WARE, Extract: Kind.EXTRACT}


@dataclass(frozen=True)
class Piece:
    """A known thing, analysed.

    `asked` holds a line of terms for each way to ask it (of a document's piece: its title and headings), `told` those
    of the answer (a line for each sentence), `spelt` each word of it that may be misspelt with its term.
    """

    id: str
    kind: Kind
    fact: str
    language: str
    digest: str
    asked: str
    told: str
    spelt: str

    @property
    def section(self) -> Section:
        """Whose vocabulary it belongs to."""
        return Section.TEXTS if self.kind is Kind.EXTRACT else Section.QUESTIONS


# How words are taken apart is part of what a piece is made of: when it changes, every piece is made anew.
_MADE_BY = (analysis, lexicon, normalise, sentence_ends, texts, money)
_ANALYSIS = blake2b(
    b"".join(Path(str(module.__file__)).read_bytes() for module in _MADE_BY)
    + Path(str(lexicon.__file__)).with_suffix(".toml").read_bytes(),
    digest_size=8,
).hexdigest()


def digest(known: Known) -> str:
    """Return what differs when the content of a known thing, or the way of analysing it, does."""
    content = json.dumps([_ANALYSIS, vars(known)], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return blake2b(content, digest_size=16).hexdigest()


def piece(known: Known) -> Piece:
    """Analyse a known thing."""
    if isinstance(known, Extract):
        asked, told = [tokens(f"{known.title} {known.heading}")], [sentence_tokens(s) for s in sentences(known.text)]
        fact, spelt = known.id, [*asked, *told]
    else:
        entry = ware_entry(known) if isinstance(known, Ware) else known
        asked = [tokens(way) for way in (entry.question, *entry.alternatives)]
        told, spelt = [tokens(entry.answer)], asked
        fact = entry.fact or entry.id
    kind = KIND_OF[type(known)]
    return Piece(
        known.id,
        kind,
        fact if kind is Kind.ENTRY else f"{kind}:{fact}",
        known.language,
        digest(known),
        _lines(asked),
        _lines(told),
        _spellings(each for line in spelt for each in line),
    )


def _lines(found: Sequence[Sequence[Token]]) -> str:
    return "\n".join(" ".join(each.term for each in line) for line in found)


def _spellings(found: Iterable[Token]) -> str:
    return " ".join(dict.fromkeys(f"{each.word}={each.term}" for each in found))


def embeddable(known: Known) -> str:
    """Return the text by which a known thing takes its place in an embedder's space."""
    if isinstance(known, Extract):
        return "\n".join(part for part in (known.title, known.heading, known.text) if part)
    entry = ware_entry(known) if isinstance(known, Ware) else known
    return f"{entry.question}\n{entry.answer}"
