"""Where films are drawn on while their turn goes on: by turn, within one process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_pipeline.turns.filming import Filming


class Darkroom:
    """The films in the making; one that is lost with its process is begun anew by its turn."""

    def __init__(self) -> None:
        self._films: dict[str, Filming] = {}

    async def put(self, turn_id: str, filming: Filming) -> None:
        """Keep a film that was begun; an earlier one of the same turn is broken off."""
        await self.drop(turn_id)
        self._films[turn_id] = filming

    def find(self, turn_id: str) -> Filming | None:
        """The turn's film, if one is in the making here."""
        return self._films.get(turn_id)

    async def drop(self, turn_id: str) -> None:
        """Break off what is left of the turn's film."""
        filming = self._films.pop(turn_id, None)
        if filming is not None:
            await filming.abandon()

    async def close(self) -> None:
        """Break off every film."""
        await asyncio.gather(*(self.drop(turn_id) for turn_id in list(self._films)))
