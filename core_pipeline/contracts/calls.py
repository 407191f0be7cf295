"""The contract of live calls: who rings, what becomes of it, and how a channel carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.messages import Frozen, Inbound, Sender

if TYPE_CHECKING:
    from pydantic import BaseModel

    from core_pipeline.contracts.channel import EmulatorSetup, WebhookRequest
    from core_pipeline.contracts.legs import Leg


class Ring(Frozen):
    """Somebody calls, or lets us call them: `provider_id` is the vendor's name of the call.

    `offer` is what they propose to carry the sound with (SDP), where the vendor has such a thing; `wants` is what they
    asked for when they came ("ar", "en": the language).
    """

    type: Literal["ring"] = "ring"
    account: str
    provider_id: str
    sender: Sender
    at: datetime
    chat: str = ""
    offer: str = ""
    wants: str = ""
    address: dict[str, Any] = Field(default_factory=dict)


class CallState(StrEnum):
    """Where a call stands; the last four are ends."""

    RINGING = "ringing"
    RUNNING = "running"
    ENDED = "ended"
    MISSED = "missed"
    DROPPED = "dropped"
    FAILED = "failed"


class CallNews(Frozen):
    """The vendor's word on a call; `state` None: nothing that we keep. `answer` is their SDP to a call of ours."""

    type: Literal["call-news"] = "call-news"
    account: str
    provider_id: str
    state: CallState | None = None
    seconds: float | None = None
    reason: str = ""
    answer: str = ""

    @property
    def over(self) -> bool:
        """Whether the call has ended, as far as the vendor knows."""
        return self.state not in {None, CallState.RINGING, CallState.RUNNING}


@dataclass(frozen=True)
class Ticket:
    """One call that we agreed to take; who holds `token` may bring its sound, once."""

    call_id: str
    tenant_id: str
    account_id: str
    token: str


@dataclass(frozen=True)
class Verdict:
    """What becomes of a ring: "talk" to us, leave a "message", or only hear `words` and be hung up ("refuse").

    `words` are in `language`; `sound` is where the vendor may fetch them spoken (a WAV file, 8 kHz), "" where they
    could not be spoken in time.
    """

    kind: Literal["talk", "message", "refuse"]
    language: str
    ticket: Ticket | None = None
    words: str = ""
    sound: str = ""


@dataclass(frozen=True)
class Words:
    """What a caller is told who is not talked to; `sound` as in `Verdict`."""

    text: str
    sound: str = ""


class Switchboard(Protocol):
    """What a channel asks of us about calls on its account."""

    def url(self, event: str, scheme: Literal["https", "wss"] = "https") -> str:
        """Our public address for this account and event: https://…/calls/{channel}/{account}/{event}."""

    async def ring(self, ring: Ring) -> Verdict:
        """Decide about a call; the same ring twice gives the same call, but a fresh token."""

    async def redeem(self, token: str, provider_id: str | None = None) -> Ticket:
        """Give the call that this token was for, once; `Forged` for any other token, or another vendor's call."""

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        """Talk to the caller on this leg, in the background, until the call ends."""

    async def news(self, news: CallNews) -> None:
        """Note what the vendor tells of a call."""

    async def voicemail(self, provider_id: str, message: Inbound) -> None:
        """Have a message answered that was left instead of a talk; the same message twice is one."""

    async def person(self, call_id: str) -> str:
        """The number that the running call is to be transferred to; "" when nobody is to be disturbed."""

    async def unreached(self, provider_id: str) -> None:
        """Note that nobody took the call that was put through, so that somebody has to call back."""

    async def ready(self, language: str, *names: str) -> Words:
        """The tenant's ready words of these names in one piece, spoken where that is possible in time."""


@dataclass(frozen=True)
class Answer:
    """What the vendor's HTTP call is answered with."""

    body: str = ""
    mime: str = "text/plain"
    status: int = 200


class Socket(Protocol):
    """A websocket that was not accepted yet; `request` is its handshake (method "GET", no body)."""

    request: WebhookRequest

    async def accept(self, subprotocol: str | None = None) -> None:
        """Agree to talk."""

    async def refuse(self) -> None:
        """Answer the handshake with 403."""

    async def receive(self) -> str | bytes | None:
        """The next message; None once the other end has gone."""

    async def send(self, data: str | bytes) -> None:
        """Send one message; nothing happens when the other end has gone."""

    async def close(self, code: int = 1000) -> None:
        """End it; may be called again."""


class CallLine(Protocol):
    """One account that carries calls; the same object as its `Channel`. What the vendor lacks is `Impossible`."""

    async def signal(self, event: str, request: WebhookRequest, board: Switchboard) -> Answer:
        """Answer a vendor's HTTP call to `board.url(event)`, after proving it genuine (`Forged`)."""

    async def connect(self, socket: Socket, board: Switchboard) -> tuple[Ticket, Leg]:
        """Prove the handshake, accept the socket and learn which call it carries (`Forged`: refuse it)."""

    async def pick_up(self, ring: Ring, ticket: Ticket) -> Leg:
        """Take a call that came with an `offer`; returns as soon as sound flows."""

    async def reject(self, ring: Ring) -> None:
        """Let the vendor know that we don't take this call."""

    async def dial(self, to: Mapping[str, Any], ticket: Ticket, board: Switchboard) -> str:
        """Call somebody at this `Conversation.address` and give the vendor's id of the call.

        The sound comes by `connect` with the ticket's token, or by `CallNews.answer` and `picked_up`.
        """

    async def picked_up(self, news: CallNews, ticket: Ticket) -> Leg:
        """They took a call of ours that was dialled with an offer of our own."""


@dataclass(frozen=True)
class Wire:
    """A TCP port on which a vendor's calls arrive without HTTP.

    `port` and `host` read it from the channel's platform settings (port 0: closed). `greet` takes a fresh connection
    and gives who it says it is — a token of a `Ticket`, or an account's `external_id` — with the leg; raises `Forged`
    for anything that is not the protocol, or not in time.
    """

    port: Callable[[BaseModel], int]
    greet: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, Leg]]]
    host: Callable[[BaseModel], str] = lambda _: "127.0.0.1"


class Caller(Protocol):
    """An emulated customer with a line of this vendor, for tests, benchmarks and `simulate`.

    Sound is kept at `sample_rate` as it would have been heard: `heard` is everything since the call was taken, in real
    time, with silence where nothing was played.
    """

    sample_rate: int
    faults: list[str]

    async def dial(self) -> None:
        """Call the business; returns when sound flows. Raises `Impossible` (with what we said) when it does not."""

    async def say(self, pcm: Pcm) -> None:
        """Speak, in real time; returns at the end of it. Before and after it silence with a little noise is sent."""

    async def press(self, digit: str) -> None:
        """Press a key."""

    async def listen(self, seconds: float) -> Pcm:
        """What is heard during the next seconds."""

    async def quiet(self, seconds: float, timeout: float = 30.0) -> None:
        """Return once nothing was heard for so long, after something was since now; TimeoutError otherwise."""

    @property
    def heard(self) -> Pcm:
        """Everything that was heard until now."""

    @property
    def cleared(self) -> Sequence[float]:
        """When we were told to throw away what was not played yet: seconds since the call was taken."""

    @property
    def now(self) -> float:
        """Seconds since the call was taken."""

    async def drop(self) -> None:
        """Break off without a word, as a lost network does."""

    async def hang_up(self) -> None:
        """End the call properly."""

    async def wait_end(self, timeout: float = 30.0) -> str:
        """Wait for the business to end the call and give how it did: "hangup", "transfer:…", "message", "refused"."""


@dataclass(frozen=True)
class CallsSpec:
    """How a channel carries calls; `concurrent` is how many the vendor allows on one account at once.

    `caller` starts an emulated vendor with one customer; `base` is our own address, e.g. http://127.0.0.1:8000, and
    `account_id` the account's id in it, as in `Switchboard.url`.
    """

    caller: Callable[[EmulatorSetup, str, str], AbstractAsyncContextManager[Caller]]
    concurrent: int = 1000
    wire: Wire | None = None
    transfers: bool = False
    keys: bool = True
