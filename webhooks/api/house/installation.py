"""The installation for whoever runs it: what runs, what failed, what is wrong, what it costs, what is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from core_pipeline.operating.costs import this_month
from tenants import choices, quotas
from tenants.choices import Choices
from tenants.quotas import MOST_ANSWERS
from webhooks.api import schemas
from webhooks.api.house.agencies import Business, CostsTold, costs_told
from webhooks.api.house.ground import IN_PLATFORM, PLATFORM, Platform, lay

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from core_pipeline.insight.standing import Trouble
    from core_pipeline.operating.machine import Machine
    from core_pipeline.turns.desk import DeadLetter
    from webhooks.api.desk import Desk

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class ProcessTold(BaseModel):
    """A process of ours: "serve" answers requests, "worker" answers messages; `there`: heard of lately."""

    name: str
    kind: str
    there: bool
    started_at: datetime
    seen_at: datetime


class StateTold(BaseModel):
    """What runs and what is stuck.

    `waiting` messages are in the inbox (counted up to 1000), `running` are being answered, the oldest since `oldest`,
    `dead` failed for good. `engines` are figures of the process that answers you.
    """

    waiting: int
    running: int
    oldest: datetime | None
    dead: int
    documents: int
    failed_documents: int
    notices: int
    dead_notices: int
    processes: list[ProcessTold]
    engines: dict[str, Any]


class LetterTold(BaseModel):
    """A message whose answer failed for good, at which step and why."""

    turn_id: str
    business: str
    failed_step: str
    cause: str
    died_at: datetime | None


class Retrying(schemas.Asking):
    """Which dead letter is tried again."""

    turn_id: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class TroubleTold(BaseModel):
    """One kind of refusal by a network, at whose account, how often, when last."""

    business: str
    channel: str
    account: str
    error: str
    times: int
    last: datetime


class FindingTold(BaseModel):
    """One thing that was looked at; `fix` says what to do when it is not `fine`."""

    what: str
    fine: bool
    fix: str


class LineTold(BaseModel):
    """A line that a process wrote about itself; no customer's words are in it."""

    at: str
    level: str
    name: str
    text: str
    process: str


class QuotaAsked(schemas.Asking):
    """How many answers a month (0: no bound), and whether the bot keeps quiet once they are used."""

    messages: Annotated[int, Field(ge=0, le=MOST_ANSWERS)]
    stop: bool = False


class QuotaTold(BaseModel):
    """What a month may bring a business."""

    messages: int
    stop: bool


@dataclass(frozen=True)
class Installation:
    """The routes under /platform; without a `machine` those are missing that look at it."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        base, guarded = IN_PLATFORM, [PLATFORM]
        lay(app, "GET", f"{base}/costs", self.costs, response_model=CostsTold, dependencies=guarded)
        lay(app, "PUT", f"{base}/businesses/{{business}}/quota", self.allowed, response_model=QuotaTold)
        lay(app, "GET", f"{base}/settings", self.settings, response_model=Choices, dependencies=guarded)
        lay(app, "PUT", f"{base}/settings", self.chosen, response_model=Choices)
        if (machine := self.desk.needs.machine) is not None:
            Looked(machine).add_to(app)

    async def costs(self) -> CostsTold:
        """Tell what each business had and cost this month, and how much it may have."""
        async with self.desk.needs.db.platform(reads=True) as session:
            return costs_told(*await this_month(session))

    async def allowed(self, house: Platform, business: Business, asked: QuotaAsked) -> QuotaTold:
        """Let a business have so many answers a month."""
        async with self.desk.needs.db.platform() as session:
            await quotas.grant(session, house.by.actor, business, asked.messages, stop=asked.stop)
        return QuotaTold(messages=asked.messages, stop=asked.stop)

    async def settings(self) -> Choices:
        """Tell the choices for the whole installation."""
        async with self.desk.needs.db.platform(reads=True) as session:
            return await choices.read(session)

    async def chosen(self, house: Platform, asked: Choices) -> Choices:
        """Make the choices for the whole installation; what is left out gets its default."""
        async with self.desk.needs.db.platform() as session:
            await choices.decide(session, house.by.actor, asked)
        return asked


@dataclass(frozen=True)
class Looked:
    """The routes that look at the running installation."""

    machine: Machine

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        looks: dict[str, tuple[Callable[..., Any], Any]] = {
            "state": (self.state, StateTold),
            "letters": (self.letters, list[LetterTold]),
            "troubles": (self.troubles, list[TroubleTold]),
            "findings": (self.findings, list[FindingTold]),
            "logs": (self.logs, list[LineTold]),
        }
        for name, (handler, told) in looks.items():
            lay(app, "GET", f"{IN_PLATFORM}/{name}", handler, response_model=told, dependencies=[PLATFORM])
        lay(app, "POST", f"{IN_PLATFORM}/letters/retry", self.retry, status_code=204)

    async def state(self) -> StateTold:
        """Tell what runs and what waits."""
        found = await self.machine.state()
        told = [
            ProcessTold(name=one.name, kind=one.kind, there=there, started_at=one.started_at, seen_at=one.seen_at)
            for one, there in found.processes
        ]
        counted = vars(found.standing)
        return StateTold(**counted, waiting=found.waiting, processes=told, engines=dict(found.engines))

    async def letters(self) -> list[LetterTold]:
        """List answers that failed for good, newest first."""
        rows = await self.machine.letters.dead_letters()
        return [
            LetterTold(business=one.tenant, **{k: v for k, v in vars(one).items() if k != "tenant"}) for one in rows
        ]

    async def retry(self, house: Platform, asked: Retrying) -> Response:
        """Try a dead letter again from the step that failed."""
        await self.machine.retry(house.by.actor, asked.turn_id)
        return Response(status_code=204)

    async def troubles(self) -> list[TroubleTold]:
        """List what networks refused in the last seven days, the most frequent first."""
        rows = await self.machine.troubles()
        return [
            TroubleTold(business=one.tenant, **{k: v for k, v in vars(one).items() if k != "tenant"}) for one in rows
        ]

    async def findings(self) -> list[FindingTold]:
        """Say what is missing or wrong and what to do; asks every engine, which may take some seconds."""
        return [FindingTold(**vars(one)) for one in await self.machine.findings()]

    async def logs(self, level: Level = "INFO", words: Annotated[str, Query(max_length=100)] = "") -> list[LineTold]:
        """List what processes on this machine wrote about themselves lately, newest first."""
        return [LineTold(**vars(one)) for one in await self.machine.logs(level, words)]


def _of_business(one: DeadLetter | Trouble) -> dict[str, Any]:
    """Its fields, the business by the name that the API has for it."""
    return {"business" if name == "tenant" else name: value for name, value in vars(one).items()}
