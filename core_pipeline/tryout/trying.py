"""Leads one question through hearing, thinking and speaking."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from core_pipeline.answers import circumstances_of, find, question_of
from core_pipeline.arabic.dialects import dialect_of
from core_pipeline.arabic.language import detect
from core_pipeline.arabic.wishes import wants_person
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history.memory import Memory
from core_pipeline.history.turns import Stage, write_trial
from core_pipeline.thinking import handing
from core_pipeline.thinking.matter import Matter, Mind
from core_pipeline.thinking.think import think
from core_pipeline.thinking.variables import differing, filled, fixed
from core_pipeline.thinking.words import phrase
from core_pipeline.tryout.showing import drawn
from core_pipeline.tryout.speaking import encoded, spoken
from core_pipeline.tryout.tried import Found, Tried
from errors import Impossible, SawtakError

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Passage
    from core_pipeline.tryout.tried import Asked, Stand
    from tenants.models import Tenant
    from tenants.policy import Policy

LONGEST_QUESTION, LONGEST_SOUND = 1000, 60.0
LANGUAGES = ("ar", "en")


class _Witness:
    """The shelf, remembering what was found."""

    def __init__(self, stand: Stand) -> None:
        self._shelf = stand.shelf
        self.found: tuple[Passage, ...] = ()

    async def search(self, tenant_id: str, text: str, language: str) -> tuple[Passage, ...]:
        """The tenant's passages that fit the text best."""
        self.found = await self._shelf.search(tenant_id, text, language)
        return self.found


async def tried(stand: Stand, tenant: Tenant, policy: Policy, asked: Asked) -> Tried:
    """Answer as a bot with this policy would; `Impossible` only for what is no question at all.

    What goes wrong with an engine on the way raises what the engine raises; a voice that fails is told in `no_sound`.
    """
    order = For(Ledger(), tenant.id)
    came = Tried(language=policy.language)
    try:
        await _heard(stand, order, policy, asked, came)
        # in a thread: mixed text loads a model of languages on its first use
        came.dialect = await asyncio.to_thread(dialect_of, came.heard) if came.heard else None
        worded = filled(tenant, policy, asked.customer)
        came.model = await generating(stand, tenant.id, came.language)
        if came.note:
            came.answer = phrase(worded, "repeat" if came.note == "not-understood" else "please_write", came.language)
        else:
            await _answered(stand, order, tenant, (policy, worded), came)
        if asked.speak and came.answer:
            await _spoken(stand, order, tenant.id, worded, came)
    finally:
        came.bills = list(order.ledger.bills)
        await _billed(stand, tenant.id, order.ledger)
    return came


async def film(stand: Stand, tenant: Tenant, policy: Policy, text: str, language: str) -> tuple[bytes, Ledger]:
    """An MP4 of the tenant's avatar saying this, and what it took; raises why there can be none."""
    order = For(Ledger(), tenant.id)
    try:
        return await drawn(stand, order, tenant.id, policy, text, language), order.ledger
    finally:
        await _billed(stand, tenant.id, order.ledger)


async def _billed(stand: Stand, tenant_id: str, ledger: Ledger) -> None:
    """Keep what a trial cost the business; one that cost nothing leaves nothing."""
    if any(bill.cost for bill in ledger.bills):
        bills = [Stage(one.stage, one.ms, one.engine, one.units, one.unit, one.cost) for one in ledger.bills]
        async with stand.db.tenant(tenant_id) as session:
            await write_trial(session, bills)


async def generating(stand: Stand, tenant_id: str, language: str = "") -> bool:
    """Whether a language model may word the tenant's answers: only such a one follows persona, tone and dialect."""
    chain = [one for one in await stand.engines.configurations(tenant_id) if one.spec.kind == "llm"]
    return any(one.spec.generates for one in chain if not language or language in one.spec.languages_of(one.config))


async def _heard(stand: Stand, order: For, policy: Policy, asked: Asked, came: Tried) -> None:
    """What is asked, in which language."""
    said: str | None
    if asked.sound is None:
        came.heard = asked.text.replace("\0", "").strip()[:LONGEST_QUESTION]
        if not came.heard:
            raise Impossible("nothing-said", "type a question or record one")
        said = await asyncio.to_thread(detect, came.heard)
    else:
        said = await _transcribed(stand, order, policy, asked.sound, came)
    came.language = fixed(policy) or said or policy.language


async def _transcribed(stand: Stand, order: For, policy: Policy, sound: bytes, came: Tried) -> str | None:
    try:
        async with stand.gate.hold(order.tenant_id):
            with order.ledger.timed("decode"):
                pcm = await stand.sandbox.decode(sound, max_seconds=LONGEST_SOUND)
            heard = await (await stand.engines.asr(None, order)).transcribe(pcm)
    except Impossible as error:
        came.note = error.code
        return None
    came.heard, came.confidence = heard.text.strip(), heard.confidence
    unsure = heard.confidence is not None and heard.confidence < policy.confidence
    if unsure or not came.heard:
        came.note = "not-understood"
    return heard.language[:2] if heard.language[:2] in LANGUAGES else None


async def _answered(stand: Stand, order: For, tenant: Tenant, policies: tuple[Policy, Policy], came: Tried) -> None:
    raw, worded = policies
    rule = handing.by_rule(worded, came.heard) or ("handoff" if wants_person(came.heard) else None)
    if rule is not None:
        came.note = rule if handing.people_now(worded) else "closed"
        came.answer = handing.words_for(worded, came.language)
        came.sentences = [came.answer]
        return
    came.remembered = await _remembered(stand, tenant, policies, came)
    witness, begun = _Witness(stand), perf_counter()
    business = tenant.name_ar if came.language == "ar" else tenant.name_en
    matter = Matter(tenant.id, worded, business, came.language, came.heard, Memory(), handing.people_now(worded))
    thought = await think(Mind(stand.engines, witness), matter, order, None, came.sentences.append)
    order.ledger.note("thought", perf_counter() - begun)
    cited = set(thought.citations)
    came.answer, came.sure = thought.text, thought.sure
    came.passages = [Found(one, one.id in cited) for one in witness.found]
    came.note = "" if thought.sure else "unknown"
    if not thought.sure and raw.handoff.after_unknown == 1:
        came.answer = f"{came.answer} {handing.words_for(worded, came.language)}"


async def _remembered(stand: Stand, tenant: Tenant, policies: tuple[Policy, Policy], came: Tried) -> bool:
    """Whether who writes this question gets an answer that was given before."""
    raw, worded = policies
    if not raw.cache:
        return False
    held = f"{circumstances_of(tenant, *differing(raw, worded))}.{stand.making}.text"
    question = question_of(tenant.id, came.heard, came.language, held, talking=False)
    if question is None:
        return False
    async with stand.db.tenant(tenant.id, reads=True) as session:
        return await find(session, question, raw.cache_likeness) is not None


async def _spoken(stand: Stand, order: For, tenant_id: str, policy: Policy, came: Tried) -> None:
    try:
        parts = await spoken(stand, order, tenant_id, policy, came.answer, came.language)
        came.sound, came.seconds = await encoded(stand, order, [one.pcm for _, said in parts for one in said])
    except SawtakError as error:
        came.no_sound = error.code


def unsaved(tenant: Tenant, policy: Policy, facts: dict[str, str]) -> Tenant:
    """A copy of the tenant as it would be with these unsaved values; it belongs to no session."""
    values = policy.model_dump(mode="json", exclude_defaults=True)
    return type(tenant)(**{**tenant.model_dump(), "policy": values, "facts": facts})
