"""A customer who calls a number, or is called by it, with a real WebRTC peer behind the emulated vendor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from channels.rtc.caller import RtcCaller
from channels.whatsapp.emulator import WhatsAppEmulator
from channels.whatsapp.emulator_calls import CallDesk, EmulatedCall
from core_pipeline.contracts.channel import EmulatorSetup
from errors import Impossible

CUSTOMER = "201000000001"
_PATIENCE = 30.0


class WhatsAppCaller(RtcCaller):
    """One customer; `call` is their call once there is one."""

    def __init__(self, desk: CallDesk, customer: str = CUSTOMER) -> None:
        super().__init__()
        self._desk, self._customer = desk, customer
        self.call: EmulatedCall | None = None

    async def dial(self) -> None:
        """Call the business; returns when sound flows. Raises `Impossible` "refused" when it does not."""
        # The vendor's own media servers are ICE-lite: the business has to lead the search for a way.
        offer = (await self.offer()).replace("a=group:BUNDLE", "a=ice-lite\r\na=group:BUNDLE", 1)
        self.follow()
        self.call = call = await self._desk.ring(self._customer, offer)
        state = await call.until("pre-accepted", "accepted", timeout=_PATIENCE)
        if state in {"pre-accepted", "accepted"}:
            await self.answered(call.sdp)
            await self.connected()
            state = await call.until("accepted", timeout=_PATIENCE)
        if state != "accepted":
            await self.close()
            raise Impossible("refused", "the business did not take the call")
        self.begin()

    async def be_called(self, timeout: float = _PATIENCE) -> None:
        """Wait until the business calls and take it; returns when sound flows."""
        async with asyncio.timeout(timeout):
            self.call, offer = await self._desk.dialled.get()
        await self._desk.answer(self.call, await self.answers(offer))
        await self.connected()

    async def hang_up(self) -> None:
        """End the call properly."""
        await self.close()
        if self.call is not None:
            await self._desk.hang_up(self.call)

    async def wait_end(self, timeout: float = 30.0) -> str:
        """Wait for the business to end the call."""
        if self.call is None:
            raise Impossible("no-call", "nobody was called")
        state = await self.call.until("ended", timeout=timeout)
        self.faults += self._desk.faults
        return "refused" if state == "rejected" else "hangup"


@asynccontextmanager
async def calling(setup: EmulatorSetup, base: str, account_id: str) -> AsyncIterator[WhatsAppCaller]:
    """Run the emulated vendor with one customer who can call; `base` is our own address."""
    webhook = f"{base}/webhooks/whatsapp/{account_id}"
    async with WhatsAppEmulator(replace(setup, webhook_url=webhook)) as emulator:
        caller = WhatsAppCaller(emulator.desk)
        emulator.desk.enabled = True
        try:
            yield caller
        finally:
            await caller.close()
