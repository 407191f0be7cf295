"""Patterns of Python in the words of browsers, which read them by stricter rules (JavaScript's flag v)."""

from __future__ import annotations

# Within brackets, browsers want each of these behind a backslash.
_GUARDED = frozenset("()[{}/|")
_OURS_ONLY = ("(?P", "(?<", "(?i", r"\A", r"\Z")


def for_browsers(pattern: object) -> str:
    """The pattern as HTML's attribute of that name, where it means the whole value; "" where it can't be said."""
    if not isinstance(pattern, str) or any(mark in pattern for mark in _OURS_ONLY):
        return ""
    return _guarded(pattern.removeprefix("^").removesuffix("$"))


def _guarded(pattern: str) -> str:
    out, at, first = [], 0, -1
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            out.append(pattern[at : at + 2])
            at += 2
            continue
        inside = first >= 0
        if not inside and letter == "[":
            # A caret after it does not count as the first of the letters.
            first = at + 2 if pattern[at + 1 : at + 2] == "^" else at + 1
        elif inside and letter == "]":
            first = -1
        elif inside and (letter in _GUARDED or (letter == "-" and (at == first or pattern[at + 1 : at + 2] == "]"))):
            letter = "\\" + letter
        out.append(letter)
        at += 1
    return "".join(out)
