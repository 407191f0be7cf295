"""A scripted talk for the phone's tests, and what a sound is made of."""

from __future__ import annotations

import asyncio

import numpy as np

from core_pipeline.contracts.legs import Key, Leg, LegEvent, Reached, Sound
from tests.channels.phone.house import Line
from tests.channels.phone.paper import tone


class Talk:
    """Greets, notes what happens, and does what the keys say: 0 a person, 1 a sound, 2 clear, 9 good bye."""

    def __init__(self, greeting: float = 0.3) -> None:
        self.greeting = greeting
        self.events: list[LegEvent] = []
        self.sound = bytearray()
        self.over = asyncio.Event()
        self.reached: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, leg: Leg) -> None:
        if self.greeting:
            await leg.play(tone(self.greeting).data)
            await leg.mark("greeting")
        async for event in leg.events():
            if isinstance(event, Sound):
                self.sound.extend(event.pcm)
                continue
            self.events.append(event)
            if isinstance(event, Reached):
                self.reached.put_nowait(event.mark)
            if isinstance(event, Key):
                await self.do(leg, event.digit)
        self.over.set()

    async def do(self, leg: Leg, digit: str) -> None:
        match digit:
            case "0":
                await leg.transfer("+12025550199")
            case "1":
                await leg.play(tone(2.0).data)
                await leg.mark("long")
            case "2":
                await leg.clear()
            case "9":
                await leg.hang_up()


async def clean(line: Line) -> None:
    """Nothing was wrong on either side."""
    assert (line.caller.faults, line.caller.vendor.faults, line.refused) == ([], [], [])


def strength(pcm: bytes, hertz: float, rate: int = 8000) -> float:
    """How much of a sound is this tone, 0..1."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    at = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(spectrum[np.abs(at - hertz) < 15].sum() / spectrum.sum())
