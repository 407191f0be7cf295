"""Messages as the core sees them: the same for every network."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What a customer can send; `OPENED` = came to talk and said nothing yet; whatever a vendor adds is `OTHER`.

    `CALL` is a call that broke off, its text the question left unanswered; `MISSED_CALL` one that was not taken.
    `SCRIPT` is no question but words that are to be said as they are: only our own doors make it.
    """

    OPENED = "opened"
    TEXT = "text"
    VOICE = "voice"
    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"
    VIDEO_NOTE = "video_note"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    CHOICE = "choice"
    REACTION = "reaction"
    ORDER = "order"
    CALL = "call"
    MISSED_CALL = "missed_call"
    SCRIPT = "script"
    OTHER = "other"


class ReplyKind(StrEnum):
    """What we can answer with, poorest last."""

    VIDEO = "video"
    VOICE = "voice"
    TEXT = "text"


class Frozen(BaseModel):
    """A value: compared by content, never changed, safe to write to the inbox as JSON."""

    model_config = ConfigDict(frozen=True)


class Identity(Frozen):
    """One name by which a network knows a person, e.g. ("whatsapp_phone", "201001234567")."""

    kind: str
    value: str


class Sender(Frozen):
    """The person who wrote; at least one identity, stable ones first."""

    identities: tuple[Identity, ...] = Field(min_length=1)
    name: str | None = None
    language: str | None = None


class MediaRef(Frozen):
    """A file that still lies with the vendor; `id` is the truth, `url` may be absent or stale; size in bytes.

    `blob` is its key in our own store where it lies there already; only our own doors set it.
    """

    id: str
    mime: str | None = None
    size: int | None = None
    seconds: float | None = None
    sha256: str | None = None
    filename: str | None = None
    url: str | None = None
    blob: str | None = None


class Inbound(Frozen):
    """One message from a customer.

    `account` is the vendor's name of the receiving number or bot, `provider_id` is unique within it,
    `chat` names the conversation there and `address` holds all the adapter needs to answer it. `wish` is the form in
    which they asked for the answer, whatever the business has set; `by_call` says that they called instead of writing.
    `by` is the colleague whose order to the bot this is, in the conversation that `address` names, `saw` the last
    message that they had seen there; only our own doors set these.
    """

    type: Literal["inbound"] = "inbound"
    account: str
    provider_id: str
    chat: str
    sender: Sender
    sent_at: datetime
    kind: Kind
    text: str | None = None
    media: MediaRef | None = None
    reply_to: str | None = None
    address: dict[str, Any] = Field(default_factory=dict)
    wish: ReplyKind | None = None
    by_call: bool = False
    by: str | None = None
    saw: int | None = None


class Status(StrEnum):
    """How far an outgoing message got; only ever moves to a higher `rank`."""

    ACCEPTED = "accepted"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"

    @property
    def rank(self) -> int:
        """Position in the only-upwards order."""
        return list(Status).index(self)


class Receipt(Frozen):
    """The vendor's word on one of our messages; `key` is our idempotency key when the vendor echoes it."""

    type: Literal["receipt"] = "receipt"
    account: str
    message_id: str
    status: Status
    at: datetime
    key: str | None = None
    error: str | None = None

    @property
    def provider_id(self) -> str:
        """What makes this receipt unique within its account."""
        return f"{self.message_id}:{self.status}"


class Reply(Frozen):
    """One message to a customer; `data` holds the encoded media, `key` is the idempotency key.

    A video brings its `width` and `height` in pixels, the `view` it was made for ("note": shown round) and a picture
    to show before it plays (`poster`, JPEG). `url` is where the media can be fetched for an hour.
    """

    kind: ReplyKind
    key: str
    address: dict[str, Any]
    text: str | None = None
    data: bytes | None = None
    mime: str | None = None
    seconds: float | None = None
    reply_to: str | None = None
    width: int | None = None
    height: int | None = None
    view: str | None = None
    poster: bytes | None = None
    url: str | None = None
