"""A switchboard of paper: it decides as a test tells it and keeps what it was told."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

import numpy as np

from core_pipeline.contracts.calls import CallNews, Ring, Ticket, Verdict, Words
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Leg
from core_pipeline.contracts.messages import Inbound
from errors import Forged


def tone(seconds: float, rate: int = 8000, hertz: float = 440.0) -> bytes:
    """A tone, as samples."""
    time = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * math.pi * hertz * time)).astype("<i2").tobytes()


def loud(pcm: Pcm) -> float:
    """How many seconds of it are no silence."""
    samples = np.abs(np.frombuffer(pcm.data, "<i2").astype(int))
    frames = samples[: samples.size // 160 * 160].reshape(-1, 160)
    return float((frames.max(axis=1) > 64).sum() * 0.02) if frames.size else 0.0


@dataclass
class PaperBoard:
    """Takes calls unless `kind` says otherwise; legs are handed to who waits for them."""

    kind: Literal["talk", "message", "refuse"] = "talk"
    sound: str = ""
    rings: list[Ring] = field(default_factory=list)
    tokens: dict[str, Ticket] = field(default_factory=dict)
    legs: asyncio.Queue[tuple[Ticket, Leg]] = field(default_factory=asyncio.Queue)

    def url(self, event: str, scheme: str = "https") -> str:
        return f"{scheme}://sawtak.example/{event}"

    async def ring(self, ring: Ring) -> Verdict:
        self.rings.append(ring)
        if self.kind != "talk":
            return Verdict(self.kind, "ar", sound=self.sound)
        ticket = Ticket(f"call-{len(self.rings)}", "tenant", "account", uuid4().hex)
        self.tokens[ticket.token] = ticket
        return Verdict("talk", "ar", ticket)

    async def redeem(self, token: str, provider_id: str | None = None) -> Ticket:
        if token not in self.tokens:
            raise Forged("call-token")
        return self.tokens.pop(token)

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        self.legs.put_nowait((ticket, leg))

    async def news(self, news: CallNews) -> None:
        raise AssertionError("this vendor tells nothing")

    async def voicemail(self, provider_id: str, message: Inbound) -> None:
        raise AssertionError("this vendor keeps no messages")

    async def person(self, call_id: str) -> str:
        return ""

    async def unreached(self, provider_id: str) -> None:
        raise AssertionError(provider_id)

    async def ready(self, language: str, *names: str) -> Words:
        raise AssertionError(names)
