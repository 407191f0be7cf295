"""Sentences of a text that is still being written, each given as soon as it is complete."""

from __future__ import annotations

import re

# A mark that ends a sentence, the marks and closing brackets that go with it, and the space that proves the end.
_END = re.compile(r"""(?:[.!?؟;؛…۔]+["”»’')\]]*(?=\s)|\n)\s*""")
_PAUSE = re.compile(r"""[،,;:؛)»”—–](?=\s)""")
_SPACE = re.compile(r"\s")
_WORD_BEFORE = re.compile(r"([^\s(\[«“\"]*)\.$")
_NUMBERED = re.compile(r"\W*[\d٠-٩]{1,2}\.")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_ABBREVIATIONS = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "approx", "ext", "tel", "dept", "inc", "ltd"]
)
_SPOKEN = re.compile(r"\w")


class Sentences:
    """Cuts a stream of text into sentences, none lost: joined they are the text but for its white space.

    A sentence shorter than `shortest` characters waits for the next; one that grows beyond `longest` is cut after a
    comma, else at a space, else where it stands. Decimals, times, abbreviations and list numbers end no sentence.
    """

    def __init__(self, shortest: int = 12, longest: int = 220) -> None:
        self._shortest, self._longest = shortest, longest
        self._rest = ""

    @property
    def waiting(self) -> str:
        """What was fed and is not yet part of a complete sentence."""
        return self._rest

    def feed(self, text: str) -> list[str]:
        """Take more of the text; return the sentences that it completes."""
        self._rest += text
        found = []
        while (cut := self._cut()) is not None:
            found.append(self._rest[:cut].strip())
            self._rest = self._rest[cut:].lstrip()
        return [sentence for sentence in found if sentence]

    def flush(self) -> list[str]:
        """Return what is left as the last sentence, if anything is."""
        rest, self._rest = self._rest.strip(), ""
        return [rest] if rest else []

    def _cut(self) -> int | None:
        """Where the first complete sentence ends."""
        within = self._rest[: self._longest + 1]
        for match in _END.finditer(within):
            said = within[: match.end()].strip()
            if len(said) >= self._shortest and _SPOKEN.search(said) and not _goes_on(within, match):
                return match.end()
        return self._pause(within) if len(self._rest) > self._longest else None

    def _pause(self, within: str) -> int:
        """Where a sentence that is too long is best interrupted."""
        half = self._longest // 2
        for sign in (_PAUSE, _SPACE):
            places = [match.end() for match in sign.finditer(within, half)]
            if places:
                return places[-1]
        return self._longest


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Whether the mark is a full stop that ends an abbreviation, an initial or a list's number, not a sentence."""
    if match[0].rstrip(" \t") != "." or "\n" in match[0]:
        return False
    before = text[: match.start() + 1]
    if _NUMBERED.fullmatch(before.rpartition("\n")[2]):
        return True
    word = found[1] if (found := _WORD_BEFORE.search(before)) else ""
    return word.lower() in _ABBREVIATIONS or _INITIALS.fullmatch(word) is not None
