"""Long texts in pieces that a voice can say in one breath."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE = re.compile(r".+?(?:[.!?؟۔。！？…\n]+|$)", re.DOTALL)
_CLAUSE = re.compile(r".+?(?:[,;:،؛、，；]+\s*|$)", re.DOTALL)
_WORD = re.compile(r"\s*\S+")


def cut(text: str, longest: int) -> list[str]:
    """Return the text in pieces of at most `longest` characters, cut at sentences, else clauses, else words.

    Only a single word may be longer. Pieces hold no space at their ends, and none is empty.
    """
    return [piece for sentence in _SENTENCE.findall(text) for piece in _fitting(sentence.strip(), longest) if piece]


def _fitting(text: str, longest: int) -> Iterator[str]:
    if len(text) <= longest:
        yield text
        return
    clauses = _CLAUSE.findall(text)
    parts = clauses if len(clauses) > 1 else _WORD.findall(text)
    piece = ""
    for part in parts:
        if piece and len(piece) + len(part) > longest:
            yield from _again(piece, text, longest)
            piece = ""
        piece += part
    yield from _again(piece, text, longest)


def _again(piece: str, whole: str, longest: int) -> Iterator[str]:
    """Cut further what is still too long, as long as cutting gets anywhere."""
    short = piece.strip()
    if len(short) <= longest or piece == whole or len(short.split()) == 1:
        yield short
    else:
        yield from _fitting(short, longest)
