"""Lists of conversations: filtered, searched, newest first, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select, true
from sqlmodel import col

from core_pipeline.desk.search import cleaned, contains, digits
from core_pipeline.history.threads import BOT, SCRIPT
from errors import Impossible
from tenants.models import ChannelAccount, Contact, ContactIdentity, Conversation, ConversationLabel, Label, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

STATES = ("open", "mine", "unassigned", "waiting", "unread", "closed")
LIMIT = 30
# So many of the newest conversations are searched before all of them are.
NEAR = 300


@dataclass(frozen=True)
class Filters:
    """Which conversations are looked for: one of `STATES` as `me` sees them, with these properties ("" for any)."""

    state: str = "open"
    channel: str = ""
    label: str = ""
    language: str = ""
    search: str = ""
    me: str = ""


@dataclass(frozen=True)
class Row:
    """A conversation as lists show it."""

    conversation: Conversation
    name: str
    channel: str
    account: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next page begins (None: there is none)."""

    rows: tuple[Row, ...]
    next: str | None


async def page(session: AsyncSession, filters: Filters, before: str | None = None, limit: int = LIMIT) -> Page:
    """The newest conversations that are wanted, or those after the `next` of the page before."""
    asked = (await _asked(session, filters)).order_by(col(Conversation.last_at).desc(), col(Conversation.id).desc())
    if before is not None:
        at, last = _cursor(before)
        newer = col(Conversation.last_at) < at, col(Conversation.id) < last
        asked = asked.where(col(Conversation.last_at) <= at, newer[0] | newer[1])
    typed = cleaned(filters.search)
    found = await _searched(session, asked, typed, limit) if typed else await _first(session, asked, limit)
    after = found[limit - 1] if len(found) > limit else None
    rows = await _dressed(session, found[:limit])
    return Page(rows, f"{after.last_at.isoformat()}~{after.id}" if after else None)


async def among(session: AsyncSession, ids: Iterable[str], filters: Filters) -> tuple[Row, ...]:
    """Those of these conversations that are wanted."""
    here = list(ids)
    asked = (await _asked(session, filters)).where(col(Conversation.id).in_(here))
    if typed := cleaned(filters.search):
        asked = asked.where(_matching(typed, here))
    return await _dressed(session, (await session.scalars(asked)).all())


async def counts(session: AsyncSession, me: str) -> dict[str, int]:
    """How many conversations there are in each state but "closed"."""
    here = [state for state in STATES if state != "closed"]
    sums = [func.count(case((_within(state, me), 1))) for state in here]
    asked = select(*sums).select_from(Conversation).where(_listed(), col(Conversation.closed_at).is_(None))
    return dict(zip(here, (await session.execute(asked)).one(), strict=True))


async def channels(session: AsyncSession) -> Sequence[str]:
    """The channels on which the tenant has accounts."""
    asked = select(col(ChannelAccount.channel)).distinct().order_by(col(ChannelAccount.channel))
    return (await session.scalars(asked)).all()


async def changed_since(session: AsyncSession, at: datetime, most: int) -> Sequence[str]:
    """The conversations that look different since then, `most` of them."""
    asked = select(col(Conversation.id)).where(col(Conversation.changed_at) > at)
    return (await session.scalars(asked.limit(most))).all()


async def one(session: AsyncSession, conversation_id: str) -> Row:
    """One conversation as lists show it; `Impossible("missing")` when it is none of the tenant's."""
    found = await session.scalar(select(Conversation).where(col(Conversation.id) == conversation_id))
    if found is None:
        raise Impossible("missing", "there is no such conversation")
    [row] = await _dressed(session, [found])
    return row


async def _dressed(session: AsyncSession, found: Sequence[Conversation]) -> tuple[Row, ...]:
    """Conversations with what stands beside them in lists."""
    named = {one.contact_id for one in found}
    names = (await session.execute(select(col(Contact.id), col(Contact.name)).where(col(Contact.id).in_(named)))).all()
    by_contact = {contact: name for contact, name in names}  # noqa: C416 - rows are no pairs to mypy
    accounts = {one.id: one for one in await session.scalars(select(ChannelAccount))}
    labels = await _labels(session, [one.id for one in found])
    return tuple(
        Row(
            one,
            by_contact.get(one.contact_id) or one.chat,
            accounts[one.account_id].channel,
            accounts[one.account_id].title,
            tuple(labels[one.id]),
        )
        for one in found
    )


async def _labels(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[Label]]:
    put: dict[str, list[Label]] = defaultdict(list)
    asked = (
        select(col(ConversationLabel.conversation_id), Label)
        .join(Label, col(Label.id) == col(ConversationLabel.label_id))
        .where(col(ConversationLabel.conversation_id).in_(ids))
        .order_by(col(Label.name))
    )
    for conversation_id, label in await session.execute(asked):
        put[conversation_id].append(label)
    return put


async def _asked(session: AsyncSession, filters: Filters) -> Select[Conversation]:
    asked = select(Conversation).where(_listed(), _state(filters))
    if filters.channel:
        of_channel = select(col(ChannelAccount.id)).where(col(ChannelAccount.channel) == filters.channel)
        asked = asked.where(col(Conversation.account_id).in_((await session.scalars(of_channel)).all()))
    if filters.label:
        bearing = select(col(ConversationLabel.conversation_id)).where(col(ConversationLabel.label_id) == filters.label)
        asked = asked.where(col(Conversation.id).in_(bearing))
    if filters.language:
        asked = asked.where(col(Conversation.language) == filters.language)
    return asked


async def _first(session: AsyncSession, asked: Select[Conversation], limit: int) -> Sequence[Conversation]:
    """So many of these, and one more that tells whether there are more."""
    return (await session.scalars(asked.limit(limit + 1))).all()


async def _searched(
    session: AsyncSession, asked: Select[Conversation], typed: str, limit: int
) -> Sequence[Conversation]:
    """Those with these words: what many have, the newest have; only what few have is looked for everywhere."""
    near = (await session.scalars(asked.with_only_columns(col(Conversation.id)).limit(NEAR))).all()
    there = asked.where(col(Conversation.id).in_(near), _matching(typed, near))
    found = await _first(session, there, limit)
    if len(found) > limit or len(near) < NEAR:
        return found
    return await _first(session, asked.where(_matching(typed)), limit)


def _listed() -> Any:
    """What is a conversation at all: somebody said something, and it is no place of an ordered film."""
    return col(Conversation.last_kind).is_not(None) & (col(Conversation.mode) != SCRIPT)


def _state(filters: Filters) -> Any:
    if filters.state not in STATES:
        raise Impossible("missing", f"there are only: {', '.join(STATES)}")
    if filters.state == "closed":
        return col(Conversation.closed_at).is_not(None)
    return col(Conversation.closed_at).is_(None) & _within(filters.state, filters.me)


def _within(state: str, me: str) -> Any:
    """Which of those that are still open stand in this state."""
    match state:
        case "mine":
            return col(Conversation.agent_id) == me
        case "unassigned":
            return col(Conversation.agent_id).is_(None)
        case "waiting":
            return col(Conversation.handed_at).is_not(None) & (col(Conversation.mode) == BOT)
        case "unread":
            return col(Conversation.unread) > 0
        case _:
            return true()


def _matching(typed: str, within: Sequence[str] | None = None) -> Any:
    """Whose name, number or words hold this; words are looked for `within` some conversations, or in all (None)."""
    named = select(col(Contact.id)).where(contains(col(Contact.name), typed))
    number = digits(typed)
    known = select(col(ContactIdentity.contact_id)).where(contains(col(ContactIdentity.value), number or typed))
    said = select(col(Message.conversation_id)).where(contains(col(Message.text), typed))
    if within is not None:
        said = said.where(col(Message.conversation_id).in_(within))
    whose = col(Conversation.contact_id).in_(named) | col(Conversation.contact_id).in_(known)
    return whose | col(Conversation.id).in_(said) | contains(col(Conversation.chat), number or typed)


def _cursor(before: str) -> tuple[datetime, str]:
    at, _, last = before.partition("~")
    try:
        read = datetime.fromisoformat(at)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None or not last.isalnum():
        raise Impossible("missing", "there is no such page: begin with the first")
    return read, last
