"""Leads the talks of one process: a host for each call, its face, and an end for all when the process must go."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core_pipeline.calls.call import Call
from core_pipeline.calls.hosting import host_for
from core_pipeline.calls.segments import Segments
from core_pipeline.calls.showing import Showing
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history.threads import touched
from errors import SawtakError
from tenants.models import Call as Kept
from tenants.models import Tenant, now
from tenants.policy import Policy

if TYPE_CHECKING:
    from core_pipeline.calls.equipment import Equipment
    from core_pipeline.calls.face import LiveFaces
    from core_pipeline.calls.lobby import Lobby
    from core_pipeline.contracts.calls import Ticket
    from core_pipeline.contracts.legs import Leg
    from core_pipeline.media.sandbox import Sandbox

log = logging.getLogger(__name__)

# Once running calls have had their time: to finish a sentence, and to say goodbye.
GRACE_SECONDS, GOODBYE_SECONDS = 5.0, 10.0
TICK = 0.1


@dataclass
class Leading:
    """The `Leader` of one process."""

    lobby: Lobby
    equipment: Equipment
    sandbox: Sandbox
    faces: LiveFaces
    closing: bool = False
    calls: dict[str, Call] = field(default_factory=dict)
    beginning: int = 0

    @property
    def taken(self) -> int:
        """How many talks run."""
        return len(self.calls) + self.beginning

    async def lead(self, ticket: Ticket, leg: Leg) -> str:
        """Talk until the call ends; gives the reason of its end, "broke" also where it could not begin."""
        showing: Showing | None = None
        self.beginning += 1
        try:
            faces, seen = leg.screen in {"track", "films"}, leg.screen != "none"
            line = {"faces": faces, "seen": seen, "transfers": leg.transfers}
            host, manner = await host_for(self.lobby, ticket.call_id, **line)
            showing = await self._showing(ticket, leg, host.language)
            shown = {"on_spoken": showing.spoken} if showing else await self._films(ticket, leg, host.language)
            call = Call(showing or leg, host, manner, self.equipment, **shown)
        except Exception:
            log.exception("call %s could not begin", ticket.call_id)
            await self._failed(ticket, leg)
            return "broke"
        finally:
            self.beginning -= 1
        self.calls[ticket.call_id] = call
        try:
            if self.closing:
                call.stop()
            return (await call.run()).reason
        finally:
            del self.calls[ticket.call_id]
            if showing is not None:
                showing.close()

    async def drain(self, seconds: float) -> None:
        """Begin no more talks, let running ones go on for so long, then say goodbye to those that still run."""
        self.closing = True
        await self._none_within(seconds)
        for call in list(self.calls.values()):
            call.stop(grace=GRACE_SECONDS)
        await self._none_within(GRACE_SECONDS + GOODBYE_SECONDS)

    async def _none_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.taken:
                    await asyncio.sleep(TICK)

    def figures(self) -> dict[str, Any]:
        """How many talks and faces there are here, for who watches over them."""
        return {"calls": self.taken, "faces": self.faces.count}

    async def _showing(self, ticket: Ticket, leg: Leg, language: str) -> Showing | None:
        if leg.screen != "track":
            return None
        face = await self.faces.of(ticket.tenant_id, await self._policy(ticket.tenant_id), language)
        return Showing(leg, face) if face is not None else None

    async def _films(self, ticket: Ticket, leg: Leg, language: str) -> dict[str, Any]:
        """What makes a film of each sentence, where the caller sees films."""
        if leg.screen != "films":
            return {}
        try:
            face = await self.faces.chosen(ticket.tenant_id, await self._policy(ticket.tenant_id), language)
        except SawtakError as error:
            log.info("call %s is only heard: %s", ticket.call_id, error)
            return {}
        order = For(Ledger(), ticket.tenant_id, Priority.CALL)
        return {"filming": Segments(self.lobby.engines, self.sandbox, order, face).of}

    async def _policy(self, tenant_id: str) -> Policy:
        async with self.lobby.db.tenant(tenant_id, reads=True) as session:
            return Policy.model_validate((await session.get_one(Tenant, tenant_id)).policy)

    async def _failed(self, ticket: Ticket, leg: Leg) -> None:
        with suppress(SawtakError, OSError):
            await leg.hang_up()
        async with self.lobby.db.tenant(ticket.tenant_id) as session:
            call = await session.get_one(Kept, ticket.call_id)
            await touched(session, call.conversation_id)
            call.state, call.reason, call.ended_at = CallState.FAILED.value, "broke", now()
