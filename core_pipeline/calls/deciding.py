"""Decides when somebody who paused has finished."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from core_pipeline.calls.endings import patience
from core_pipeline.contracts.engines import Pcm

if TYPE_CHECKING:
    from core_pipeline.calls.equipment import Equipment
    from core_pipeline.calls.exchange import Exchange
    from core_pipeline.calls.host import Heard, Manner

log = logging.getLogger(__name__)

LIKELY = 0.5
MORE = 1.0


async def decide(
    exchange: Exchange, hearing: asyncio.Task[Heard], manner: Manner, equipment: Equipment, rate: int
) -> None:
    """Return once the caller has finished; cancelled when they go on.

    `hearing` is what makes words of the speech meanwhile: they may tell that more is to come.
    """
    loop = asyncio.get_running_loop()
    if manner.turn == "model" and equipment.hears_turns and not exchange.certain.is_set():
        if not await _likely(Pcm(exchange.speech, rate), equipment):
            await exchange.silence(loop.time() + MORE)
        return
    await exchange.silence(exchange.ended + manner.pause)
    if not hearing.done():
        # Who is kept waiting by the recogniser may be told so.
        exchange.settled.set()
        await asyncio.wait({hearing})
    if hearing.cancelled() or hearing.exception() is not None:
        return
    await exchange.silence(exchange.ended + patience(hearing.result().text, manner.pause))


async def _likely(speech: Pcm, equipment: Equipment) -> bool:
    try:
        return await equipment.finished(speech) >= LIKELY
    except Exception as error:  # noqa: BLE001 - an operator's network may fail in any way; waiting is always right
        log.warning("the model of turns failed: %s", type(error).__name__)
        return False
