"""Fences: what tells data from instructions, with a mark that nobody who writes the data can guess."""

from __future__ import annotations

import re
import secrets
import unicodedata

# [INST], [/INST], [TOOL_CALLS]: the turns of some models' own templates.
_TEMPLATE = re.compile(r"\[(/?[A-Z_]{3,})\]")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


class _Seen(dict[int, str | None]):
    """What becomes of each character: nothing of those that nobody can see. Remembers the common ones."""

    def __missing__(self, code: int) -> str | None:
        found = None if unicodedata.category(chr(code)) in _UNSEEN else chr(code)
        if code < _COMMON:
            self[code] = found
        return found


_COMMON = 0x3000
_SIGNS = _Seen({ord(sign): other for sign, other in zip("\n\t<>⟦⟧【】", "\n\t‹›()()", strict=True)})


def neutral(text: str) -> str:
    """Return `text` without what could pass for a fence, a citation, a template's token, or that nobody can see."""
    return _TEMPLATE.sub(r"(\1)", unicodedata.normalize("NFKC", text).translate(_SIGNS))


class Fence:
    """The fences of one question; `nonce` is drawn anew for each and never said."""

    def __init__(self) -> None:
        self.nonce = secrets.token_hex(8)

    def around(self, kind: str, text: str, *, label: str = "", most: int = 4000) -> str:
        """Return `text`, cut to `most` characters and neutralised, between two fences that name its kind."""
        named = f' id="{label}"' if label else ""
        return f'<data-{self.nonce} kind="{kind}"{named}>\n{neutral(text[:most])}\n</data-{self.nonce}>'
