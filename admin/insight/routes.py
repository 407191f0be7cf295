"""A period in figures, and its tables for other programs."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_time
from starlette.responses import Response

from admin.frame.doors import Door, Nav
from admin.insight import charts
from core_pipeline.insight.figures import earlier, figures
from core_pipeline.insight.period import Period
from core_pipeline.insight.sheets import SHEETS, sheet
from errors import Impossible
from tenants import open_questions, quotas
from tenants.models import now
from tenants.people.roles import May

if TYPE_CHECKING:
    from admin.frame.visit import Visit

SPANS = (7, 30, 90)
# The week begins on Saturday in most of the Arab world, and on Monday elsewhere.
WEEKS = {"ar": (5, 6, 0, 1, 2, 3, 4), "en": (0, 1, 2, 3, 4, 5, 6)}


async def overview(visit: Visit) -> Response:
    """The page of figures."""
    period, wrong = _asked(visit)
    async with visit.work(reads=True) as session:
        found, before = await figures(session, period), await earlier(session, period.before)
        month = await quotas.month(session, visit.zone)
        unanswered = await open_questions.page(session, open_questions.OPEN, limit=10)
    names = Locale.parse(visit.language).days["stand-alone"]["abbreviated"]
    order = WEEKS[visit.language]
    return visit.page(
        "insight/overview.html",
        status=422 if wrong else 200,
        wrong=wrong,
        found=found,
        before=before,
        month=month,
        unanswered=unanswered,
        spans=SPANS,
        bars=charts.bars(found.days, mirrored=visit.language == "ar"),
        most=charts.most(found.days),
        squares=charts.squares(found.hours, order),
        weekdays=[names[day] for day in order],
        busiest=_busiest(visit, charts.busiest(found.hours)),
        box={"width": charts.WIDTH, "height": charts.HEIGHT, "head": charts.HEAD},
        sheets=list(SHEETS),
    )


def _busiest(visit: Visit, place: tuple[int, int] | None) -> tuple[str, str] | None:
    """The busiest hour as people say it: its day and its time."""
    if place is None:
        return None
    weekday, hour = place
    day = Locale.parse(visit.language).days["stand-alone"]["wide"][weekday]
    return day, format_time(time(hour), "h a", locale=visit.language)


async def table(visit: Visit) -> Response:
    """One table as a file."""
    name = visit.path("name")
    if name not in SHEETS:
        raise Impossible("missing", "there is no such table")
    period, wrong = _asked(visit)
    if wrong:
        raise Impossible("period", wrong)
    async with visit.work(reads=True) as session:
        text = sheet(name, await figures(session, period))
    file = f"{visit.the_tenant.slug}-{name}-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _asked(visit: Visit) -> tuple[Period, str]:
    """The period in the address, and what is wrong with it: then it is the usual one."""
    given, usual = visit.request.query_params, Period.latest(30, visit.zone, now())
    try:
        if "from" in given or "to" in given:
            first = date.fromisoformat(given.get("from") or str(usual.first))
            return Period.between(first, date.fromisoformat(given.get("to") or str(usual.last)), visit.zone), ""
        days = int(given.get("days", 30))
        return (Period.latest(days, visit.zone, now()), "") if days in SPANS else (usual, "")
    except (ValueError, Impossible):
        return usual, visit._("Choose a first day before the last, at most a year together.")


DOORS = (
    Door("GET", "/t/{tenant}/insight", May.SEE, overview),
    Door("GET", "/t/{tenant}/insight/{name}.csv", May.SEE, table),
)
NAV = (Nav(70, "/t/{tenant}/insight", "Insight", "chart", May.SEE),)
