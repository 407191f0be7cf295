"""What the search found, as the engines read it: with the rows' words of this moment."""

from __future__ import annotations

from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge.entries import Extract, Ware, ware_entry
from core_pipeline.knowledge.pieces import Known
from core_pipeline.knowledge.ranking import Hit
from core_pipeline.knowledge.texts import sentences


def passage(known: Known, hit: Hit) -> Passage:
    """Return a known thing as the passage that a hit makes of it."""
    if isinstance(known, Extract):
        extract = " ".join(sentences(known.text)[hit.first : hit.end])
        return Passage(known.id, "", known.text, known.language, hit.sure, extract, known.source)
    entry = ware_entry(known) if isinstance(known, Ware) else known
    return Passage(entry.id, entry.question, entry.answer, entry.language, hit.sure)
