"""Which encoding a text was saved in: the marks it begins with, UTF-8 if it fits, else what gives Arabic words."""

from __future__ import annotations

import codecs
import re

from core_pipeline.knowledge.documents.mending.evidence import leaning
from core_pipeline.media.wire import Refused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARABIC = ("cp1256", "iso8859_6", "cp720")
_LATIN = "cp1252"
_SAMPLE = 20_000
_HIGH = re.compile(rb"[\x80-\xff]+")
_RUN = 3
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_BINARY = 0.02
CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", _LATIN, *_ARABIC)


def decoded(data: bytes, named: str | None = None) -> str:
    """Return the text; `named` is what the file itself claims. Raises `Refused("document-kind")` for no text at all."""
    text = data.decode(_encoding(data, named), errors="replace")
    if len(_BINARY.findall(text[:_SAMPLE])) > _MOST_BINARY * len(text[:_SAMPLE]):
        raise Refused("document-kind", "binary")
    return text


def _encoding(data: bytes, named: str | None) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if wide := _wide(data[:_SAMPLE]):
        return wide
    if _fits(data, "utf-8"):
        return "utf-8"
    if named in CODECS and _fits(data, named):
        return named
    return _single_byte(data)


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: blanks and line ends have a zero byte on one side."""
    little = sum(sample.count(sign) for sign in (b" \x00", b"\n\x00", b",\x00"))
    big = sum(sample.count(sign) for sign in (b"\x00 ", b"\x00\n", b"\x00,"))
    if sample.count(b"\0") * 20 < len(sample) or little == big:
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _fits(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(data: bytes) -> str:
    """Arabic words are runs of high bytes; accented Latin letters stand alone."""
    sample = data[:_SAMPLE]
    runs = [len(run) for run in _HIGH.findall(sample)]
    if sum(length >= _RUN for length in runs) * 3 < len(runs):
        return _LATIN
    return max(_ARABIC, key=lambda name: leaning(sample.decode(name, errors="replace")))
