"""The register of calls: who is expected, who talks, how it ended; every function works in the caller's session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import func, or_, select, update
from sqlmodel import col

from core_pipeline.contracts.calls import CallState, Ticket
from core_pipeline.history.threads import touched
from errors import Forged, Impossible
from tenants.db import scope_of
from tenants.models import Call, Conversation

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.calls import CallNews

# A caller whose sound has not come by then never will; somebody we call may let it ring.
EXPECTED_SECONDS = 60.0
RINGING_SECONDS = 120.0
# Somebody whose call was missed so long ago is not written to any more.
LATELY_SECONDS = 900.0
OPEN = (CallState.RINGING.value, CallState.RUNNING.value)


@dataclass(frozen=True)
class NewCall:
    """A call as it begins: the vendor's name of it, or one of ours until the vendor gives one."""

    conversation_id: str
    account_id: str
    provider_id: str
    outgoing: bool = False
    opening: str = ""
    language: str | None = None


async def open_call(session: AsyncSession, new: NewCall) -> tuple[Call, bool]:
    """Write the call, or find it; tells whether it is new."""
    found = await named(session, new.account_id, new.provider_id)
    if found is not None:
        return found, False
    call = Call(tenant_id=scope_of(session), **vars(new))
    session.add(call)
    await session.flush()
    await touched(session, call.conversation_id)
    return call, True


async def expect(session: AsyncSession, call: Call) -> Ticket:
    """Give the token with which the sound of a ringing call may come, once; earlier ones are void."""
    token = uuid4().hex
    call.token, call.started_at = _digest(token), datetime.now(UTC)
    await session.flush()
    return Ticket(call.id, call.tenant_id, call.account_id, token)


async def redeem(session: AsyncSession, token: str, provider_id: str | None, process: str) -> Ticket:
    """Take the call that this token is for; `Forged` for a token that is unknown, used, too old or another call's."""
    digest = _digest(token)
    call = await session.scalar(select(Call).where(col(Call.token) == digest))
    if call is None or call.state != CallState.RINGING:
        raise Forged("call-token", "no call waits for this token")
    longest = RINGING_SECONDS if call.outgoing else EXPECTED_SECONDS
    if datetime.now(UTC) - call.started_at > timedelta(seconds=longest):
        raise Forged("call-token", "the call was not brought in time")
    if provider_id is not None and not call.outgoing and provider_id != call.provider_id:
        raise Forged("call-token", "this token is for another call")
    await touched(session, call.conversation_id)
    now = datetime.now(UTC)
    once = update(Call).where(col(Call.id) == call.id, col(Call.token) == digest)
    taken = await session.execute(
        once.values(token=None, state=CallState.RUNNING.value, answered_at=now, process=process)
        .execution_options(synchronize_session=False)
        .returning(col(Call.id))
    )
    if taken.first() is None:
        raise Forged("call-token", "the token was used")
    return Ticket(call.id, call.tenant_id, call.account_id, token)


async def named(session: AsyncSession, account_id: str, provider_id: str) -> Call | None:
    """The call that the vendor knows by this name."""
    asked = select(Call).where(col(Call.account_id) == account_id, col(Call.provider_id) == provider_id)
    return await session.scalar(asked)


async def lines_taken(session: AsyncSession, longest: float) -> int:
    """How many calls of the tenant ring or run, leaving out those that must be over by now."""
    now = datetime.now(UTC)
    ringing = (col(Call.state) == CallState.RINGING.value) & (
        col(Call.started_at) > now - timedelta(seconds=EXPECTED_SECONDS)
    )
    running = (col(Call.state) == CallState.RUNNING.value) & (col(Call.started_at) > now - timedelta(seconds=longest))
    return int(await session.scalar(select(func.count(col(Call.id))).where(or_(ringing, running))) or 0)


async def missed(session: AsyncSession, call: Call, reason: str) -> None:
    """Note that the caller was not talked to, and why."""
    await touched(session, call.conversation_id)
    call.state, call.reason, call.token, call.ended_at = CallState.MISSED.value, reason, None, datetime.now(UTC)
    await session.flush()


async def told(session: AsyncSession, account_id: str, news: CallNews) -> Call | None:
    """Note the vendor's word on a call; gives the call if it will not be talked on any more because of it."""
    call = await named(session, account_id, news.provider_id)
    if call is None or not news.over or call.state != CallState.RINGING:
        return None
    await missed(session, call, news.reason or "not-answered")
    return call


async def called(session: AsyncSession, call_id: str, provider_id: str) -> None:
    """Note the vendor's name of a call of ours; `Impossible` when there is no such call."""
    call = await session.get(Call, call_id)
    if call is None:
        raise Impossible("no-such-call")
    call.provider_id = provider_id
    await session.flush()


async def whose(session: AsyncSession, token: str) -> str | None:
    """The account whose call waits for this token, for doors that learn of nothing else."""
    waiting = col(Call.token) == _digest(token)
    found = await session.scalar(
        select(col(Call.account_id)).where(waiting, col(Call.state) == CallState.RINGING.value)
    )
    return str(found) if found is not None else None


async def broken_off(session: AsyncSession, process: str) -> list[tuple[str, str]]:
    """Note that calls which this process was leading when it died are over; return their tenants' and their own ids."""
    theirs = (col(Call.process) == process) & (col(Call.state) == CallState.RUNNING.value)
    await _touched(session, theirs)
    dropped = (
        update(Call)
        .where(theirs)
        .values(state=CallState.DROPPED.value, reason="restart", ended_at=datetime.now(UTC))
        .execution_options(synchronize_session=False)
        .returning(col(Call.tenant_id), col(Call.id))
    )
    return [(tenant_id, call_id) for tenant_id, call_id in (await session.execute(dropped)).all()]


async def over(session: AsyncSession, call_id: str, reason: str) -> None:
    """Note that a call has ended, where whoever led it could not."""
    call = await session.get_one(Call, call_id)
    if call.state == CallState.RUNNING:
        await touched(session, call.conversation_id)
        broken = reason in {"dropped", "broke"}
        call.state, call.reason = (CallState.DROPPED if broken else CallState.ENDED).value, reason
        call.ended_at = datetime.now(UTC)


async def leading(session: AsyncSession) -> set[str]:
    """The processes that lead calls, as far as is written down."""
    return set(await session.scalars(select(col(Call.process)).where(col(Call.state) == CallState.RUNNING.value)))


async def unbrought(session: AsyncSession) -> list[tuple[str, str]]:
    """Note calls as missed that still ring though nobody can bring their sound any more; those that came to us."""
    rang = col(Call.started_at) < datetime.now(UTC) - timedelta(seconds=RINGING_SECONDS)
    forgotten = (col(Call.state) == CallState.RINGING.value) & rang
    await _touched(session, forgotten)
    missed_now = (
        update(Call)
        .where(forgotten)
        .values(state=CallState.MISSED.value, reason="not-brought", token=None, ended_at=datetime.now(UTC))
        .execution_options(synchronize_session=False)
        .returning(col(Call.tenant_id), col(Call.id), col(Call.outgoing))
    )
    return [(tenant_id, call_id) for tenant_id, call_id, ours in (await session.execute(missed_now)).all() if not ours]


async def lately_missed(session: AsyncSession) -> list[tuple[str, str]]:
    """The tenants' and own ids of calls to us that were missed a short while ago, and brought no message."""
    since = datetime.now(UTC) - timedelta(seconds=LATELY_SECONDS)
    asked = select(col(Call.tenant_id), col(Call.id)).where(
        col(Call.state) == CallState.MISSED.value,
        col(Call.reason) != "voicemail",
        col(Call.outgoing).is_(False),
        col(Call.ended_at) > since,
    )
    return [(tenant_id, call_id) for tenant_id, call_id in (await session.execute(asked)).all()]


async def conversation_of(session: AsyncSession, call_id: str) -> Conversation:
    """The conversation that a call is part of."""
    call = await session.get_one(Call, call_id)
    return await session.get_one(Conversation, call.conversation_id)


async def _touched(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Note that the conversations of these calls look different; before the calls, and in one order, as all do."""
    of_calls = select(col(Call.conversation_id)).where(which)
    asked = select(col(Conversation.id)).where(col(Conversation.id).in_(of_calls)).order_by(col(Conversation.id))
    for conversation_id in (await session.scalars(asked)).all():
        await touched(session, conversation_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
