"""A period in figures, as the panel shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from core_pipeline.insight import figures as insight
from core_pipeline.insight.period import Period
from core_pipeline.insight.sheets import sheet
from tenants import quotas
from tenants.models import now
from webhooks.api.access import Caller, allowed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core_pipeline.insight.figures import Figures
    from webhooks.api.desk import Desk

Reader = Annotated[Caller, Depends(allowed("insight", secret=True))]
SheetName = Literal["days", "channels", "hours", "answers", "reached", "stages", "costs", "questions"]
First = Annotated[date | None, Query(alias="from", description="The first day; thirty days ago if none is given.")]
Last = Annotated[date | None, Query(alias="to", description="The last day; today if none is given.")]
USUAL_DAYS = 30


class DayTold(BaseModel):
    """Messages of one day."""

    day: date
    incoming: int
    outgoing: int


class EndsTold(BaseModel):
    """How turns ended; `by_bot` is the part answered from what the bot knows."""

    turns: int
    unknown: int
    handed: int
    dead: int
    from_memory: int
    by_bot: float | None


class ReachedTold(BaseModel):
    """What became of answers in one form."""

    kind: str
    sent: int
    delivered: int
    read: int
    played: int


class StageTold(BaseModel):
    """How long a stage takes, in milliseconds."""

    stage: str
    median_ms: float
    p95_ms: float | None
    times: int


class CostTold(BaseModel):
    """What one engine took in one channel, in US dollars."""

    channel: str
    stage: str
    engine: str
    times: int
    units: float
    unit: str
    usd: float


class AskedTold(BaseModel):
    """A question and how often it was asked."""

    question: str
    times: int


class MonthTold(BaseModel):
    """The current month: `most` answers are allowed (0: as many as there are), `stop` keeps the bot quiet after."""

    used: int
    most: int
    stop: bool


class InsightTold(BaseModel):
    """A period in figures; its days are those of `zone`."""

    first: date
    last: date
    zone: str
    made_at: datetime
    conversations: int
    new_conversations: int
    calls: int
    call_minutes: float
    median_answer_ms: float | None
    days: list[DayTold]
    answers: EndsTold
    reached: list[ReachedTold]
    stages: list[StageTold]
    costs: list[CostTold]
    questions: list[AskedTold]
    month: MonthTold


@dataclass(frozen=True)
class Insight:
    """The routes that need the scope "insight"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/insight", self.told, methods=["GET"], response_model=InsightTold)
        sheets: dict[int | str, dict[str, Any]] = {
            200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table."}
        }
        app.add_api_route("/insight/{name}.csv", self.table, methods=["GET"], response_class=Response, responses=sheets)

    async def told(self, caller: Reader, first: First = None, last: Last = None) -> InsightTold:
        """Tell a period in figures: at most a year."""
        found, month = await self._figures(caller, first, last)
        return InsightTold(
            first=found.period.first,
            last=found.period.last,
            zone=found.period.zone,
            made_at=now(),
            conversations=found.talked,
            new_conversations=found.began,
            calls=found.calls,
            call_minutes=round(found.minutes, 2),
            median_answer_ms=found.whole.middle if found.whole else None,
            days=[DayTold(**vars(day)) for day in found.days],
            answers=EndsTold(**vars(found.answered), by_bot=found.answered.by_bot),
            reached=[ReachedTold(**vars(one)) for one in found.reached],
            stages=[StageTold(stage=s.stage, median_ms=s.middle, p95_ms=s.slow, times=s.times) for s in found.stages],
            costs=[
                CostTold(**{k: v for k, v in vars(c).items() if k != "cost"}, usd=c.cost / 1e6) for c in found.costs
            ],
            questions=[AskedTold(**vars(one)) for one in found.questions],
            month=MonthTold(used=month.used, most=month.most, stop=month.stop),
        )

    async def table(self, caller: Reader, name: SheetName, first: First = None, last: Last = None) -> Response:
        """Give one table of the period as CSV."""
        found, _ = await self._figures(caller, first, last)
        return Response(sheet(name, found), media_type="text/csv; charset=utf-8")

    async def _figures(self, caller: Caller, first: date | None, last: date | None) -> tuple[Figures, quotas.Month]:
        _, policy = await self.desk.tenant(caller.tenant_id)
        zone = policy.zone
        usual = Period.latest(USUAL_DAYS, zone, now())
        period = Period.between(first or min(usual.first, last or usual.first), last or usual.last, zone)
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return await insight.figures(session, period), await quotas.month(session, zone)
