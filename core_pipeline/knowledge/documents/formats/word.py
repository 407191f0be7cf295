"""Word files: headings, paragraphs, lists and tables in the order of the text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

import docx
from docx.document import Document
from docx.oxml.ns import qn
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph

from core_pipeline.knowledge.documents.blocks import Block, Heading, Item, Paragraph, Table
from core_pipeline.knowledge.documents.formats.draft import Draft, mended
from core_pipeline.knowledge.documents.formats.packed import check_packed

_HEADING = re.compile(r"heading ?(\d)", re.IGNORECASE)
_LIST = re.compile(r"list", re.IGNORECASE)
_LONGEST_HEADING = 200


def read_word(data: bytes) -> Draft:
    """Read a .docx file as one page: Word keeps no pages."""
    check_packed(data)
    document = docx.Document(io.BytesIO(data))
    # Asking each paragraph for its style would search all styles every time.
    names = {style.style_id: f"{style.style_id} {style.name}" for style in document.styles}
    blocks = [block for block in _blocks(document, names) if isinstance(block, Table) or block.text]
    return mended(Draft([blocks], title=(document.core_properties.title or "").strip()))


def _blocks(document: Document, names: Mapping[str, str]) -> Iterator[Block]:
    for part in document.iter_inner_content():
        if isinstance(part, WordTable):
            yield from _table(part)
        else:
            yield _paragraph(part, names.get(part._p.style or "", ""))  # noqa: SLF001 - as said above


def _paragraph(paragraph: WordParagraph, style: str) -> Block:
    text = " ".join(paragraph.text.split())
    level = _level(paragraph, style)
    if level and len(text) <= _LONGEST_HEADING:
        return Heading(text, level)
    return Item(text) if _is_item(paragraph, style) else Paragraph(text)


def _level(paragraph: WordParagraph, name: str) -> int:
    """Return the level of a heading, 0 for other text; other languages' style names keep the English id or a level."""
    if found := _HEADING.search(name):
        return int(found[1])
    if name.startswith("Title"):
        return 1
    outline = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")  # noqa: SLF001 - python-docx has no other way
    value = outline.get(qn("w:val"), "9") if outline is not None else "9"
    return int(value) + 1 if value in "012345" else 0


def _is_item(paragraph: WordParagraph, style: str) -> bool:
    properties = paragraph._p.pPr  # noqa: SLF001 - python-docx has no other way
    numbered = properties is not None and properties.numPr is not None
    return numbered or bool(_LIST.match(style))


def _table(table: WordTable) -> Iterator[Block]:
    """A table of one column only frames text."""
    rows = [row for row in (tuple(_cells(row.cells)) for row in table.rows) if any(row)]
    if max((len(row) for row in rows), default=0) > 1:
        yield Table(tuple(rows), headed=len(rows) > 1)
    else:
        yield from (Paragraph(row[0]) for row in rows)


def _cells(cells: tuple[object, ...]) -> Iterator[str]:
    """Yield each cell's text once: merged cells come once for every column that they cover."""
    last = None
    for cell in cells:
        if cell._tc is not last:  # type: ignore[attr-defined]  # noqa: SLF001 - python-docx tells merged cells by it
            yield " ".join(" ".join(part.text for part in cell.paragraphs).split())  # type: ignore[attr-defined]  # as above
        else:
            yield ""
        last = cell._tc  # type: ignore[attr-defined]  # noqa: SLF001 - as above
