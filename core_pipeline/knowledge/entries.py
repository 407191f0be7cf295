"""A business's questions and answers as the search takes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One question with its answer in one language, and other ways to ask it.

    `fact` is the same for the versions of one entry in several languages; None means that there is only this one.
    """

    id: str
    question: str
    answer: str
    language: str
    alternatives: tuple[str, ...] = ()
    fact: str | None = None
