"""Text and Markdown, in whatever encoding they were saved."""

from __future__ import annotations

import re

from core_pipeline.knowledge.documents.blocks import Item, Paragraph, Table, read
from core_pipeline.knowledge.documents.formats.draft import Draft
from core_pipeline.knowledge.documents.formats.encoding import decoded
from core_pipeline.knowledge.documents.mending.lines import joined, mend_lines

_UNDERLINE = re.compile(r"(={3,}|-{3,})")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\((?:[^()\s]{0,500})\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)([^*_`\n]{1,500}?)(?<=\S)\1")
_MARKED_TABLE = re.compile(r"^\|.*\|\s*$", re.MULTILINE)


def read_plain(data: bytes, *, marked: bool) -> Draft:
    """Read a text; with `marked`, Markdown's headings, lists, tables and emphasis are understood as such."""
    lines, changed = mend_lines(decoded(data).splitlines())
    text = "\n".join(_underlined(lines))
    if marked:
        text = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", text))
    elif not _MARKED_TABLE.search(text):
        text = re.sub(r"^([#|\\])", r"\\\1", text, flags=re.MULTILINE)
    return Draft([[block for block in read(_whole(text)) if _says_something(block)]], changed)


def _underlined(lines: list[str]) -> list[str]:
    """Write a line that is underlined with === or --- as a heading."""
    out: list[str] = []
    for line in lines:
        if (rule := _UNDERLINE.fullmatch(line)) and out and out[-1] and not out[-1].startswith(("#", "|", "-")):
            out[-1] = f"{'#' if rule[1][0] == '=' else '##'} {out[-1]}"
        elif not rule:
            out.append(line)
    return out


def _whole(text: str) -> str:
    """Make words that a hyphen or tatweel breaks over two lines whole."""
    out: list[str] = []
    for line in text.split("\n"):
        if out and out[-1] and line and joined(out[-1], line) != f"{out[-1]} {line}":
            out[-1] = joined(out[-1], line)
        else:
            out.append(line)
    return "\n".join(out)


def _says_something(block: object) -> bool:
    if isinstance(block, Table):
        return bool(block.rows)
    return not isinstance(block, Paragraph | Item) or any(letter.isalnum() for letter in block.text)
