"""Conversations as the pages draw them: rows, entries, head and foot, each with a digest that tells it from before."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from admin.inbox.bidi import pieces
from admin.inbox.chips import chips_of
from admin.inbox.words import cause
from core_pipeline.desk import colleagues, labels, reading, rows
from core_pipeline.desk.reading import Side
from core_pipeline.desk.window import window_of
from core_pipeline.history.threads import HUMAN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from admin.frame.visit import Visit
    from core_pipeline.desk.reading import Entry, Thread
    from core_pipeline.desk.rows import Row
    from core_pipeline.desk.window import Window
    from tenants.models import Label, Message

Drawn = dict[str, Any]
# What stands between the things that a template draws one after the other; in a message it would be escaped.
BETWEEN = "<!--between-->"
_SOUNDS = {"voice", "audio", "video_note"}
_SEEN = {"image": "image", "sticker": "image", "video": "video", "document": "file"}


@dataclass(frozen=True)
class Open:
    """The conversation that a page has open: `names` of who wrote or answers in it, `labels` that there are."""

    row: Row
    thread: Thread
    window: Window
    names: Mapping[str, str]
    labels: Sequence[Label]

    @property
    def can_write(self) -> bool:
        """Whether the network lets anybody write."""
        return self.window.is_open


async def opened(visit: Visit, conversation_id: str, before: int | None = None) -> Open:
    """Read a conversation for its page; `Impossible("missing")` for none of the tenant's."""
    async with visit.work(reads=True) as session:
        row = await rows.one(session, conversation_id)
        thread = await reading.thread(session, conversation_id, before)
        known = await labels.listing(session)
    conversation = row.conversation
    ids = {conversation.agent_id, *(one.message.author_id for one in thread.entries if one.message)}
    names = await colleagues.names(visit.rooms.floor.db, ids)
    return Open(row, thread, window_of(conversation, _seconds(visit, row)), names, known)


def _seconds(visit: Visit, row: Row) -> float:
    """How long after their last message this customer may be written to."""
    spec = visit.rooms.lines.spec(row.channel)
    return spec.limits.window if spec is not None else 0.0


def drawn_rows(visit: Visit, found: Sequence[Row], names: Mapping[str, str], at: str = "") -> list[Drawn]:
    """Rows of the list, `at` the one that is open."""
    items = [
        {"row": one, "channel": channel_of(visit, one.channel), "current": one.conversation.id == at} for one in found
    ]
    marks = [(one.conversation.id, one.conversation.last_at, {"unread": one.conversation.unread}) for one in found]
    return _each(visit, "inbox/row.html", items, marks, names=names)


async def names_of(visit: Visit, found: Sequence[Row]) -> Mapping[str, str]:
    """Who answers in these conversations, by name."""
    return await colleagues.names(visit.rooms.floor.db, [one.conversation.agent_id for one in found])


def channel_of(visit: Visit, name: str) -> str:
    """What people call a channel."""
    spec = visit.rooms.lines.spec(name)
    return spec.title.get(visit.language, name) if spec is not None else name


def drawn_thread(visit: Visit, here: Open) -> Drawn:
    """Everything of an open conversation that changes by itself."""
    conversation = here.row.conversation
    me = visit.who.person.id
    shared: dict[str, Any] = {
        "open": here,
        "conversation": conversation,
        "mine": conversation.mode == HUMAN and conversation.agent_id == me,
        "held": conversation.mode == HUMAN and conversation.agent_id != me,
        "agent": here.names.get(conversation.agent_id or "", ""),
        "channel": channel_of(visit, here.row.channel),
    }
    return {
        "id": conversation.id,
        "head": _drawn(visit, "inbox/head.html", "head", **shared),
        "foot": _drawn(visit, "inbox/foot.html", "foot", **shared),
        "entries": drawn_entries(visit, here),
        "ids": [one.id for one in here.thread.entries],
        "from": here.thread.entries[0].at.isoformat() if here.thread.entries else "",
        "can": here.can_write,
        "saw": here.thread.last,
        "unread": conversation.unread,
    }


def drawn_entries(visit: Visit, here: Open) -> list[Drawn]:
    """The entries of an open conversation."""
    items = [_entry(visit, one, here) for one in here.thread.entries]
    marks = [(one.id, one.at, {"side": one.side}) for one in here.thread.entries]
    return _each(visit, "inbox/entry.html", items, marks)


def _entry(visit: Visit, one: Entry, here: Open) -> dict[str, Any]:
    message = one.message
    kind = _kind(message) if message is not None else ""
    return {
        "entry": one,
        "kind": kind,
        "src": f"{visit.here}/inbox/file/{message.id}" if message is not None and kind else "",
        "who": here.names.get(message.author_id or "", "") if message is not None else "",
        "cause": cause(visit, here.row.channel, one.cause) if one.cause else "",
        "chips": chips_of(message.text or "") if message is not None and one.side is Side.CUSTOMER else (),
        "why": quote(message.turn_id or "") if message is not None and one.side is Side.BOT else "",
    }


def _kind(message: Message) -> str:
    """How a message's file is shown: "sound", "image", "video" or "file"; "" for one that has none."""
    if message.blob is None and not (message.media or {}).get("id"):
        return ""
    if message.kind in _SOUNDS or message.kind == "script":
        return "sound"
    return _SEEN.get(message.kind, "file")


def _each(
    visit: Visit,
    template: str,
    items: Sequence[Drawn],
    marks: Sequence[tuple[str, datetime, Drawn]],
    **given: Any,
) -> list[Drawn]:
    """Many things of one kind, drawn in one go: what a template imports is read once, not for each."""
    whole = bytes(visit.page(template, items=items, pieces=pieces, **given).body).decode()
    parts = whole.split(BETWEEN)[: len(items)]
    drawn = zip(marks, parts, strict=True)
    return [_digested(name, at.isoformat(), html, **extra) for (name, at, extra), html in drawn]


def _drawn(visit: Visit, template: str, name: str, **given: Any) -> Drawn:
    return _digested(name, "", bytes(visit.page(template, **given).body).decode())


def _digested(name: str, at: str, html: str, **extra: Any) -> Drawn:
    plain = html.strip()
    digest = sha256(plain.encode()).hexdigest()[:12]
    return {"id": name, "at": at, "v": digest, "html": Markup(plain), **extra}  # noqa: S704 - drawn by our own templates, which escape


async def counted(visit: Visit, session: AsyncSession) -> dict[str, int]:
    """How many conversations there are of each kind, for this visitor."""
    return await rows.counts(session, visit.who.person.id)
