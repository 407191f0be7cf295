"""Calls: begin one, and what was said in those that there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from mimetypes import guess_type
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Query
from sqlalchemy import select
from sqlmodel import col
from starlette.responses import JSONResponse

from channels import discover
from errors import Impossible
from tenants.models import Call, Direction, Message, Turn, now
from webhooks.api import library, schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.repeats import RepeatKey, digest_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession

    from webhooks.api.desk import Desk
    from webhooks.api.needs import Dial

Ringer = Annotated[Caller, Depends(allowed("calls", secret=True))]
CallId = Annotated[str, Path(pattern=schemas.ID)]
SOUND = "audio/ogg"


@dataclass(frozen=True)
class Calls:
    """The routes that need the scope "calls"; without `dial` nobody can be called."""

    desk: Desk
    dial: Dial | None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        if self.dial is not None:
            app.add_api_route("/calls", self.begin, methods=["POST"], response_model=library.Dialled, status_code=202)
        app.add_api_route("/calls", self.listed, methods=["GET"], response_model=library.CallPage)
        app.add_api_route("/calls/{call_id}", self.told, methods=["GET"], response_model=library.CallTold)

    async def begin(self, caller: Ringer, asked: library.Dialling, key: RepeatKey = None) -> JSONResponse:
        """Call somebody; what becomes of it is told by GET /calls/{call_id}."""
        account_id = await self._account(caller, asked.account)

        async def begun() -> dict[str, Any]:
            assert self.dial is not None  # noqa: S101 - the route is there only then
            return {"call_id": await self.dial(account_id, asked.to, asked.opening)}

        kept = await self.desk.once(caller, key, digest_of("call", **asked.model_dump()), begun)
        return JSONResponse(kept, 202, {"Location": f"/api/v1/calls/{kept['call_id']}"})

    async def listed(
        self,
        caller: Ringer,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        before: Annotated[str | None, Query(pattern=schemas.ID, description="`next` of the page before.")] = None,
    ) -> library.CallPage:
        """List calls, newest first."""
        newest = select(Call).order_by(col(Call.started_at).desc(), col(Call.id).desc()).limit(limit + 1)
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            if before is not None:
                last = await _one(session, before)
                older = col(Call.started_at) < last.started_at
                same = (col(Call.started_at) == last.started_at) & (col(Call.id) < last.id)
                newest = newest.where(older | same)
            rows = list((await session.scalars(newest)).all())
        page = [library.CallRow(**_row(one)) for one in rows[:limit]]
        return library.CallPage(calls=page, next=rows[limit - 1].id if len(rows) > limit else None)

    async def told(self, caller: Ringer, call_id: CallId) -> library.CallTold:
        """Tell how a call went and what was said in it."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            call = await _one(session, call_id)
            said = (
                await session.scalars(
                    select(Message)
                    .join(Turn, col(Turn.id) == col(Message.turn_id))
                    .where(col(Turn.call_id) == call_id)
                    .order_by(col(Message.created_at), col(Message.id))
                )
            ).all()
        url = None
        if call.recording:
            mime = guess_type(call.recording)[0] or SOUND
            url = self.desk.needs.links.media(caller.tenant_id, call.recording, mime)
        return library.CallTold(**_row(call), transcript=_transcript(said), recording_url=url)

    async def _account(self, caller: Caller, account_id: str | None) -> str:
        """The tenant's account to call from."""
        carrying = {name for name, spec in discover().items() if spec.calls is not None and not spec.own}
        mine = await self.desk.needs.book.list(caller.tenant_id)
        able = [one.id for one in mine if one.active and one.channel in carrying]
        if account_id is not None and account_id in able:
            return account_id
        if account_id is None and len(able) == 1:
            return able[0]
        raise Impossible("account-unknown", "name an account of yours that carries calls")


async def _one(session: AsyncSession, call_id: str) -> Call:
    call = await session.get(Call, call_id)
    if call is None:
        raise Impossible("call-missing")
    return call


def _row(call: Call) -> dict[str, Any]:
    return {
        "call_id": call.id,
        "account": call.account_id,
        "outgoing": call.outgoing,
        "state": call.state,
        "reason": call.reason,
        "language": call.language,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "seconds": round(_seconds(call.answered_at, call.ended_at), 1),
    }


def _seconds(answered: datetime | None, ended: datetime | None) -> float:
    return max(0.0, ((ended or now()) - answered).total_seconds()) if answered else 0.0


def _transcript(said: Sequence[Message]) -> list[library.CallLine]:
    """What both sides said: of our answers only what was heard before the customer broke in."""
    lines = []
    for one in said:
        ours = one.direction == Direction.OUT
        text = one.heard if ours and one.heard is not None else one.text
        if text:
            lines.append(library.CallLine(speaker="bot" if ours else "customer", text=text, at=one.created_at))
    return lines
