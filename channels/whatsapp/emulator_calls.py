"""The emulated vendor's calls: what became of each, and what our actions on it may be."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from channels.whatsapp.emulator_errors import GraphError
from channels.whatsapp.emulator_events import bsuid, connect_event, progress_event, terminate_event
from channels.wild import table, words

Post = Callable[[str, dict[str, Any]], Awaitable[None]]

_DEADLINE = 45.0
# What an action makes of a call, by the state in which it is allowed.
_NEXT = {
    "pre_accept": {"ringing": "pre-accepted"},
    "accept": {"ringing": "accepted", "pre-accepted": "accepted"},
    "reject": {"ringing": "rejected", "pre-accepted": "rejected"},
    "terminate": {"ringing": "ended", "pre-accepted": "ended", "accepted": "ended", "calling": "ended"},
}


@dataclass
class EmulatedCall:
    """One call: its state, the description that the business gave, and when it was taken."""

    wacid: str
    customer: str
    state: str = "ringing"
    sdp: str = ""
    rang_at: float = field(default_factory=time.monotonic)
    taken_at: float | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def seconds(self) -> float | None:
        """How long it lasted until now."""
        return None if self.taken_at is None else time.monotonic() - self.taken_at

    async def become(self, state: str) -> None:
        """Change the state and wake whoever waits for it."""
        async with self.changed:
            self.state = state
            self.changed.notify_all()

    async def until(self, *states: str, timeout: float = 30.0) -> str:
        """Wait for one of these states, or an end; gives the state."""
        async with asyncio.timeout(timeout), self.changed:
            await self.changed.wait_for(lambda: self.state in {*states, "rejected", "ended"})
        return self.state


class CallDesk:
    """The calls of one number; `permitted` customers may be called by the business; faults are noted in `faults`."""

    def __init__(self, account: str, post: Post, deadline: float = _DEADLINE) -> None:
        self._account, self._post, self._deadline = account, post, deadline
        self.calls: dict[str, EmulatedCall] = {}
        self.permitted: set[str] = set()
        self.asked: list[str] = []
        self.enabled = False
        self.dialled: asyncio.Queue[tuple[EmulatedCall, str]] = asyncio.Queue()
        self.faults: list[str] = []

    def allow(self, seconds: float) -> None:
        """From now on give the business so long to take a call."""
        self._deadline = seconds

    async def ring(self, customer: str, offer: str) -> EmulatedCall:
        """Let a customer call with this offer."""
        call = self._new(customer)
        session = {"sdp_type": "offer", "sdp": offer}
        await self._post(customer, connect_event(self._account, customer, call.wacid, session, "USER_INITIATED"))
        return call

    async def hang_up(self, call: EmulatedCall) -> None:
        """Let the customer end a call, answered or not."""
        if call.state not in {"ended", "rejected"}:
            status = "COMPLETED" if call.taken_at is not None else "FAILED"
            await call.become("ended")
            await self._tell_end(call, status)

    async def answer(self, call: EmulatedCall, sdp: str) -> None:
        """Let the customer take a call of the business's."""
        session = {"sdp_type": "answer", "sdp": sdp}
        await self._post(
            call.customer, connect_event(self._account, call.customer, call.wacid, session, "BUSINESS_INITIATED")
        )
        call.taken_at = time.monotonic()
        await call.become("accepted")
        await self._post(call.customer, progress_event(self._account, call.customer, call.wacid, "ACCEPTED"))

    async def refuse(self, call: EmulatedCall) -> None:
        """Let the customer not take a call of the business's."""
        await call.become("rejected")
        await self._post(call.customer, progress_event(self._account, call.customer, call.wacid, "REJECTED"))

    async def act(self, body: dict[str, Any]) -> dict[str, Any]:
        """Do what the business asks; a `GraphError` for what it may not."""
        if body.get("action") == "connect":
            return await self._connect(body)
        call = self.calls.get(words(body.get("call_id")) or "")
        action = words(body.get("action")) or ""
        if call is None or action not in _NEXT:
            raise GraphError(400, 100, "Invalid call_id or action")
        if call.state not in _NEXT[action]:
            raise GraphError(400, 138003, f"The call is {call.state}")
        if action in {"pre_accept", "accept"}:
            self._check_answer(call, table(body.get("session")))
        if action == "accept":
            call.taken_at = time.monotonic()
        await call.become(_NEXT[action][call.state])
        if action == "terminate":
            await self._tell_end(call, "COMPLETED")
        return {"messaging_product": "whatsapp", "success": True}

    def _check_answer(self, call: EmulatedCall, session: dict[str, Any]) -> None:
        sdp = words(session.get("sdp")) or ""
        if session.get("sdp_type") != "answer" or "opus/48000" not in sdp or "a=setup:active" not in sdp:
            self.faults.append("an answer that the vendor's media servers do not take")
            raise GraphError(400, 100, "SDP Validation error")
        if call.sdp and call.sdp != sdp:
            self.faults.append("another SDP than was pre-accepted")
            raise GraphError(400, 100, "The SDP differs from the one given to pre_accept")
        if time.monotonic() - call.rang_at > self._deadline:
            self.faults.append("accepted too late")
            raise GraphError(500, 138007, "Connection timeout")
        call.sdp = sdp

    async def _connect(self, body: dict[str, Any]) -> dict[str, Any]:
        customer = (words(body.get("to")) or words(body.get("recipient")) or "").removeprefix("+")
        session = table(body.get("session"))
        if session.get("sdp_type") != "offer" or not words(session.get("sdp")) or not customer:
            raise GraphError(400, 100, "Invalid parameter")
        if "m=application" in session["sdp"]:
            raise GraphError(400, 100, "SDP Validation error")
        if not self.permitted & {customer, bsuid(customer)}:
            raise GraphError(401, 138006, "No approved call permission")
        call = self._new(customer, "calling")
        self.dialled.put_nowait((call, session["sdp"]))
        return {"messaging_product": "whatsapp", "calls": [{"id": call.wacid}]}

    async def _tell_end(self, call: EmulatedCall, status: str) -> None:
        event = terminate_event(self._account, call.customer, call.wacid, status, call.seconds)
        await self._post(call.customer, event)

    def _new(self, customer: str, state: str = "ringing") -> EmulatedCall:
        call = EmulatedCall(f"wacid.{secrets.token_hex(12)}", customer, state)
        self.calls[call.wacid] = call
        return call
