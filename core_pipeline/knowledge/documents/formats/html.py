"""Web pages: the main text with its headings, lists and tables; all of the page where the main text is too little."""

from __future__ import annotations

import re
from collections.abc import Iterator

import trafilatura
from lxml import etree
from lxml import html as lxml_html

from core_pipeline.knowledge.documents.blocks import Block, Heading, Item, Paragraph, Table
from core_pipeline.knowledge.documents.formats.draft import Draft, mended
from core_pipeline.knowledge.documents.formats.encoding import decoded
from core_pipeline.media.wire import Refused

_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{3,20})""", re.IGNORECASE)
_SPELLINGS = {"windows-1256": "cp1256", "windows-1252": "cp1252", "iso-8859-6": "iso8859_6", "iso-8859-1": "cp1252"}
_DECLARED = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_SILENT = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "header",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "option",
        "iframe",
        "svg",
        "title",
        "meta",
        "link",
    }
)
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "em",
        "font",
        "i",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
        "br",
        "wbr",
        "ins",
        "del",
    }
)
_BREAKS = frozenset({"br", "lb", "wbr"})
_LEAST_SHARE = 0.5
_DEEPEST = 200


def read_html(data: bytes) -> Draft:
    """Read a page; raises `Refused("document-empty")` when there is no text in it."""
    text = _DECLARED.sub("", decoded(data, _named(data)))
    root = lxml_html.document_fromstring(text or " ", parser=lxml_html.HTMLParser(huge_tree=False, no_network=True))
    whole = list(_Walk().blocks(root))
    main = _main(text)
    if not whole and not main:
        raise Refused("document-empty")
    enough = _size(main) >= _LEAST_SHARE * _size(whole)
    title = " ".join((root.findtext(".//title") or "").split())
    return mended(Draft([main if enough else whole], title=title))


def _named(data: bytes) -> str | None:
    found = _CHARSET.search(data[:4096])
    name = found[1].decode("ascii").lower() if found else ""
    return _SPELLINGS.get(name, name) or None


def _size(blocks: list[Block]) -> int:
    return sum(len("".join(map("".join, block.rows)) if isinstance(block, Table) else block.text) for block in blocks)


def _main(text: str) -> list[Block]:
    """The page's main text as trafilatura sees it."""
    found = trafilatura.extract(
        text,
        output_format="xml",
        include_comments=False,
        include_tables=True,
        favor_recall=True,
        include_formatting=True,
    )
    if not found:
        return []
    tree = etree.fromstring(found.encode(), etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
    return list(_Walk(heading="head", row="row", cells=("cell",)).blocks(tree)) if tree is not None else []


class _Walk:
    """Goes through a tree of HTML, or of trafilatura's XML, and gives its blocks in order."""

    def __init__(self, heading: str = "h", row: str = "tr", cells: tuple[str, ...] = ("td", "th")) -> None:
        self._heading = re.compile(rf"{heading}[1-6]?")
        self._row = row
        self._cells = cells

    def blocks(self, element: etree._Element, depth: int = 0) -> Iterator[Block]:
        """Yield the blocks below an element; text that hangs loose between blocks becomes paragraphs."""
        loose = [element.text or ""]
        for child in element:
            tag = child.tag if isinstance(child.tag, str) else ""
            if tag in _INLINE or tag in {"hi", "ref", "lb", "del"}:
                loose.append(_raw(child))
            elif tag and tag not in _SILENT and depth < _DEEPEST:
                yield from _paragraph(loose)
                yield from self._block(child, tag, depth)
            loose.append(child.tail or "")
        yield from _paragraph(loose)

    def _block(self, element: etree._Element, tag: str, depth: int) -> Iterator[Block]:
        if tag == "table":
            yield from self._table(element)
        elif self._heading.fullmatch(tag):
            level = element.get("rend", tag)[-1:]
            yield Heading(_text(element), int(level) if level.isdigit() else 1)
        elif tag in {"li", "item", "dd"}:
            yield from (
                Item(block.text) if isinstance(block, Paragraph) else block for block in self.blocks(element, depth + 1)
            )
        else:
            yield from self.blocks(element, depth + 1)

    def _table(self, table: etree._Element) -> Iterator[Block]:
        rows = [tuple(_text(cell) for cell in row.iter(*self._cells)) for row in table.iter(self._row)]
        kept = [row for row in rows if any(row)]
        if max(map(len, kept), default=0) > 1:
            yield Table(tuple(kept), headed=len(kept) > 1)
        else:
            yield from (Paragraph(row[0]) for row in kept)


def _paragraph(loose: list[str]) -> Iterator[Block]:
    text = " ".join("".join(loose).split())
    loose.clear()
    if text:
        yield Paragraph(text)


def _text(element: etree._Element) -> str:
    return " ".join(_raw(element).split())


def _raw(element: etree._Element) -> str:
    """Return an element's text as it stands, a line break as a blank."""
    if element.tag in _BREAKS:
        return " "
    if not isinstance(element.tag, str) or element.tag in _SILENT:
        return ""
    return (element.text or "") + "".join(_raw(child) + (child.tail or "") for child in element)
