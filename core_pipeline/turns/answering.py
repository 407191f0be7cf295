"""The stages that think and speak: decide what to say, say it, and keep it as this network's voice note."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from core_pipeline.actions.doing import Place
from core_pipeline.actions.turn import TurnActions
from core_pipeline.arabic.speakable import speakable
from core_pipeline.arabic.wishes import Command, command
from core_pipeline.cloning.disclosure import disclosed
from core_pipeline.contracts.engines import Saying
from core_pipeline.contracts.messages import Kind, ReplyKind
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import memory, turns
from core_pipeline.history.threads import called_in
from core_pipeline.knowledge import unknown
from core_pipeline.notices import happenings
from core_pipeline.thinking import handing
from core_pipeline.thinking.think import think
from core_pipeline.thinking.words import phrase
from core_pipeline.turns import again, colleague, handing_over
from core_pipeline.turns.casting import cast_of
from core_pipeline.turns.ladder import CALLED, form_of, wants_video
from core_pipeline.turns.remembering import agreed, noticed
from core_pipeline.turns.shooting import begin_film
from core_pipeline.turns.situation import AGAIN, situation
from core_pipeline.turns.speaking import Speaking, kept, script_of
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tenants.models import Conversation, Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from core_pipeline.thinking.think import Thought
    from core_pipeline.turns.casting import Cast
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.situation import Situation
    from core_pipeline.turns.speaking import Script


@dataclass
class Said:
    """What we decided to say: `spoken` is the finished note where it was spoken while we thought.

    `keep` says that others will be told the same words.
    """

    text: str = ""
    note: str | None = None
    citations: list[str] = field(default_factory=list)
    spoken: dict[str, Any] | None = None
    keep: bool = False
    also: list[str] = field(default_factory=list)


async def answer(deps: Deps, here: Here) -> dict[str, Any]:
    """Decide what to say: {"text", "language", "form", "note", "spoken", "keep", "also", "bills"}; no text: nothing.

    "sound" and "avatar" say how the text is to be heard and seen where that is given.
    """
    if (ordered := await colleague.plan(deps, here)) is not None:
        return ordered
    order = For(Ledger(), here.tenant_id)
    now = await noticed(deps, here, await situation(deps, here))
    cast, refusal = await _cast(deps, here, now)
    limits = (await deps.lines.line(here.account_id)).limits
    wished = now.wish or now.memory.facts.get("reply")
    form = ReplyKind.VIDEO if cast else form_of(now.kinds, now.policy, limits, wished)
    script = await script_of(deps, here, now.policy, now.language) if form is not ReplyKind.TEXT else None
    said = await _said(deps, here, now, order, script, cast)
    said.note = said.note or refusal
    said.also += await _how_to_call(deps, here, now)
    async with deps.db.tenant(here.tenant_id) as session:
        conversation = await session.get_one(Conversation, here.conversation_id)
        conversation.language = now.language
        await happenings.handed(session, conversation)
        if said.note == unknown.NOTE:
            await unknown.noted(session, here.turn_id, now.heard, now.language)
        await turns.answered_with(
            session, here.turn_id, now.heard or None, said.text, now.language, said.note, said.citations
        )
    plan = {"text": said.text, "note": said.note, "spoken": said.spoken, "keep": said.keep, "also": said.also}
    shown = {"language": now.language, "form": form.value, "sound": now.sound, "avatar": now.avatar}
    return {**plan, **shown, "bills": _bills(order)}


async def _how_to_call(deps: Deps, here: Here, now: Situation) -> list[str]:
    """What somebody needs who wants to call again, where this turn goes on with a call."""
    if not CALLED & set(now.kinds):
        return []
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        called = await called_in(session, here.turn_id)
    if called is None:
        return []
    number = (await deps.lines.line(called.id)).limits.dials.format(account=called.external_id)
    return [f"{phrase(now.policy, 'call_again', now.language)} {number}"] if number else []


async def _cast(deps: Deps, here: Here, now: Situation) -> tuple[Cast | None, str | None]:
    """Who is to be shown where the answer is to be a video, or why there can't be one."""
    limits = (await deps.lines.line(here.account_id)).limits
    wished = now.memory.facts.get("reply")
    asked = {"asked": now.video, "first": now.first}
    if now.handed or now.taken or not wants_video(now.policy, limits, **asked, wished=wished, wish=now.wish):
        return None, None
    try:
        return await cast_of(deps, here, now.policy, limits, now.language), None
    except (Impossible, NeedsOwner) as error:
        return None, f"no video: {error}"


async def _said(deps: Deps, here: Here, now: Situation, order: For, script: Script | None, cast: Cast | None) -> Said:
    """What to say, by the first that has something to say about it; what is to be heard first says who speaks."""
    if now.script:
        return Said(now.script, "script")
    if now.taken or now.handed:
        return Said(note=handing.TAKEN if now.taken else handing.WAITS)
    opening = disclosed("", now.policy, now.language, first=now.first).strip() if script else ""
    if Kind.CALL in now.kinds and now.heard:
        opening = f"{phrase(now.policy, 'call_broke_off', now.language)} {opening}".strip()
    said = await _heeded(deps, here, now) if now.heard else _ready(now)
    if said is None:
        return await _found(deps, here, now, order, script, cast, opening)
    return replace(said, text=f"{opening} {said.text}".strip()) if said.text else said


def _ready(now: Situation) -> Said:
    last = [one.text for one in now.memory.history if one.speaker == "bot"] if now.note == AGAIN else []
    if last:
        return Said(last[-1], now.note)
    return Said(phrase(now.policy, now.ready, now.language) if now.ready else "", now.note, keep=True)


async def _heeded(deps: Deps, here: Here, now: Situation) -> Said | None:
    """What to say to words that are meant for the bot itself; None when they are a question to the business."""
    doing = _doing(deps, here, now)
    if doing and (settled := await doing.settle(now.heard)):
        return Said(settled.words, "action")
    if (wanted := command(now.heard)) is not None:
        return await _obeyed(deps, here, now, wanted)
    if handing.wanted(now.policy, now.heard):
        return Said(*await handing_over.hand_over(deps, here, now))
    if await handing_over.used_up(deps, here, now):
        return Said((await handing_over.hand_over(deps, here, now))[0], handing.QUOTA)
    if (word := agreed(now)) is not None:
        return Said(phrase(now.policy, "remembered" if word == "yes" else "not_remembered", now.language), "memory")
    return None


async def _obeyed(deps: Deps, here: Here, now: Situation, wanted: Command) -> Said:
    async with deps.db.tenant(here.tenant_id) as session:
        await memory.forget(session, here.conversation_id, now.since + 1)
        if wanted is Command.FORGET:
            await memory.forget_customer(session, here.conversation_id)
    name = "reset" if wanted is Command.RESET else "forgotten"
    return Said(phrase(now.policy, name, now.language), wanted.value)


def _doing(deps: Deps, here: Here, now: Situation) -> TurnActions | None:
    place = Place(here.tenant_id, here.conversation_id, here.turn_id, now.language)
    return TurnActions(deps.actions, place) if deps.actions else None


async def _found(
    deps: Deps, here: Here, now: Situation, order: For, script: Script | None, cast: Cast | None, opening: str
) -> Said:
    """The answer that was given before, else a new one, which is kept for the next who asks."""
    asked = again.question(deps, here, now, script)
    known = await again.asked_before(deps, here, asked, now, order)
    if known is not None:
        recording = await again.note_of(deps, here, known, script) if not opening else None
        return Said(f"{opening} {known.answer}".strip(), again.NOTE, known.citations, recording, keep=True)
    thought, spoken, ending = await _thought(deps, here, now, order, script, cast, opening)
    if not ending:
        await again.remember_answer(deps, here, asked, now, thought, script, None if opening else _kept(spoken))
    text = " ".join(part for part in (opening, thought.text, ending) if part)
    note = handing.HANDED if thought.handed else None if thought.sure else unknown.NOTE
    return Said(text, note, thought.citations, spoken, also=thought.also)


async def _thought(
    deps: Deps, here: Here, now: Situation, order: For, script: Script | None, cast: Cast | None, opening: str
) -> tuple[Thought, dict[str, Any] | None, str]:
    """Think, and speak at the same time where the answer is to be heard, draw where it is to be seen; what ends it."""
    filming = await begin_film(deps, here, cast, script) if cast and script else None
    speaking = Speaking(deps, here, order, script, filming) if script else None
    spoken = None
    say, begun = speaking.say if speaking else _unsaid, perf_counter()
    try:
        if opening:
            say(opening)
        thought = await think(deps.mind, now.matter(here.tenant_id), order, _doing(deps, here, now), say)
        if ending := await handing_over.ending(deps, here, now, thought):
            say(ending)
        spoken = await _finished(speaking) if speaking else None
    finally:
        if speaking:
            await speaking.abandon()
        if _kept(spoken) is None:
            await deps.darkroom.drop(here.turn_id)
    if speaking and speaking.first_audio:
        order.ledger.note("first_audio", speaking.first_audio - begun)
        order.ledger.note("last_token", thought.last_token - begun)
    return thought, spoken, ending


def _kept(spoken: dict[str, Any] | None) -> dict[str, Any] | None:
    return spoken if spoken and "blob" in spoken else None


async def _finished(speaking: Speaking) -> dict[str, Any] | None:
    """The finished note; None when the step "speak" should try again by itself; {"problem"} when that is no use."""
    try:
        return await speaking.finish()
    except Retryable:
        return None
    except SawtakError as error:
        return {"problem": str(error)}


def _unsaid(sentence: str) -> None:
    """Answer in writing."""
    del sentence


async def speak(deps: Deps, here: Here, text: str, language: str) -> dict[str, Any]:
    """Speak the text into our store, encoded as this channel's voice note: {"blob", "mime", "seconds", "bills"}."""
    order = For(Ledger(), here.tenant_id)
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
    script = await script_of(deps, here, policy, language)
    async with deps.gate.hold(here.tenant_id):
        with order.ledger.timed("speakable"):
            saying = Saying(speakable(text, language, script.own), language)
        engine = await deps.engines.tts(language, order, script.voice)
        parts = [part.pcm async for part in engine.speak(saying)]
    note = await kept(deps, here, order, script, parts)
    return {**note, "bills": _bills(order)}


def _bills(order: For) -> list[dict[str, Any]]:
    return [asdict(bill) for bill in order.ledger.bills]
