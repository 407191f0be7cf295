"""What a turn has to answer: the customer's words, and everything about them and the business that bears on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core_pipeline.answers import circumstances_of
from core_pipeline.arabic.language import detect
from core_pipeline.arabic.wishes import video_wish
from core_pipeline.contracts.messages import Kind
from core_pipeline.history import incoming, memory
from core_pipeline.thinking import handing
from core_pipeline.thinking.matter import Matter
from core_pipeline.thinking.variables import differing, filled, fixed
from core_pipeline.turns.ladder import AUDIBLE, WORDED
from tenants.models import Contact, Conversation, Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.turns.deps import Deps, Here
    from tenants.models import Message

LANGUAGES = ("ar", "en")
# The customer wants nothing but to see the last answer as a video.
AGAIN = "video-again"
# What is said to somebody who came, or called, and asked nothing that was not answered.
CAME = {Kind.OPENED: "greeting", Kind.CALL: "call_broke_off", Kind.MISSED_CALL: "call_missed"}


@dataclass(frozen=True)
class Situation:
    """One turn's question in its circumstances.

    `heard` is what can be answered; where it is empty, `ready` names the ready words that fit (or nothing does) and
    `note` says why. `handed` means that a person was asked to take over, `taken` that one has; `pending` is what waits
    for the customer's yes; `first` that we have not answered in this conversation before; `since` is the first message
    of this turn;
    `circumstances` change with everything of the tenant's that an answer depends on; `video` says that the customer
    asks for the answer as a video, `wish` is the form that came with their last message, where one did. `script` is
    what is to be said word for word, whatever was asked: by this `sound` (a blob) where there is one, and seen as this
    `avatar`.
    """

    kinds: tuple[str, ...]
    policy: Policy
    business: str
    language: str
    memory: memory.Memory
    heard: str = ""
    ready: str | None = None
    note: str | None = None
    handed: bool = False
    taken: bool = False
    pending: dict[str, Any] | None = None
    first: bool = False
    since: int = 0
    circumstances: str = ""
    video: bool = False
    wish: str | None = None
    script: str = ""
    sound: str | None = None
    avatar: str = ""

    def knowing(self, facts: Mapping[str, str]) -> Situation:
        """The same situation with more known about the customer, which may change the language of the answer."""
        known = replace(self.memory, facts={**self.memory.facts, **facts})
        language = fixed(self.policy) or facts.get("language", self.language)
        return replace(self, memory=known, language=language)

    def matter(self, tenant_id: str) -> Matter:
        """The question as it is thought about."""
        people = handing.people_now(self.policy)
        return Matter(tenant_id, self.policy, self.business, self.language, self.heard, self.memory, people)


async def situation(deps: Deps, here: Here) -> Situation:
    """Read the turn's situation; a conversation that was silent for too long begins anew."""
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
        anew = await memory.silence_broken(session, here.conversation_id, here.turn_id, policy.session_seconds)
    if anew is not None:
        async with deps.db.tenant(here.tenant_id) as session:
            await memory.forget(session, here.conversation_id, anew)
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        return await _read(session, here, policy)


async def _read(session: AsyncSession, here: Here, policy: Policy) -> Situation:
    messages = await incoming.of_turn(session, here.turn_id)
    tenant = await session.get_one(Tenant, here.tenant_id)
    conversation = await session.get_one(Conversation, here.conversation_id)
    recalled = await memory.recall(session, here.conversation_id, here.turn_id, policy.memory_messages)
    contact = await session.get_one(Contact, conversation.contact_id)
    wished = recalled.facts.get("language") or None
    before = wished or conversation.language or _ours(contact.language)
    # In a thread: mixed text loads a model of languages on its first use.
    spoken = await asyncio.to_thread(_language, messages, policy, before)
    said = next((message for message in messages if message.kind == Kind.SCRIPT), None)
    avatar = str(conversation.address.get("avatar", "")) if said else ""
    language = (_ours(conversation.address.get("language")) if said else None) or fixed(policy) or wished or spoken
    worded = filled(tenant, policy, recalled.facts.get("name", ""))
    heard, ready, note = _understood(messages, policy)
    held = handing.held_by_people(conversation, policy)
    video, rest = video_wish(heard) if policy.video != "never" else (False, heard)
    if video and not rest:
        ready, note = "greeting", AGAIN
    return Situation(
        kinds=tuple(message.kind for message in messages),
        policy=shown_as(worded, avatar, language),
        business=tenant.name_ar if language == "ar" else tenant.name_en,
        language=language,
        memory=recalled,
        heard=rest,
        ready=ready,
        note=note,
        handed=held == handing.WAITS,
        taken=held == handing.TAKEN,
        pending=conversation.pending,
        first=not any(one.speaker == "bot" for one in recalled.history),
        since=min((message.id or 0 for message in messages), default=0),
        circumstances=circumstances_of(tenant, *differing(policy, worded)),
        video=video,
        wish=next((message.wish for message in reversed(messages) if message.wish), None),
        script=(said.text or "") if said else "",
        sound=said.blob if said else None,
        avatar=avatar,
    )


def shown_as(policy: Policy, avatar: str, language: str) -> Policy:
    """The policy with this avatar instead of the tenant's choice; unchanged where none is named."""
    return policy.model_copy(update={"avatar": {language: avatar}}) if avatar else policy


def _understood(messages: Sequence[Message], policy: Policy) -> tuple[str, str | None, str | None]:
    """What we can answer, or the ready words that fit, and why."""
    kinds = {message.kind for message in messages}
    texts = [m.text for m in messages if m.text and m.kind in WORDED and not _unsure(m, policy)]
    if texts:
        return "\n".join(texts), None, None
    if trouble := next((m.error for m in messages if m.error and m.kind in AUDIBLE), None):
        return "", "please_write", trouble
    if kinds & AUDIBLE:
        return "", "repeat", "not-understood"
    if came := next((kind for kind in CAME if kind in kinds), None):
        return "", CAME[came], None if came == Kind.OPENED else "call"
    if kinds - {Kind.REACTION}:
        return "", "unsupported", "unsupported-kind"
    return "", None, "nothing-to-answer"


def _unsure(message: Message, policy: Policy) -> bool:
    return message.confidence is not None and message.confidence < policy.confidence


def _language(messages: Sequence[Message], policy: Policy, before: str | None) -> str:
    for message in reversed(messages):
        spoken = _ours(message.language) if message.kind in AUDIBLE and message.text else None
        if spoken and not _unsure(message, policy):
            return spoken
        worded = message.text and message.kind in WORDED - AUDIBLE and not message.text.startswith("/")
        typed = detect(message.text or "") if worded else None
        if typed:
            return typed
    return before or policy.language


def _ours(language: str | None) -> str | None:
    known = (language or "")[:2]
    return known if known in LANGUAGES else None
