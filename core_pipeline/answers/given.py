"""Finds, keeps and clears away answers given before; every one belongs to one tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core_pipeline.answers.circumstances import base_of
from core_pipeline.answers.likeness import likeness
from core_pipeline.answers.questions import Question
from core_pipeline.arabic.normalise import normalise
from errors import Impossible
from tenants import answers as rows
from tenants.blobs import Blobs
from tenants.db import Database, scope_of
from tenants.models import CachedAnswer, Tenant, now

NOTE = "answered-before"
_SAME = 1.0
_PREFERENCES = frozenset({"language", "reply"})


@dataclass(frozen=True)
class Given:
    """An answer as it was given, and what tells whether it may be given to others.

    `sure` says that the business's knowledge holds it, `acted` that an action was called for it, `facts` what was
    known about this customer. `blob` is a recording that belongs to the memory alone: it is deleted with the answer.
    """

    text: str
    citations: tuple[str, ...] = ()
    sure: bool = True
    acted: bool = False
    facts: Mapping[str, str] | None = None
    blob: str | None = None
    mime: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Report:
    """How much is answered from memory: answers kept, questions answered since a time, and those from memory."""

    kept: int
    answered: int
    from_memory: int
    favourites: tuple[tuple[str, int], ...]

    @property
    def rate(self) -> float:
        """The share of questions answered from memory, 0..1."""
        return self.from_memory / self.answered if self.answered else 0.0


async def find(session: AsyncSession, question: Question, alike: float = _SAME) -> CachedAnswer | None:
    """The answer to this question, else to one that is at least so `alike` (1: the same words only); a reading unit."""
    _check(session, question)
    same = await rows.by_key(session, question.key)
    if same is not None or alike >= _SAME:
        return same
    known = await rows.questions(session, question.circumstances, question.language)
    near = max(((likeness(question.text, text), one) for one, text in known), default=(0.0, ""))
    return await session.get(CachedAnswer, near[1]) if near[0] >= max(alike, 0.5) else None


async def used(session: AsyncSession, answer: CachedAnswer) -> None:
    """Count that the answer was given again."""
    await rows.used(session, answer.id)


def worth_keeping(given: Given) -> bool:
    """Whether others may get this answer: it rests on the business's knowledge and on nothing of this customer's."""
    if not given.text or not given.sure or given.acted or not given.citations:
        return False
    said = normalise(given.text)
    return not any(_tells(said, fact) for name, fact in (given.facts or {}).items() if name not in _PREFERENCES)


def _tells(said: str, fact: str) -> bool:
    """Whether the answer holds a word of what is known about the customer, such as their name."""
    return any(len(word) > 1 and word in said for word in normalise(fact).split())


async def keep(session: AsyncSession, question: Question, given: Given) -> str | None:
    """Keep the answer for those who ask the same; give back a blob that nobody needs now, to be deleted.

    Only the first question of a talk is kept: later answers may rest on what was said before. An answer kept without a
    recording gets the given one; another one's recording is not replaced.
    """
    _check(session, question)
    if question.talking or not worth_keeping(given):
        return given.blob
    there = await rows.by_key(session, question.key)
    if there is None and await rows.add(session, _row(question, given)):
        await rows.retire_oldest(session)
        return None
    there = there or await rows.by_key(session, question.key)
    if there is None or there.blob is not None or given.blob is None or there.answer != given.text:
        return given.blob
    there.blob, there.mime, there.seconds = given.blob, given.mime, given.seconds
    return None


async def sweep(db: Database, blobs: Blobs, tenant_id: str) -> int:
    """Clear away what can't be given any more, recordings first; return how many answers went. Safe to break off."""
    async with db.tenant(tenant_id) as session:
        tenant = await session.get(Tenant, tenant_id)
        await rows.retire_stale(session, base_of(tenant) if tenant else "", now())
        await rows.retire_oldest(session)
        gone = await rows.retired(session)
    for _, blob in gone:
        if blob is not None:
            await blobs.delete(tenant_id, blob)
    async with db.tenant(tenant_id) as session:
        for answer_id, _ in gone:
            await rows.remove(session, answer_id)
    return len(gone)


async def report(session: AsyncSession, since: datetime) -> Report:
    """What the memory did for the session's tenant since then; turns from memory bear `NOTE`."""
    return Report(
        kept=await rows.kept(session),
        answered=await rows.answered(session, since),
        from_memory=await rows.answered(session, since, NOTE),
        favourites=tuple(await rows.favourites(session)),
    )


def _row(question: Question, given: Given) -> CachedAnswer:
    return CachedAnswer(
        tenant_id=question.tenant_id,
        key=question.key,
        circumstances=question.circumstances,
        question=question.text,
        language=question.language,
        answer=given.text,
        citations=list(given.citations),
        blob=given.blob,
        mime=given.mime,
        seconds=given.seconds,
    )


def _check(session: AsyncSession, question: Question) -> None:
    if scope_of(session) != question.tenant_id:
        raise Impossible("foreign-question", "the question was asked of another tenant")
