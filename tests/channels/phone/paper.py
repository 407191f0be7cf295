"""What the phone's tests share: sounds, signatures, and a switchboard and a websocket of paper."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the vendor ships no types

from channels.phone import SPEC
from core_pipeline.contracts.calls import CallNews, Ring, Ticket, Verdict, Words
from core_pipeline.contracts.channel import WebhookRequest
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Leg
from core_pipeline.contracts.messages import Inbound
from core_pipeline.contracts.phrases import READY
from errors import Forged, Impossible

TOKEN = SPEC.demo.secrets["auth_token"]
ACCOUNT = "acc1"

Talk = Callable[[Leg], Awaitable[None]]


def tone(seconds: float, hertz: float = 440.0, rate: int = 8000, level: float = 0.3) -> Pcm:
    """A sound that can be told from silence."""
    at = np.arange(int(rate * seconds)) / rate
    return Pcm((level * 32767 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes(), rate)


def loudness(pcm: bytes) -> float:
    """Root mean square of the samples, 0..1."""
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2))) / 32768 if pcm else 0.0


def sign(url: str, fields: dict[str, Any], token: str = TOKEN, algorithm: str = "HMAC_SHA1") -> str:
    """The vendor's signature."""
    return str(RequestValidator(token).compute_signature(url, fields, algorithm))


def form(url: str, fields: dict[str, str], token: str = TOKEN, signature: str | None = None) -> WebhookRequest:
    """A signed form that was posted to this URL."""
    given = sign(url, fields, token) if signature is None else signature
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": given}
    return WebhookRequest("POST", headers, {}, urlencode(fields).encode(), url)


@dataclass
class PaperBoard:
    """A switchboard that says what the test wrote on it, and notes what it is told."""

    base: str = "https://sawtak.example"
    kind: Literal["talk", "message", "refuse"] = "talk"
    language: str = "ar"
    words: str = "كل الخطوط مشغولة"
    sound: str = ""
    person_number: str = ""
    unknown_calls: bool = False
    talk: Talk | None = None
    rings: list[Ring] = field(default_factory=list)
    told: list[CallNews] = field(default_factory=list)
    messages: list[tuple[str, Inbound]] = field(default_factory=list)
    redeemed: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._waiting: dict[str, tuple[Ticket, str | None]] = {}
        self._numbers = itertools.count(1)
        self.talks: set[asyncio.Task[None]] = set()

    def url(self, event: str, scheme: Literal["https", "wss"] = "https") -> str:
        plain = self.base.startswith("http://")
        return f"{scheme[:-1] if plain else scheme}://{self.base.partition('://')[2]}/calls/phone/{ACCOUNT}/{event}"

    def ticket(self, provider_id: str | None = None) -> Ticket:
        """A call that may bring its sound."""
        number = next(self._numbers)
        ticket = Ticket(f"call{number}", "t1", ACCOUNT, f"token{number}&<\"'>")
        self._waiting[ticket.token] = (ticket, provider_id)
        return ticket

    async def ring(self, ring: Ring) -> Verdict:
        self.rings.append(ring)
        self.unknown_calls = False
        if self.kind == "talk":
            return Verdict("talk", self.language, self.ticket(ring.provider_id))
        return Verdict(self.kind, self.language, words=self.words, sound=self.sound)

    async def redeem(self, token: str, provider_id: str | None = None) -> Ticket:
        ticket, expected = self._waiting.pop(token, (None, None))
        if ticket is None or expected not in {None, provider_id}:
            raise Forged("call-token")
        self.redeemed.append(ticket.call_id)
        return ticket

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        self.legs.append(leg)
        assert self.talk is not None
        task = asyncio.create_task(_talked(self.talk(leg)))
        self.talks.add(task)
        task.add_done_callback(self.talks.discard)

    async def news(self, news: CallNews) -> None:
        self.told.append(news)

    async def voicemail(self, provider_id: str, message: Inbound) -> None:
        if self.unknown_calls:
            raise Impossible("no-such-call")
        self.messages.append((provider_id, message))
        self.left.set()

    async def person(self, call_id: str) -> str:
        self.asked_for.append(call_id)
        return self.person_number

    async def unreached(self, provider_id: str) -> None:
        self.unreachable.append(provider_id)

    async def ready(self, language: str, *names: str) -> Words:
        return Words(" ".join(READY[name][language] for name in names))


async def _talked(talk: Awaitable[None]) -> None:
    await talk


class PaperSocket:
    """A websocket whose other end the test wrote beforehand; it is silent after that unless `ends`."""

    def __init__(self, request: WebhookRequest, messages: Sequence[str | bytes] = (), *, ends: bool = False) -> None:
        self.request, self.ends = request, ends
        self.sent: list[str | bytes] = []
        self.accepted = False
        self.closed: int | None = None
        self._messages = list(messages)
        self._over = asyncio.Event()

    def put(self, message: str | bytes) -> None:
        """Have this arrive next, if nothing was asked for yet."""
        self._messages.append(message)

    async def accept(self, subprotocol: str | None = None) -> None:
        self.accepted = True

    async def refuse(self) -> None:
        self.closed = 403

    async def receive(self) -> str | bytes | None:
        if self._messages:
            return self._messages.pop(0)
        if not self.ends:
            await self._over.wait()
        return None

    async def send(self, data: str | bytes) -> None:
        self.sent.append(data)

    async def close(self, code: int = 1000) -> None:
        self.closed = code if self.closed is None else self.closed
        self._over.set()
