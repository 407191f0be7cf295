"""Attempts at reading a sentence of consent aloud: how long and how often one may, what came of it, what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from core_pipeline.cloning.consent import Asked
from core_pipeline.cloning.quality import ONE_VOICE
from core_pipeline.cloning.reading import Read
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.wav import wav
from errors import Impossible
from tenants import audit
from tenants.audit import Actor
from tenants.blobs import Blobs

SENTENCE_LASTS = timedelta(minutes=15)
MOST_ATTEMPTS = 10

Notes: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of a reading: `code` says why nothing was released (see `quality.explain`), None: it was."""

    code: str | None
    agree: float = 0.0
    words: float = 0.0
    likeness: float | None = None
    text: str = ""

    def record(self, at: datetime) -> dict[str, Any]:
        """The attempt as it is kept: no words of the speaker, figures only."""
        figures = {"agree": self.agree, "words": self.words, "likeness": self.likeness}
        return {"at": at.isoformat(), "code": self.code, **figures}


Heard: TypeAlias = tuple[Outcome, Pcm | None]


def deed(session: AsyncSession, actor: Actor | None, action: str, thing: str, **after: Any) -> None:
    """Write into the audit what somebody did; nothing where nobody is named, as on the command line."""
    if actor is not None:
        audit.record(session, actor, action, thing, after=after or None)


def attempts_left(notes: Notes) -> int:
    """How often the sentence may still be read wrongly."""
    return max(0, MOST_ATTEMPTS - len(notes.get("attempts", [])))


def with_asked(notes: Notes, asked: Asked, at: datetime) -> dict[str, Any]:
    """Return a draft's notes with what was asked for; the sentence itself has a place of its own."""
    return {**notes, "asked": {"agree": asked.agree, "words": list(asked.words), "at": at.isoformat()}}


def with_attempt(notes: Notes, outcome: Outcome, at: datetime) -> dict[str, Any]:
    """Return a draft's notes with one attempt more."""
    return {**notes, "attempts": [*notes.get("attempts", []), outcome.record(at)]}


def used_up(notes: Notes) -> bool:
    """Whether the sentence was read wrongly as often as it may be."""
    return attempts_left(notes) == 0


def asked_in_time(notes: Notes, sentence: str, at: datetime) -> Asked | None:
    """Return what a draft asks for, None when that is too long ago; `Impossible` "no-sentence" when nothing is."""
    shown = notes.get("asked")
    if shown is None:
        raise Impossible("no-sentence", "ask for the sentence first")
    if at - datetime.fromisoformat(shown["at"]) > SENTENCE_LASTS:
        return None
    return Asked(sentence, shown["agree"], tuple(shown["words"]))


async def heard(listening: Awaitable[Heard]) -> Heard:
    """Return what came of listening: "not-heard" where nobody speaks; other refusals are raised."""
    try:
        return await listening
    except Impossible as error:
        if error.code not in {"media-silent", "too-little-speech"}:
            raise
        return Outcome("not-heard"), None


def fault(read: Read, alone: float) -> str | None:
    """Name the first thing that speaks against the reading; `alone` is how alike its parts sound."""
    faults = {
        "refused": read.refused,
        "not-read": not read.agreed,
        "wrong-words": not read.confirmed,
        "two-speakers": alone < ONE_VOICE,
    }
    return next((code for code, found in faults.items() if found), None)


@asynccontextmanager
async def recorded(blobs: Blobs, tenant_id: str, kind: str, attempt: Heard) -> AsyncIterator[str | None]:
    """Keep the sound of a good reading for as long as all goes well, and give its key; None of a bad one."""
    outcome, pcm = attempt
    key = await blobs.put(tenant_id, kind, wav(pcm), ".wav") if pcm and outcome.code is None else None
    async with or_deleted(blobs, tenant_id, [key] if key else []):
        yield key


@asynccontextmanager
async def or_deleted(blobs: Blobs, tenant_id: str, keys: Sequence[str]) -> AsyncIterator[None]:
    """Leave no file behind that no row names: what goes wrong inside deletes those of `keys` at that time."""
    try:
        yield
    except BaseException:
        for key in keys:
            await blobs.delete(tenant_id, key)
        raise
