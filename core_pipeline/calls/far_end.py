"""The leg as the loop uses it: one thing after the other, and no word about a line that has died."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from errors import SawtakError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from core_pipeline.contracts.legs import Leg, Told

log = logging.getLogger(__name__)


class FarEnd:
    """Sends to a leg in the order in which it was asked to; what fails there fails silently, as the line is dying."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self._order = asyncio.Lock()

    async def play(self, pcm: bytes) -> None:
        """Hand over sound."""
        await self._quietly(self.leg.play(pcm))

    async def mark(self, name: str) -> None:
        """Ask to be told when everything before was played."""
        await self._quietly(self.leg.mark(name))

    async def clear(self) -> None:
        """Throw away what was not played yet."""
        await self._quietly(self.leg.clear())

    async def film(self, data: bytes, mark: str) -> None:
        """Hand over a film with its own sound."""
        await self._quietly(self.leg.film(data, mark))

    async def told(self, what: Told) -> None:
        """Show this to a caller who has a screen."""
        if self.leg.screen != "none":
            await self._quietly(self.leg.told(what))

    async def transfer(self, to: str, words: str = "") -> bool:
        """Connect the caller to somebody else; False where the line can't."""
        try:
            async with self._order:
                await self.leg.transfer(to, words)
        except SawtakError as error:
            log.warning("a call could not be transferred: %s", error.code)
            return False
        except Exception as error:  # noqa: BLE001 - a dying line may raise anything, and the call ends in any case
            log.info("a line broke at its transfer: %s", type(error).__name__)
        return True

    async def hang_up(self) -> None:
        """End the call."""
        await self._quietly(self.leg.hang_up())

    async def _quietly(self, doing: Coroutine[None, None, None]) -> None:
        async with self._order:
            try:
                await doing
            except Exception as error:  # noqa: BLE001 - a dying line may raise anything; its events end by themselves
                log.info("a line takes nothing any more: %s", type(error).__name__)
