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
OTHER = {"ar": "en", "en": "ar"}


@cache
def words(language: str) -> gettext.NullTranslations:
    """All subjects' words in this language; English is what stands in the source."""
    found = gettext.NullTranslations()
    for file in sorted(HERE.glob(f"*/{language}.po")):
        translations = gettext.GNUTranslations(_compiled(read(file)))
        translations.add_fallback(found)
        found = translations
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
