"""What conversations look like, as the description of the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field

from core_pipeline.desk.labels import LONGEST_NAME, LONGEST_NOTE
from core_pipeline.desk.reading import Side
from webhooks.api.schemas import ID, Asking, Words

if TYPE_CHECKING:
    from core_pipeline.desk.reading import Entry
    from core_pipeline.desk.rows import Row
    from core_pipeline.desk.window import Window
    from tenants.models import ConversationNote, Label, Message

State = Literal["open", "mine", "unassigned", "waiting", "unread", "closed"]
Colour = Literal["grey", "red", "amber", "green", "blue", "violet"]
CURSOR = r"^[0-9T:.+\-]{10,40}~[0-9a-f]{32}$"
# What every program reads exactly.
MOST_NUMBER = 2**53 - 1


def _worded(text: str) -> str:
    kept = text.replace("\0", "").strip()
    if not kept:
        msg = "there are no words in it"
        raise ValueError(msg)
    return kept


class LabelTold(BaseModel):
    """A word by which conversations are sorted."""

    id: str
    name: str
    colour: str

    @classmethod
    def of(cls, label: Label) -> Self:
        """The label as it is told."""
        return cls(id=label.id, name=label.name, colour=label.colour)


class Labels(BaseModel):
    """All labels."""

    labels: list[LabelTold]


class ConversationTold(BaseModel):
    """A conversation: who answers (`mode` "bot" or "human", `agent`), and until when we may write (`may_write`)."""

    id: str
    customer: str
    chat: str
    channel: str
    account: str
    mode: str
    agent: str | None
    language: str | None
    unread: int
    last_text: str | None
    last_kind: str | None
    last_direction: str | None
    last_at: datetime
    waiting_since: datetime | None
    closed_at: datetime | None
    labels: list[LabelTold]
    may_write: bool
    may_write_until: datetime | None

    @classmethod
    def of(cls, row: Row, window: Window) -> Self:
        """The conversation as it is told."""
        one = row.conversation
        plain = ("id", "chat", "mode", "language", "unread", "last_text", "last_kind", "last_direction", "last_at")
        return cls(
            customer=row.name,
            channel=row.channel,
            account=one.account_id,
            agent=one.agent_id,
            waiting_since=one.handed_at,
            closed_at=one.closed_at,
            labels=[LabelTold.of(label) for label in row.labels],
            may_write=window.is_open,
            may_write_until=window.until,
            **{name: getattr(one, name) for name in plain},
        )


class ConversationPage(BaseModel):
    """Some conversations, and where the next page begins."""

    conversations: list[ConversationTold]
    next: str | None


class MessageTold(BaseModel):
    """A message: from "customer", "bot" or "colleague" (`author`); `state` says how far one of ours has got.

    `order` names a colleague's reply, which can be sent again when it came to nothing.
    """

    id: int
    speaker: Literal["customer", "bot", "colleague"]
    kind: str
    text: str | None
    at: datetime
    language: str | None
    seconds: float | None
    turn: str | None
    author: str | None
    state: str | None
    cause: str | None
    order: int | None


class NoteTold(BaseModel):
    """A note that only colleagues see."""

    id: str
    who: str
    text: str
    at: datetime

    @classmethod
    def of(cls, note: ConversationNote) -> Self:
        """The note as it is told."""
        return cls(id=note.id, who=note.who, text=note.text, at=note.created_at)


class ThreadTold(BaseModel):
    """A conversation with its messages, oldest first, notes, and the ids of its calls (see GET /calls)."""

    conversation: ConversationTold
    messages: list[MessageTold]
    notes: list[NoteTold]
    calls: list[str]
    before: int | None


class Taking(Asking):
    """Whether a colleague who answers is to be relieved."""

    over: bool = False


class HandingBack(Taking):
    """Whether the bot is to answer at once what nobody has answered."""

    answer: bool = False


class Assigning(Asking):
    """Who is to be responsible: the id of somebody who may answer here; null for nobody."""

    agent: Annotated[str, Field(pattern=ID)] | None


class Replying(Asking):
    """An answer: `spoken` by the bot's voice; not sent if a colleague has answered after message `saw`."""

    text: Words
    spoken: bool = False
    saw: int | None = Field(default=None, ge=0, le=MOST_NUMBER)


class Listening(Asking):
    """The words of an answer that is to be heard first."""

    text: Words


class Noting(Asking):
    """A note for colleagues."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE), AfterValidator(_worded)]


class Labelling(Asking):
    """A label's name and colour."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_worded)]
    colour: Colour = "grey"


def message_of(entry: Entry) -> MessageTold:
    """An entry that is a message, as it is told."""
    row = entry.message
    assert row is not None  # noqa: S101 - the caller has looked
    return _message(row, entry.side, entry.state, entry.cause, entry.order)


def order_of(order: Message, state: str) -> MessageTold:
    """A colleague's reply that was just handed in."""
    return _message(order, Side.COLLEAGUE, state, "", order)


def _message(row: Message, side: Side, state: str, cause: str, order: Message | None) -> MessageTold:
    return MessageTold(
        id=row.id or 0,
        speaker=side.value,
        kind=row.kind,
        text=row.text,
        at=row.created_at,
        language=row.language,
        seconds=row.seconds,
        turn=row.turn_id,
        author=row.author_id,
        state=state or None,
        cause=cause or None,
        order=order.id if order is not None else None,
    )
