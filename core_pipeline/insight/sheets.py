"""Figures as tables for other programs: CSV that spreadsheets open in either language."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from core_pipeline.insight.figures import Figures
    from core_pipeline.insight.standing import Share

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(name: str, figures: Figures) -> str:
    """One of the tables in `SHEETS` as CSV, with a mark by which spreadsheets know its letters."""
    return written(SHEETS[name](figures))


def written(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; what a spreadsheet would take for a formula is only text."""
    out = StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return BOM + out.getvalue()


def shares_sheet(shares: Iterable[Share]) -> str:
    """What each business had and cost, as CSV."""
    rows = [(one.tenant.slug, one.tenant.name_en, one.messages, one.answers, one.cost / 1e6) for one in shares]
    return written([("business", "name", "messages", "answers", "usd"), *rows])


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _days(figures: Figures) -> list[tuple[object, ...]]:
    return [("day", "incoming", "outgoing"), *((day.day, day.incoming, day.outgoing) for day in figures.days)]


def _channels(figures: Figures) -> list[tuple[object, ...]]:
    return [("channel", "incoming", "outgoing"), *figures.channels]


def _hours(figures: Figures) -> list[tuple[object, ...]]:
    rows = [(day, hour, times) for (day, hour), times in sorted(figures.hours.items())]
    return [("weekday", "hour", "incoming"), *rows]


def _answers(figures: Figures) -> list[tuple[object, ...]]:
    told = figures.answered
    names = ("turns", "unknown", "handed", "dead", "from_memory")
    return [("what", "times"), *((name, getattr(told, name)) for name in names)]


def _reached(figures: Figures) -> list[tuple[object, ...]]:
    names = ("kind", "sent", "delivered", "read", "played")
    return [names, *(tuple(getattr(one, name) for name in names) for one in figures.reached)]


def _stages(figures: Figures) -> list[tuple[object, ...]]:
    rows = [
        (one.stage, round(one.middle, 1), "" if one.slow is None else round(one.slow, 1), one.times)
        for one in figures.stages
    ]
    return [("stage", "median_ms", "p95_ms", "times"), *rows]


def _costs(figures: Figures) -> list[tuple[object, ...]]:
    rows = [(c.channel, c.stage, c.engine, c.times, round(c.units, 3), c.unit, c.cost / 1e6) for c in figures.costs]
    return [("channel", "stage", "engine", "times", "units", "unit", "usd"), *rows]


def _questions(figures: Figures) -> list[tuple[object, ...]]:
    return [("question", "times"), *((one.question, one.times) for one in figures.questions)]


SHEETS: dict[str, Callable[[Figures], list[tuple[object, ...]]]] = {
    "days": _days,
    "channels": _channels,
    "hours": _hours,
    "answers": _answers,
    "reached": _reached,
    "stages": _stages,
    "costs": _costs,
    "questions": _questions,
}
