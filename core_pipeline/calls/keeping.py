"""What is kept of a call, and what it begins with; every function works within the caller's session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from core_pipeline import answers
from core_pipeline.actions import waiting
from core_pipeline.answers import circumstances_of
from core_pipeline.calls.dialogue import Dialogue, ours
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.messages import Kind, ReplyKind, Status
from core_pipeline.history import memory, outgoing, turns
from core_pipeline.history.threads import spoken, touched
from core_pipeline.knowledge import unknown
from core_pipeline.notices import happenings
from core_pipeline.thinking import handing
from core_pipeline.thinking.variables import differing, filled, fixed
from errors import Impossible
from tenants.db import scope_of
from tenants.models import Call, Contact, Conversation, Direction, Message, Tenant, Turn, TurnState
from tenants.policy import Policy
from voices.catalogue import catalogue

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.calls.dialogue import Round
    from core_pipeline.calls.host import Minutes, Outcome

BROKEN_INTO, NOT_UNDERSTOOD = "broken-into", "not-understood"
OPEN = frozenset({CallState.RINGING, CallState.RUNNING})
BROKEN_OFF = frozenset({"dropped", "broke"})


async def opened(session: AsyncSession, call_id: str) -> Dialogue:
    """What a dialogue begins with; `Impossible("call-missing")` where the tenant has no such call."""
    call = await _call(session, call_id)
    tenant = await session.get_one(Tenant, call.tenant_id)
    policy = Policy.model_validate(tenant.policy)
    conversation = await session.get_one(Conversation, call.conversation_id)
    contact = await session.get_one(Contact, conversation.contact_id)
    before = await memory.recall(session, conversation.id, f"{call_id}:0", policy.memory_messages)
    wish = ours(before.facts.get("language"))
    worded = filled(tenant, policy, before.facts.get("name", ""))
    known = (ours(conversation.language), ours(contact.language), policy.language)
    language = next(one for one in (fixed(policy), ours(call.language), wish, *known) if one)
    return Dialogue(
        call_id=call_id,
        tenant_id=tenant.id,
        conversation_id=conversation.id,
        account_id=call.account_id,
        policy=_voiced(worded, language, conversation.address.get("voice")),
        business={"ar": tenant.name_ar, "en": tenant.name_en},
        language=language,
        before=before,
        circumstances=circumstances_of(tenant, *differing(policy, worded)),
        opening=call.opening,
        pinned=wish if wish == language else None,
        quiet=await handing.quiet(session, policy, conversation),
    )


def _voiced(policy: Policy, language: str, wished: object) -> Policy:
    """With the voice of the shelf that the caller asked for, if there is such a one and it speaks the language."""
    listed = catalogue().get(wished) if isinstance(wished, str) else None
    if listed is None or language not in listed.languages:
        return policy
    return policy.model_copy(update={"voice": {**policy.voice, language: wished}})


async def over_since(session: AsyncSession, call_id: str) -> int | None:
    """The message after which the conversation was silent for too long to go on; None when it may go on."""
    call = await _call(session, call_id)
    policy = Policy.model_validate((await session.get_one(Tenant, call.tenant_id)).policy)
    conversation = await session.get_one(Conversation, call.conversation_id)
    mine = col(Message.conversation_id) == conversation.id, col(Message.id) >= conversation.memory_from
    last = await session.scalar(select(Message).where(*mine).order_by(col(Message.id).desc()).limit(1))
    if last is None or datetime.now(UTC) - last.created_at <= timedelta(seconds=policy.session_seconds):
        return None
    return last.id


async def begin_anew(session: AsyncSession, call_id: str, after: int | None = None) -> None:
    """Begin the conversation's memory after this message (None: after the last there is)."""
    call = await _call(session, call_id)
    if after is None:
        mine = col(Message.conversation_id) == call.conversation_id
        after = await session.scalar(select(col(Message.id)).where(mine).order_by(col(Message.id).desc()).limit(1)) or 0
    await memory.forget(session, call.conversation_id, after + 1)


async def handed(session: AsyncSession, call_id: str) -> None:
    """Note that a person was asked to take over."""
    call = await _call(session, call_id)
    await touched(session, call.conversation_id)
    conversation = await session.get_one(Conversation, call.conversation_id)
    conversation.handed_at = datetime.now(UTC)
    await happenings.handed(session, conversation)


async def transferring(session: AsyncSession, call_id: str) -> None:
    """Note that the caller is about to be put through: the vendor may ask for the number before the call has ended."""
    (await _call(session, call_id)).reason = "transfer"


async def write(session: AsyncSession, dialogue: Dialogue, each: Round, minutes: Minutes) -> None:
    """Keep one exchange: what the caller said, what we meant to say and how much of it was heard; once for each."""
    turn_id = dialogue.turn_id(each)
    if minutes.turn == 0:
        await _say(session, dialogue, each, None)
        return
    conversation = await waiting.locked(session, dialogue.conversation_id)
    if await session.get(Turn, turn_id) is not None:
        return
    conversation.language = each.language
    if each.note == unknown.NOTE:
        await unknown.noted(session, turn_id, each.heard, each.language)
    session.add(_turn(dialogue, each, minutes))
    heard = _in(dialogue, each, minutes)
    session.add(heard)
    await session.flush()
    await spoken(session, heard, answered=True)
    await _say(session, dialogue, each, turn_id)
    await turns.write_stages(session, turn_id, stages(each, minutes))
    pending = waiting.pending_of(conversation)
    if pending is not None and pending.turn == turn_id and not _put(pending.question, each.reached()):
        waiting.keep(conversation, None)
    if each.again is not None:
        await answers.used(session, each.again)
    if each.asked is not None and each.given is not None:
        await answers.keep(session, each.asked, each.given)


async def close(session: AsyncSession, call_id: str, outcome: Outcome, language: str) -> None:
    """Keep how the call went; an end that is known already is not overwritten."""
    call = await _call(session, call_id)
    await touched(session, call.conversation_id)
    if call.state in OPEN:
        broken = outcome.reason in BROKEN_OFF
        call.state, call.reason = (CallState.DROPPED if broken else CallState.ENDED).value, outcome.reason
        call.ended_at = datetime.now(UTC)
    call.metrics = {**call.metrics, **outcome.metrics, "seconds": round(outcome.seconds, 2)}
    call.language = language


async def recorded(session: AsyncSession, call_id: str, recording: str) -> None:
    """Keep where the sound of the call is."""
    call = await _call(session, call_id)
    await touched(session, call.conversation_id)
    call.recording = recording


async def _call(session: AsyncSession, call_id: str) -> Call:
    scope_of(session)
    call = await session.get(Call, call_id)
    if call is None:
        raise Impossible("call-missing", "there is no such call")
    return call


async def _say(session: AsyncSession, dialogue: Dialogue, each: Round, turn_id: str | None) -> None:
    """Keep what we said, and the cards that can't be spoken, which somebody has yet to send."""
    key = f"{dialogue.turn_id(each)}:out"
    text, heard = plain(each.intended(dialogue.fillers)), plain(each.reached(dialogue.fillers))
    if not text or await outgoing.by_key(session, key) is not None:
        return
    own: dict[str, Any] = {
        "tenant_id": dialogue.tenant_id,
        "conversation_id": dialogue.conversation_id,
        "account_id": dialogue.account_id,
        "direction": Direction.OUT,
        "language": each.language,
    }
    status = Status.PLAYED if heard == text else Status.SENT
    said = Message(kind=ReplyKind.VOICE, turn_id=turn_id, key=key, text=text, heard=heard, status=status.value, **own)
    session.add(said)
    await session.flush()
    await spoken(session, said)
    for number, card in enumerate(each.cards):
        key = f"{dialogue.turn_id(each)}:also{number}"
        session.add(Message(kind=ReplyKind.TEXT, key=key, text=plain(card), status=outgoing.UNSENT, **own))
    await session.flush()


def _turn(dialogue: Dialogue, each: Round, minutes: Minutes) -> Turn:
    note = each.note or (None if each.heard else NOT_UNDERSTOOD) or (BROKEN_INTO if minutes.broken_into else None)
    return Turn(
        id=dialogue.turn_id(each),
        tenant_id=dialogue.tenant_id,
        conversation_id=dialogue.conversation_id,
        state=TurnState.ANSWERED,
        heard=plain(each.heard) or None,
        answer=plain(each.answer or each.intended(dialogue.fillers)),
        language=each.language,
        reply_kind=ReplyKind.VOICE.value,
        citations=each.citations,
        note=note,
        call_id=dialogue.call_id,
        started_at=each.began,
        finished_at=datetime.now(UTC),
    )


def _in(dialogue: Dialogue, each: Round, minutes: Minutes) -> Message:
    spoken = minutes.speech is not None
    return Message(
        tenant_id=dialogue.tenant_id,
        conversation_id=dialogue.conversation_id,
        account_id=dialogue.account_id,
        turn_id=dialogue.turn_id(each),
        direction=Direction.IN,
        kind=Kind.VOICE if spoken else Kind.TEXT,
        text=plain(each.heard) or None,
        provider_id=f"{dialogue.turn_id(each)}:in",
        language=each.language,
        confidence=minutes.heard.confidence if minutes.heard and spoken else None,
        seconds=minutes.speech.seconds if minutes.speech else None,
        sent_at=each.began,
    )


def stages(each: Round, minutes: Minutes) -> list[turns.Stage]:
    """The engines' bills, and what the caller waited for: the times of the call, which overlap with those."""
    bills = [turns.Stage(b.stage, b.ms, b.engine, b.units, b.unit, b.cost) for b in each.ledger.bills]
    return bills + [turns.Stage(f"call_{name}", round(ms, 1)) for name, ms in minutes.times.items()]


def _put(question: str, heard: str) -> bool:
    """Whether the question was put to the caller: heard up to its question mark, however it was cut into sentences."""
    whole = question[: max(map(question.rfind, "?؟")) + 1] or question
    return "".join(whole.split()) in "".join(heard.split())


def plain(text: str) -> str:
    """The text as it can be kept everywhere."""
    return text.replace("\0", "")  # Postgres stores none
