"""The first words on a fresh connection: who calls, and how fine its sound is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from channels.audiosocket.frames import ID, ID_BYTES, RATES, Frame, Parser
from channels.audiosocket.leg import READ_BYTES, AudioSocketLeg
from core_pipeline.contracts.legs import Leg
from errors import Forged

if TYPE_CHECKING:
    from channels.audiosocket.desk import Desk

GREETING_SECONDS = 5.0
# The first sound follows at once and shows the sample rate; where it does not, it is the usual one.
SOUND_SECONDS = 0.5
USUAL_RATE = 8000


class Greeter:
    """Greets connections of every account; `desk` knows which of them can be put through."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, Leg]:
        """Give the connection's id, as 32 hexadecimal digits, and its leg; `Forged` for anything else, or too late."""
        parser, frames = Parser(), list[Frame]()
        try:
            async with asyncio.timeout(GREETING_SECONDS):
                await _read_until_one(reader, parser, frames)
        except (TimeoutError, OSError):
            raise Forged("audiosocket-greeting", "no greeting came in time") from None
        first = frames.pop(0)
        if first.kind != ID or len(first.payload) != ID_BYTES:
            raise Forged("audiosocket-greeting", "the connection does not begin with an id")
        rate = await _rate(reader, parser, frames)
        wire_id = first.payload.hex()
        early = (parser, frames)
        return wire_id, AudioSocketLeg(reader, writer, wire_id=wire_id, sample_rate=rate, desk=self._desk, early=early)


async def _read_until_one(reader: asyncio.StreamReader, parser: Parser, frames: list[Frame]) -> None:
    while not frames:
        data = await reader.read(READ_BYTES)
        if not data:
            raise Forged("audiosocket-greeting", "the connection ended before it began")
        frames += parser.feed(data)


async def _rate(reader: asyncio.StreamReader, parser: Parser, frames: list[Frame]) -> int:
    """The sample rate of the first frame of sound; frames that were read meanwhile are added."""
    until = asyncio.get_running_loop().time() + SOUND_SECONDS
    while True:
        rates = [RATES[frame.kind] for frame in frames if frame.kind in RATES]
        if rates:
            return rates[0]
        try:
            async with asyncio.timeout_at(until):
                data = await reader.read(READ_BYTES)
        except (TimeoutError, OSError):
            return USUAL_RATE
        if not data:
            return USUAL_RATE
        frames += parser.feed(data)
