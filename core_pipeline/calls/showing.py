"""A leg with a face: the lips follow what was handed over, and close when that is thrown away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core_pipeline.contracts.legs import Leg, LegEvent, LiveFace, Spoken, TalkingFace, Told


class Showing:
    """The same leg, beside which this face is shown until `close`; give `spoken` to the call as its `on_spoken`."""

    def __init__(self, leg: Leg, face: TalkingFace) -> None:
        self._leg, self._face = leg, face
        self.sample_rate = leg.sample_rate
        self._handed = leg.played
        leg.show(face)

    @property
    def screen(self) -> Literal["none", "text", "track", "films"]:
        """What the caller can see now."""
        return self._leg.screen

    @property
    def dropped(self) -> bool:
        """Whether the line went without a word."""
        return bool(getattr(self._leg, "dropped", False))

    @property
    def played(self) -> float:
        """How many seconds of sound were handed to the far end so far."""
        return self._leg.played

    def spoken(self, sentence: Spoken) -> None:
        """Have the face say this once everything before it was played."""
        self._face.say(sentence, max(self._handed, self._leg.played))

    def close(self) -> None:
        """Show no face any more; the leg, which draws it in a thread of its own, closes it there."""
        self._leg.show(None)

    def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the caller does."""
        return self._leg.events()

    async def play(self, pcm: bytes) -> None:
        """Hand over sound."""
        self._handed = max(self._handed, self._leg.played) + len(pcm) / 2 / self.sample_rate
        await self._leg.play(pcm)

    async def mark(self, name: str) -> None:
        """Have the mark yielded in its turn."""
        await self._leg.mark(name)

    async def clear(self) -> None:
        """Throw away what was not played yet, and shut the mouth."""
        await self._leg.clear()
        self._handed = self._leg.played
        self._face.cut(self._handed)

    async def told(self, what: Told) -> None:
        """Show this to the caller."""
        await self._leg.told(what)

    async def film(self, data: bytes, mark: str) -> None:
        """Play a film."""
        await self._leg.film(data, mark)

    def show(self, face: LiveFace | None) -> None:
        """Show another face."""
        self._leg.show(face)

    @property
    def transfers(self) -> bool:
        """Whether the line can connect callers to somebody else."""
        return self._leg.transfers

    async def transfer(self, to: str, words: str = "") -> None:
        """Connect the caller to somebody else."""
        await self._leg.transfer(to, words)

    async def hang_up(self) -> None:
        """End the call."""
        await self._leg.hang_up()
