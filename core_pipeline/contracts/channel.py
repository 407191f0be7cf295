"""The contract of a channel: pure translation between one vendor's network and our messages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import httpx
from pydantic import BaseModel, SecretStr

from core_pipeline.contracts.calls import CallNews, CallsSpec, Ring
from core_pipeline.contracts.checks import Check, Place, Words
from core_pipeline.contracts.faces import View
from core_pipeline.contracts.messages import Inbound, MediaRef, Receipt, Reply, ReplyKind
from errors import Impossible


@dataclass(frozen=True)
class WebhookRequest:
    """What arrived at the front door: raw bytes first, nothing parsed; header names in lower case.

    `url` is the public address that was called, percent-encoding and query as they came.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    url: str = ""


@dataclass(frozen=True)
class Admitted(WebhookRequest):
    """A request to an `own` channel whose sender our own door has let in.

    `visitor` is who they are, where that is proven; `unproven` stands before the name that they give themselves
    otherwise ("" for those whose word is good), so that nobody passes for somebody else.
    """

    visitor: str = ""
    unproven: str = "~"


Event: TypeAlias = Inbound | Receipt | Ring | CallNews


class Door(Protocol):
    """Reads a vendor's webhook calls without knowing any account."""

    def verify(self, request: WebhookRequest) -> str | None:
        """Return a handshake's answer, None for an event that is proven genuine; raise `Forged` otherwise."""

    def read(self, request: WebhookRequest) -> Sequence[Event]:
        """Return every message, receipt and word on calls in the body; unknown events give nothing, never an error."""


class Channel(Door, Protocol):
    """One connected account: a WhatsApp number, a Telegram bot."""

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Stream a customer's file, within `limits.fetch_bytes`; `Impossible` if larger or gone."""

    async def send(self, reply: Reply) -> str:
        """Hand one message to the vendor and return the vendor's id of it."""

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:
        """Show "typing" or "recording" to the customer who sent `message_id`, for `limits.busy_seconds`."""

    async def install(self, url: str) -> None:
        """Tell the vendor to call `url` from now on; an empty `url` takes the webhook away."""

    def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        """Pull updates where the vendor allows it; asking for the next batch acknowledges the last one.

        Raises `Impossible` where the vendor only pushes (`limits.polling` is False).
        """


@dataclass(frozen=True)
class VoiceFormat:
    """How a voice note must be encoded to show as one: PyAV container and codec, Hz, bit/s, and the MIME to send."""

    container: str
    codec: str
    sample_rate: int
    bit_rate: int
    mime: str


@dataclass(frozen=True)
class VideoFormat:
    """One way in which a network shows a talking video: seen how, in pixels; `longest` in seconds, `most` in bytes.

    It takes a caption of so many characters along (0: none).

    Pictures are H.264 (main, no B-frames, 4:2:0) at 25 a second with AAC sound, in an MP4 that starts fast.
    """

    view: View
    width: int
    height: int
    longest: float
    most: int
    caption_chars: int = 0
    mime: str = "video/mp4"


@dataclass(frozen=True)
class Limits:
    """What a network can carry; sizes in bytes, texts in characters, times in seconds.

    `receipts` says whether the vendor echoes our key in a status, which settles an ambiguous send.
    `degrade` lists the reply kinds from richest to poorest that this network supports. `videos` are the ways in which
    it shows a video, the usual one first. `bursts` says that customers write what they mean in several messages;
    `window` is how long after a customer's last message we may write to them (0: always). `dials` is what customers
    dial, with the account's external id in it as {account}; "" where they can't, or need not be told.
    """

    text_chars: int
    voice: VoiceFormat
    voice_bytes: int
    fetch_bytes: int
    busy_seconds: float
    receipts: bool
    polling: bool
    degrade: tuple[ReplyKind, ...] = (ReplyKind.VOICE, ReplyKind.TEXT)
    videos: tuple[VideoFormat, ...] = ()
    bursts: bool = True
    window: float = 0.0
    dials: str = ""


@dataclass(frozen=True)
class Opening:
    """All that `ChannelSpec.open` may use: who the account is, its opened secrets, the process's one HTTP client.

    `external_id` is the vendor's name of the number or bot; `platform` is an instance of the spec's `platform` class.
    """

    external_id: str
    config: BaseModel
    secrets: Mapping[str, SecretStr]
    platform: BaseModel
    http: httpx.AsyncClient


class Emulator(Protocol):
    """A small local server that speaks the vendor's API, checks what we send and records it.

    `url` is what the adapter takes for the vendor's `api_url`; `calls` names the calls that arrived, in order.
    """

    url: str
    calls: list[str]
    deliveries: list["Delivery"]

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the headers, names in lower case, by which the vendor proves that a webhook's `body` is its own."""

    def fail_next(
        self, call: str, status: int, *, code: int = 0, text: str = "", after: float | None = None, times: int = 1
    ) -> None:
        """Answer the next `times` calls named `call` (a name as in `calls`) with the vendor's error instead."""

    def delay(self, seconds: float) -> None:
        """From now on do what is asked, but answer this late."""

    async def customer_says(self, message: "CustomerMessage") -> str:
        """Deliver a customer's message the vendor's way, retrying until accepted; return its provider id."""

    async def wait_delivery(self, count: int = 1, timeout: float = 30.0) -> list["Delivery"]:
        """Return all deliveries once there are `count` of them; raise TimeoutError with what is there otherwise."""


@dataclass(frozen=True)
class CustomerMessage:
    """What an emulated customer sends: a text, or a file with its MIME type (`voice` = recorded in the app)."""

    customer: str
    text: str | None = None
    data: bytes | None = None
    mime: str | None = None
    voice: bool = True
    seconds: float | None = None


@dataclass(frozen=True)
class Delivery:
    """One message that reached the emulated customer, and what was wrong with it, if anything."""

    customer: str
    kind: ReplyKind
    message_id: str
    text: str | None = None
    data: bytes | None = None
    mime: str | None = None
    seconds: float | None = None
    key: str | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmulatorSetup:
    """How an emulator plays one account: the webhook to call (None = wait to be polled) and the account's secrets."""

    external_id: str
    secrets: Mapping[str, str]
    platform: Mapping[str, str] = field(default_factory=dict)
    webhook_url: str | None = None
    port: int = 0


@dataclass(frozen=True)
class ChannelSpec:
    """The one export of a channel's folder.

    `config` and `secrets` draw the account's form; `platform` is filled from the environment with the
    channel's name as prefix (WHATSAPP_API_URL → platform.api_url) and always has `api_url`, which an emulator's
    `url` replaces, and `timeout` in seconds; `identify` tells the vendor's name of the
    number or bot from config and secrets; `open_door` opens the door that serves many accounts at once, where
    the vendor has such a thing. `demo` is the account with which `simulate` and the contract suite run against
    the emulator, `demo_config` its config and `demo_customer` who writes to it.

    `calls` says that opened accounts are `CallLine`s, too. A channel of our `own` has no vendor: what is sent there
    waits in our store until it is fetched. One without an `emulator` carries calls only, or is our own.

    `checks` looks at an account and tells, one after another, what is right and what is not; it ends after what makes
    looking further pointless. `words` are those of the form's fields by name, config and secrets: "title_ar",
    "title_en", "hint_ar", "hint_en"; a field of `config` without English ones has its own title and description.
    """

    name: str
    title: Mapping[str, str]
    limits: Limits
    config: type[BaseModel]
    secrets: tuple[str, ...]
    platform: type[BaseModel]
    open: Callable[[Opening], Channel]
    identify: Callable[[BaseModel, Mapping[str, str]], str]
    demo: EmulatorSetup
    demo_config: Mapping[str, Any]
    emulator: Callable[[EmulatorSetup], AbstractAsyncContextManager[Emulator]] | None = None
    calls: CallsSpec | None = None
    own: bool = False
    open_door: Callable[[BaseModel], Door] | None = None
    close: Callable[[], Awaitable[None]] | None = None
    demo_customer: str = "201000000001"
    checks: Callable[[Opening, Place], AsyncIterator[Check]] | None = None
    words: Mapping[str, Words] = field(default_factory=dict)

    def emulate(self, setup: EmulatorSetup) -> AbstractAsyncContextManager[Emulator]:
        """Start the vendor's emulator; `Impossible` for a channel that has none."""
        if self.emulator is None:
            raise Impossible("no-emulator", f"{self.name} carries no messages of a vendor's")
        return self.emulator(setup)
