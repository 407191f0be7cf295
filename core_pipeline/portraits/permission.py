"""The consent of a person who is shown: their own voice, reading a sentence made for this moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from core_pipeline.cloning.consent import Asked, sentence_for
from core_pipeline.cloning.crowd import one_voice
from core_pipeline.cloning.quality import MOST_SECONDS, ONE_VOICE
from core_pipeline.cloning.reading import compare
from core_pipeline.cloning.recordings import SAMPLE_RATE
from core_pipeline.cloning.studio import MOST_ATTEMPTS, SENTENCE_LASTS, Outcome
from core_pipeline.contracts.engines import Asr, Pcm, Speaker
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.media.wav import wav
from core_pipeline.portraits.gallery import KIND
from errors import Impossible
from tenants import avatars
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import AvatarState, OwnAvatar, now


class Permission:
    """Asks for and hears consents; engines are brought by the caller."""

    def __init__(self, db: Database, blobs: Blobs, sandbox: Sandbox, clock: Callable[[], datetime] = now) -> None:
        self._db, self._blobs, self._sandbox = db, blobs, sandbox
        self._clock = clock

    async def ask(
        self, tenant_id: str, avatar_id: str, business: str, person: str, scope: str, language: str = "ar"
    ) -> Asked:
        """Draw the sentence that `person`, who is shown, must read aloud within a quarter of an hour."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            avatar = _draft(await avatars.held(session, avatar_id))
            asked = sentence_for(language, business, person, scope, at.date(), of="picture")
            avatar.person, avatar.scope, avatar.sentence = person.strip(), scope, asked.sentence
            avatar.language = language
            shown = {"agree": asked.agree, "words": list(asked.words), "at": at.isoformat()}
            avatar.checks = {**avatar.checks, "asked": shown}
        return asked

    async def hear(self, tenant_id: str, avatar_id: str, recording: bytes, asr: Asr, speaker: Speaker) -> Outcome:
        """Hear the sentence read aloud, and let the avatar be shown if it is the right one, read by one person.

        A reading that fails is kept as figures only and can be repeated; after ten the picture must be brought anew.
        """
        async with self._db.tenant(tenant_id, reads=True) as session:
            avatar = _draft(await avatars.get(session, avatar_id))
        outcome, pcm = await self._heard(avatar, recording, asr, speaker)
        blob = await self._blobs.put(tenant_id, KIND, wav(pcm), ".wav") if pcm and outcome.code is None else None
        async with self._or_deleted(tenant_id, blob):
            await self._settle(tenant_id, avatar, outcome, blob)
        return outcome

    async def _heard(
        self, avatar: OwnAvatar, recording: bytes, asr: Asr, speaker: Speaker
    ) -> tuple[Outcome, Pcm | None]:
        shown = avatar.checks.get("asked")
        if shown is None:
            raise Impossible("no-sentence", "ask for the sentence first")
        if self._clock() - datetime.fromisoformat(shown["at"]) > SENTENCE_LASTS:
            return Outcome("sentence-expired"), None
        try:
            pcm = await self._sandbox.decode(recording, sample_rate=SAMPLE_RATE, max_seconds=MOST_SECONDS)
            heard = await asr.transcribe(pcm, avatar.language)
            alone = await one_voice(pcm, speaker)
        except Impossible as error:
            if error.code not in {"media-silent", "too-little-speech"}:
                raise
            return Outcome("not-heard"), None
        asked = Asked(avatar.sentence, shown["agree"], tuple(shown["words"]))
        return _judged(asked, heard.text, avatar.language, alone), pcm

    async def _settle(self, tenant_id: str, asked: OwnAvatar, outcome: Outcome, blob: str | None) -> None:
        """Keep the attempt, and let the avatar be shown after a good one, unless it changed while we listened."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            avatar = _draft(await avatars.held(session, asked.id))
            if avatar.sentence != asked.sentence:
                raise Impossible("avatar-changed", "another sentence was asked for meanwhile: read that one")
            attempts = [*avatar.checks.get("attempts", []), outcome.record(at)]
            avatar.checks = {**avatar.checks, "attempts": attempts}
            if outcome.code is None:
                avatar.state, avatar.consented_at, avatar.consent_blob = AvatarState.READY, at, blob
                avatar.consent_text = outcome.text

    @asynccontextmanager
    async def _or_deleted(self, tenant_id: str, blob: str | None) -> AsyncIterator[None]:
        """Leave no recording behind that no row names."""
        try:
            yield
        except BaseException:
            if blob is not None:
                await self._blobs.delete(tenant_id, blob)
            raise


def _judged(asked: Asked, heard: str, language: str, alone: float) -> Outcome:
    """Name the first thing that speaks against the reading."""
    read = compare(asked, heard, language)
    faults = {
        "refused": read.refused,
        "not-read": not read.agreed,
        "wrong-words": not read.confirmed,
        "two-speakers": alone < ONE_VOICE,
    }
    code = next((code for code, found in faults.items() if found), None)
    return Outcome(code, read.agree, read.words, text=heard)


def _draft(avatar: OwnAvatar) -> OwnAvatar:
    """Let through only a picture that a consent can still be read for."""
    if avatar.kind != "photo" or avatar.state != AvatarState.DRAFT:
        raise Impossible("avatar-state", "only a photograph that is a draft waits for a consent")
    if not avatar.manifest or avatar.checks.get("problems"):
        raise Impossible("points-needed", "place the points of the face first, until nothing is wrong with them")
    if len(avatar.checks.get("attempts", [])) >= MOST_ATTEMPTS:
        raise Impossible("too-many-attempts", "the sentence was read wrongly too often: bring the picture anew")
    return avatar
