"""Reads documents, in whatever process it is called: for a stranger's file that is a child of the sandbox's zygote."""

from __future__ import annotations

import codecs
import io
import logging
from collections.abc import Callable, Mapping
from typing import Any

import docx
import openpyxl

from core_pipeline.knowledge.documents.blocks import written
from core_pipeline.knowledge.documents.formats.draft import Draft
from core_pipeline.knowledge.documents.formats.encoding import CODECS
from core_pipeline.knowledge.documents.formats.html import read_html
from core_pipeline.knowledge.documents.formats.pdf import read_pdf
from core_pipeline.knowledge.documents.formats.plain import read_plain
from core_pipeline.knowledge.documents.formats.sheets import read_values, read_workbook
from core_pipeline.knowledge.documents.formats.word import read_word
from core_pipeline.knowledge.documents.reading import Reading
from core_pipeline.knowledge.documents.sniff import kind_of
from core_pipeline.media.wire import Refused

SUBJECT = "document"
CPU_SECONDS = 60
_READERS: Mapping[str, Callable[[bytes], Draft]] = {
    "docx": read_word,
    "xlsx": read_workbook,
    "csv": read_values,
    "html": read_html,
    "md": lambda data: read_plain(data, marked=True),
    "txt": lambda data: read_plain(data, marked=False),
}


def work(verb: str, details: Mapping[str, Any], data: bytes) -> bytes:
    """Return the packed reading of a file; `verb` is "read", `details` hold "suffix", "most_pages", "most_letters"."""
    del verb
    return read(data, details["suffix"], details["most_pages"], details["most_letters"]).pack()


def read(data: bytes, suffix: str, most_pages: int, most_letters: int) -> Reading:
    """Read a file of any kind; raises `Refused`, or whatever a library raises over a broken one."""
    kind = kind_of(data, suffix)
    draft: Draft = read_pdf(data, most_pages) if kind == "pdf" else _READERS[kind](data)
    pages = tuple(written(page) for page in draft.pages)
    if not any(sign.isalnum() for page in pages for sign in page):
        raise Refused("document-empty")
    if sum(map(len, pages)) > most_letters:
        raise Refused("document-too-long", f"more than {most_letters} letters")
    return Reading(kind, pages, draft.mended, draft.title)


def warm() -> None:
    """Read one tiny file of each kind, so that every module and codec is there when no file can be opened any more."""
    logging.disable(logging.CRITICAL)
    for name in CODECS:
        codecs.lookup(name)
    for data, suffix in _tiny():
        read(data, suffix, 10, 10_000)


def _tiny() -> list[tuple[bytes, str]]:
    rows = [["اسم", "price"], ["شاي", 10.5]]
    book, paper = io.BytesIO(), io.BytesIO()
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("List")
    for row in rows:
        sheet.append(row)
    workbook.save(book)
    document = docx.Document()
    document.add_heading("عنوان", 1)
    document.add_paragraph("One point", style="List Bullet")
    document.add_table(1, 2).cell(0, 0).text = "cell"
    document.save(paper)
    page = (
        "<html><head><title>Tea</title></head><body><h1>Tea</h1><p>Tea &amp; coffee é.</p><table><tr><td>a<td>b</table>"
    )
    return [(_PDF, "pdf"), (paper.getvalue(), "docx"), (book.getvalue(), "xlsx"), (b"a,b\n1,2\n", "csv"),
            (page.encode(), "html"), ("# عنوان\n\n- one".encode(), "md"), ("نص".encode("cp1256"), "txt")]  # fmt: skip


_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype"
    b"/Type1/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length 34>>stream\nBT /F 12 Tf 9 50 Td (Tea) Tj ET\n"
    b"endstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)
