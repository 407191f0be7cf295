"""Draws pages: one Jinja environment a language, with filters for times, numbers and names in that language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from admin.frame.shapes import changes, ticks
from admin.frame.words import FRAME, HERE, LANGUAGES, words
from tenants.models import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from admin.frame.assets import Assets

# Latin figures in both languages: prices, telephone numbers and figures are compared with what stands elsewhere.
FIGURES = "latn"
DEFAULT_ZONE = "Africa/Cairo"


@dataclass(frozen=True)
class Locale:
    """What a language and a place make of times and numbers."""

    language: str

    def when(self, at: datetime | None, zone: str = DEFAULT_ZONE) -> str:
        """Day and time: "21 Nov, 9:05 PM"; nothing for None."""
        if at is None:
            return ""
        pattern = "d MMM، h:mm a" if self.language == "ar" else "d MMM, h:mm a"
        return str(format_datetime(at.astimezone(ZoneInfo(zone)), pattern, locale=self.language))

    def day(self, at: date | None, zone: str = DEFAULT_ZONE) -> str:
        """A date with its year, of a time the one at this place; nothing for None."""
        if at is None:
            return ""
        here = at.astimezone(ZoneInfo(zone)) if isinstance(at, datetime) else at
        return str(format_date(here, "d MMM y", locale=self.language))

    def ago(self, at: datetime | None) -> str:
        """How long ago that was, or until when it is: "3 hours ago"; nothing for None."""
        return "" if at is None else str(format_timedelta(at - now(), add_direction=True, locale=self.language))

    def num(self, value: float | str, digits: int = 2) -> str:
        """A number with at most so many digits after the point."""
        pattern = f"#,##0.{'#' * digits}" if digits else "#,##0"
        return format_decimal(value, pattern, locale=self.language, numbering_system=FIGURES)

    def percent(self, value: float | None) -> str:
        """A part of one as a percentage; a dash for None."""
        if value is None:
            return "–"
        return format_percent(value, locale=self.language, numbering_system=FIGURES)

    def dollars(self, millionths: int) -> str:
        """Millionths of a US dollar as dollars, exactly enough to see small ones."""
        pattern = "¤#,##0.00" if millionths >= 1_000_000 or millionths == 0 else "¤#,##0.0000"
        value, where = millionths / 1_000_000, self.language
        # Left to the currency, there would be two digits whatever the pattern says.
        return format_currency(value, "USD", pattern, where, currency_digits=False, numbering_system=FIGURES)


class Drawing:
    """All pages of the panel, in both languages."""

    def __init__(self, assets: Assets) -> None:
        self._environments = {language: _environment(language, assets) for language in LANGUAGES}

    def page(self, language: str, name: str, given: Mapping[str, Any], *, block: str | None = None) -> str:
        """Draw a template ("knowledge/entries.html"), or one block of it, for a part of a page."""
        template = self._environments[language].get_template(name)
        if block is None:
            return template.render(given)
        return "".join(template.blocks[block](template.new_context(dict(given))))


class _Subjects(PrefixLoader):
    """Subjects' templates under their whole names, by which their words are looked up; jinja2 would cut these."""

    load = BaseLoader.load


def _loader() -> BaseLoader:
    """The frame's templates by their names, a subject's as "subject/name.html"."""
    subjects = {place.parent.name: FileSystemLoader(place) for place in HERE.glob("*/templates")}
    return ChoiceLoader([FileSystemLoader(HERE / "frame" / "templates"), _Subjects(subjects)])


def _speaking(language: str) -> tuple[Callable[..., str], Callable[..., str]]:
    """How templates look words up: in the catalogue that lies beside them, then in the others."""

    @pass_context
    def gettext(context: Context, text: str) -> str:
        return words(language, _subject(context)).gettext(text)

    @pass_context
    def ngettext(context: Context, one: str, many: str, count: int) -> str:
        return words(language, _subject(context)).ngettext(one, many, count)

    return gettext, ngettext


def _subject(context: Context) -> str:
    folder, slash, _ = (context.name or "").partition("/")
    return folder if slash else FRAME


def _environment(language: str, assets: Assets) -> Environment:
    environment = Environment(
        loader=_loader(),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The extension gives this one at run time; one environment a language, for the words lie in its globals.
    environment.install_gettext_callables(*_speaking(language), newstyle=True)  # type: ignore[attr-defined]  # by the extension
    locale = Locale(language)
    environment.filters |= {
        "when": locale.when,
        "day": locale.day,
        "ago": locale.ago,
        "num": locale.num,
        "percent": locale.percent,
        "dollars": locale.dollars,
        "mmss": lambda seconds: f"{int(seconds or 0) // 60}:{int(seconds or 0) % 60:02d}",
    }
    environment.globals |= {"lang": language, "dir": LANGUAGES[language], "asset": assets.address}
    environment.globals |= {"changes": changes, "ticks": ticks}
    return environment
