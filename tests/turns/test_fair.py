"""The gate: never more holders than places, and no tenant waits behind another's crowd."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from core_pipeline.engines.fair import FairGate
from core_pipeline.turns.busy import kept_busy
from errors import Retryable


async def test_tenants_take_turns() -> None:
    gate, order, inside, most = FairGate(1), [], 0, 0

    async def work(tenant: str) -> None:
        nonlocal inside, most
        async with gate.hold(tenant):
            inside += 1
            most = max(most, inside)
            order.append(tenant)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work("crowd") for _ in range(6)), *(work("shop") for _ in range(2)))
    assert most == 1
    assert order[:5].count("shop") == 2
    assert len(order) == 8


async def test_who_gives_up_waiting_loses_no_place() -> None:
    gate = FairGate(1)
    async with gate.hold("a"):
        waiting = [asyncio.create_task(_hold(gate)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        with suppress(asyncio.CancelledError):
            await waiting[0]
    await asyncio.gather(*waiting[1:])
    async with asyncio.timeout(1), gate.hold("b"):
        pass


async def _hold(gate: FairGate) -> None:
    async with gate.hold("a"):
        await asyncio.sleep(0)


async def test_the_indicator_is_kept_alive_until_the_end_and_never_harms() -> None:
    shown = 0

    async def show() -> float:
        nonlocal shown
        shown += 1
        return 0.01

    async with kept_busy(show):
        await asyncio.sleep(0.1)
    assert shown >= 3
    before = shown
    await asyncio.sleep(0.05)
    assert shown == before

    async def broken() -> float:
        raise Retryable("vendor-down")

    async with kept_busy(broken):
        await asyncio.sleep(0.02)
