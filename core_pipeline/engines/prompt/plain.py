"""A model's sentence as plain words: no markup, and no address that the business did not give."""

from __future__ import annotations

import re

_PICTURE = re.compile(r"!\[[^\]\n]*\](?:\([^()\s]*(?:\s[^)\n]*)?\))?")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^()\s]*(?:\s[^)\n]*)?\)")
_TOP = "com|net|org|me|io|app|shop|info|co|xyz|site|online|link|top|dev|ai|eg|sa|ae|kw|qa|bh|om|jo|ma|tn|dz|iq|example"
_ADDRESS = re.compile(
    rf"(?:\w[\w.+-]*:(?://)|www\.|data:)[^\s<>()\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:(?:{_TOP})(?![\w-])(?:[/?#][^\s<>()\]]*)?|[a-z]{{2,}}/[^\s<>()\]]*)",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•▪◦·–][ \t]+)", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_=|:][ \t]*){3,}$", re.MULTILINE)
_MARKUP = re.compile(r"[*`~|<>^{}\\\[\]#⟦⟧【】]+|(?<!\w)_+|_+(?!\w)")
_SPACES = re.compile(r"\s+")
_ORPHAN = re.compile(r"\s+(?=[.!?؟،,;؛:])")
_EMPTY = re.compile(r"\(\s*\)")
_SPOKEN = re.compile(r"\w")


def plain(sentence: str, sayable: str) -> str:
    """Return what is to be said of `sentence`; addresses only where they stand in `sayable`. May be empty."""

    def known(match: re.Match[str]) -> str:
        address = match[0].rstrip(".,;:!?،؛؟'\"*")
        return match[0] if address and address in sayable else " "

    text = _LINK.sub(r"\1", _PICTURE.sub(" ", sentence))
    text = _MARKUP.sub(" ", _HEAD.sub("", _RULE.sub("", _ADDRESS.sub(known, text))))
    text = _ORPHAN.sub("", _SPACES.sub(" ", _EMPTY.sub(" ", text))).strip()
    return text if _SPOKEN.search(text) else ""
