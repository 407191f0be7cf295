"""The panel's words: English in the source, Arabic in a catalogue beside each subject's pages."""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parents[1]
LANGUAGES = {"ar": "rtl", "en": "ltr"}
FRAME = "frame"
OTHER = {"ar": "en", "en": "ar"}


@cache
def words(language: str, subject: str = "") -> gettext.NullTranslations:
    """The subject's words in this language, then the frame's, then those of all others; English stands in the source.

    A word may mean one thing here and another there: "seen" of a message, "seen" of a colleague.
    """
    if subject not in {"", FRAME}:
        return _before(words(language, FRAME), HERE / subject / f"{language}.po")
    found = words(language) if subject else gettext.NullTranslations()
    for file in [HERE / FRAME / f"{language}.po"] if subject else sorted(HERE.glob(f"*/{language}.po")):
        found = _before(found, file)
    return found


def _before(others: gettext.NullTranslations, file: Path) -> gettext.NullTranslations:
    """The catalogue in the file, and these where it has no such word."""
    if not file.is_file():
        return others
    found = gettext.GNUTranslations(_compiled(read(file)))
    found.add_fallback(others)
    return found


def read(file: Path) -> Catalog:
    """A subject's catalogue."""
    with file.open("rb") as opened:
        return read_po(opened, locale=file.stem)


def _compiled(catalog: Catalog) -> BytesIO:
    out = BytesIO()
    write_mo(out, catalog)
    out.seek(0)
    return out
