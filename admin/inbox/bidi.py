"""Numbers and codes within Arabic words, kept in the order in which they are read."""

from __future__ import annotations

import re

_ARABIC = re.compile(r"[\u0600-\u06ff]")
# Telephone numbers in groups; times with their half of the day; codes, dates, addresses: figures and Latin letters
# that signs hold together. Browsers would put their parts from right to left.
_APART = re.compile(
    r"\+?\d[\d \-()./:]{5,}\d"
    r"|\d{1,2}(?::\d\d)? ?[AaPp]\.?[Mm]\b"
    r"|[#@$€£+]?[A-Za-z0-9]+(?:[-/:._@#+&=?%]+[A-Za-z0-9]+)+|[#@$€£+]\d+"
)

Piece = tuple[str, bool]


def pieces(text: str) -> list[Piece]:
    """The text in pieces; True for one that reads from left to right by itself, whatever stands around it."""
    if not _ARABIC.search(text):
        return [(text, False)]
    found: list[Piece] = []
    at = 0
    for run in _APART.finditer(text):
        found += [(text[at : run.start()], False), (run[0], True)]
        at = run.end()
    return [piece for piece in [*found, (text[at:], False)] if piece[0]]
