"""Lines of one text: each put in reading order where it is not, broken words joined, page furniture removed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from core_pipeline.knowledge.documents.mending.direction import reading_order
from core_pipeline.knowledge.documents.mending.evidence import ENOUGH, backwards, leaning
from core_pipeline.knowledge.documents.mending.letters import ARABIC, has_forms, plain_letters, tidy

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_HYPHEN = re.compile(r"(?<=[a-z\u00df-\u024f])[-\u00ad\u2010]$")
_NUMBERS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[\s\-–—|./()]*(?:page|صفحة|صفحه|ص)?[\s:.]*\d{1,4}(?:\s*(?:/|of|من|-)\s*\d{1,4})?[\s\-–—|.()]*", re.IGNORECASE
)
EDGE = 2
_LEAST_PAGES = 3


def is_rtl(text: str) -> bool:
    """Whether a text is Arabic rather than Latin, by its letters."""
    return len(ARABIC.findall(text)) > len(_LATIN.findall(text)) / 2


def mend_lines(lines: Sequence[str]) -> tuple[list[str], bool]:
    """Return stored lines as they are to be read, and whether anything but spacing was put right."""
    turned = backwards(lines)
    mended = [_mend_line(line, turned=turned) for line in lines]
    return [text for text, _ in mended], any(changed for _, changed in mended)


def _mend_line(line: str, *, turned: bool) -> tuple[str, bool]:
    sign = leaning(line)
    if not ARABIC.search(line) or sign >= ENOUGH or not (turned or sign <= -ENOUGH):
        return tidy(plain_letters(line)), has_forms(line)
    read = reading_order(list(line), rtl=is_rtl(line))
    return tidy(plain_letters(read)), True


def joined(first: str, second: str) -> str:
    """Return two lines of a paragraph as one; a word broken by a hyphen or by tatweel is made whole."""
    if _HYPHEN.search(first) and second[:1].islower():
        return _HYPHEN.sub("", first) + second
    if first.endswith("ـ") or second.startswith("ـ"):
        return first.rstrip("ـ") + second.lstrip("ـ")
    return f"{first} {second}"


def is_page_number(line: str) -> bool:
    """Whether a line at a page's edge holds nothing but the page's number."""
    return bool(_PAGE_NUMBER.fullmatch(line))


def furniture(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the lines, with their numbers left open, that stand at the edge of most pages: headers and footers."""
    if len(pages) < _LEAST_PAGES:
        return frozenset()
    seen = Counter(line for page in pages for line in {blank_numbers(line) for line in edges(page)})
    return frozenset(line for line, times in seen.items() if times >= max(_LEAST_PAGES, len(pages) / 2))


def edges(page: Sequence[str]) -> list[str]:
    """Return the first and last lines of a page, where furniture stands."""
    return [*page[:EDGE], *page[max(EDGE, len(page) - EDGE) :]]


def blank_numbers(line: str) -> str:
    """Return a line with every number left open, so that running headers are alike."""
    return _NUMBERS.sub("#", tidy(line))
