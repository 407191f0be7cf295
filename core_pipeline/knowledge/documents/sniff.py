"""What a file really is: by its bytes, its name only where several kinds look alike."""

from __future__ import annotations

import io
import re
import zipfile

from core_pipeline.knowledge.documents.formats.encoding import decoded
from core_pipeline.knowledge.documents.formats.sheets import delimiter_of
from core_pipeline.media.wire import Refused

_OFFICE_97 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|div|article|section|table|p|h[1-6])\b[^>]*>", re.IGNORECASE)
_MARKED = re.compile(r"^(?:#{1,6} \S|\|.*\|\s*$|\* \S|\[.+\]\(.+\))|\*\*\S", re.MULTILINE)
_HEAD = 4_096


def kind_of(data: bytes, suffix: str = "") -> str:
    """Return one of `reading.KINDS`; `suffix` is the end of the file's name ("csv"), or empty.

    Raises `Refused` with document-kind, document-locked or document-old for what we don't read.
    """
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _packed(data)
    if data.startswith(_OFFICE_97):
        raise Refused("document-locked" if _ENCRYPTED in data else "document-old")
    return _text(decoded(data[:200_000]), suffix.lower().lstrip("."))


def _packed(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    raise Refused("document-kind", "an archive")


def _text(text: str, suffix: str) -> str:
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    if head.startswith("<") and (_HTML.search(head) or suffix in {"html", "htm", "xhtml"}):
        return "html"
    if suffix in {"csv", "tsv"}:
        return "csv"
    if suffix == "md" or (suffix != "txt" and _MARKED.search(head)):
        return "md"
    if suffix != "txt" and delimiter_of(text):
        return "csv"
    return "txt"
