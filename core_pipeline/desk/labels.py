"""Labels by which a business sorts its conversations, and notes that colleagues leave one another there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlmodel import col

from core_pipeline.desk.duty import agent_of, found
from core_pipeline.history.threads import touched
from errors import Impossible
from tenants import audit
from tenants.db import scope_of
from tenants.models import ConversationLabel, ConversationNote, Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor

COLOURS = ("grey", "red", "amber", "green", "blue", "violet")
LONGEST_NAME, MOST_LABELS, LONGEST_NOTE = 40, 50, 2000


async def listing(session: AsyncSession) -> Sequence[Label]:
    """The tenant's labels by name."""
    scope_of(session)
    return (await session.scalars(select(Label).order_by(col(Label.name)))).all()


async def save(session: AsyncSession, by: Actor, name: str, colour: str = "grey") -> Label:
    """Make a label, or give the one of this name another colour; `Impossible` for a name or colour that won't do."""
    plain = " ".join(name.replace("\0", "").split())
    if not 0 < len(plain) <= LONGEST_NAME:
        raise Impossible("label-name", f"give the label a name of at most {LONGEST_NAME} letters")
    if colour not in COLOURS:
        raise Impossible("label-colour", f"colours are: {', '.join(COLOURS)}")
    label = await session.scalar(select(Label).where(col(Label.name) == plain))
    if label is None:
        if len(await listing(session)) >= MOST_LABELS:
            raise Impossible("label-many", f"{MOST_LABELS} labels are the most: delete one first")
        label = Label(tenant_id=scope_of(session), name=plain)
        session.add(label)
    label.colour = colour
    audit.record(session, by, "inbox.label.save", label.id, after={"name": plain, "colour": colour})
    await session.flush()
    return label


async def delete_label(session: AsyncSession, by: Actor, label_id: str) -> None:
    """Take a label away from everywhere."""
    label = await _label(session, label_id)
    await session.execute(delete(ConversationLabel).where(col(ConversationLabel.label_id) == label_id))
    audit.record(session, by, "inbox.label.delete", label_id, before={"name": label.name})
    await session.delete(label)


async def put(session: AsyncSession, by: Actor, conversation_id: str, label_id: str) -> None:
    """Put a label on a conversation; again changes nothing."""
    await found(session, conversation_id)
    label = await _label(session, label_id)
    await touched(session, conversation_id)
    if await session.scalar(_borne(conversation_id, label_id)) is None:
        session.add(ConversationLabel(tenant_id=scope_of(session), conversation_id=conversation_id, label_id=label_id))
        audit.record(session, by, "inbox.label.put", conversation_id, after={"label": label.name})


async def take_off(session: AsyncSession, by: Actor, conversation_id: str, label_id: str) -> None:
    """Take a label off a conversation."""
    await found(session, conversation_id)
    await touched(session, conversation_id)
    borne = await session.scalar(_borne(conversation_id, label_id))
    if borne is not None:
        await session.delete(borne)
        audit.record(session, by, "inbox.label.take-off", conversation_id, before={"label": label_id})


async def note(session: AsyncSession, by: Actor, conversation_id: str, text: str) -> ConversationNote:
    """Leave a note for colleagues; `Impossible` for an empty or too long one."""
    plain = text.replace("\0", "").strip()
    if not 0 < len(plain) <= LONGEST_NOTE:
        raise Impossible("note-text", f"write a note of at most {LONGEST_NOTE} letters")
    await found(session, conversation_id)
    await touched(session, conversation_id)
    written = ConversationNote(
        tenant_id=scope_of(session),
        conversation_id=conversation_id,
        person_id=agent_of(by),
        who=by.who,
        text=plain,
    )
    session.add(written)
    audit.record(session, by, "inbox.note", conversation_id)
    await session.flush()
    return written


def _borne(conversation_id: str, label_id: str) -> Select[Any]:
    here = col(ConversationLabel.conversation_id) == conversation_id
    return select(ConversationLabel).where(here, col(ConversationLabel.label_id) == label_id)


async def _label(session: AsyncSession, label_id: str) -> Label:
    label = await session.scalar(select(Label).where(col(Label.id) == label_id))
    if label is None:
        raise Impossible("missing", "there is no such label")
    return label
