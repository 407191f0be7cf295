"""The consent of a person who is shown: their own voice, reading a sentence made for this moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core_pipeline.cloning.attempt import (
    Heard,
    Outcome,
    asked_in_time,
    deed,
    fault,
    heard,
    recorded,
    used_up,
    with_asked,
    with_attempt,
)
from core_pipeline.cloning.consent import Asked, sentence_for
from core_pipeline.cloning.crowd import one_voice
from core_pipeline.cloning.quality import MOST_SECONDS
from core_pipeline.cloning.reading import compare
from core_pipeline.cloning.recordings import SAMPLE_RATE
from core_pipeline.contracts.engines import Asr, Speaker
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.gallery import KIND
from errors import Impossible
from tenants import avatars
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import AvatarState, OwnAvatar, now


class Permission:
    """Asks for and hears consents; engines are brought by the caller."""

    def __init__(self, db: Database, blobs: Blobs, sandbox: Sandbox, clock: Callable[[], datetime] = now) -> None:
        self._db, self._blobs, self._sandbox = db, blobs, sandbox
        self._clock = clock

    async def ask(
        self,
        tenant_id: str,
        avatar_id: str,
        business: str,
        person: str,
        scope: str,
        language: str = "ar",
        actor: Actor | None = None,
    ) -> Asked:
        """Draw the sentence that `person`, who is shown, must read aloud within a quarter of an hour."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            avatar = _draft(await avatars.held(session, avatar_id))
            asked = sentence_for(language, business, person, scope, at.date(), of="picture")
            avatar.person, avatar.scope, avatar.sentence = person.strip(), scope, asked.sentence
            avatar.language = language
            avatar.checks = with_asked(avatar.checks, asked, at)
            deed(session, actor, "avatar.sentence", avatar_id, person=avatar.person, scope=scope)
        return asked

    async def hear(
        self,
        tenant_id: str,
        avatar_id: str,
        recording: bytes,
        asr: Asr,
        speaker: Speaker,
        actor: Actor | None = None,
    ) -> Outcome:
        """Hear the sentence read aloud, and let the avatar be shown if it is the right one, read by one person.

        A reading that fails is kept as figures only and can be repeated; after ten the picture must be brought anew.
        """
        async with self._db.tenant(tenant_id, reads=True) as session:
            avatar = _draft(await avatars.get(session, avatar_id))
        attempt = await self._heard(avatar, recording, asr, speaker)
        async with recorded(self._blobs, tenant_id, KIND, attempt) as blob:
            await self._settle(tenant_id, avatar, attempt[0], blob, actor)
        return attempt[0]

    async def _heard(self, avatar: OwnAvatar, recording: bytes, asr: Asr, speaker: Speaker) -> Heard:
        asked = asked_in_time(avatar.checks, avatar.sentence, self._clock())
        if asked is None:
            return Outcome("sentence-expired"), None
        return await heard(self._compared(avatar.language, asked, recording, asr, speaker))

    async def _compared(self, language: str, asked: Asked, recording: bytes, asr: Asr, speaker: Speaker) -> Heard:
        pcm = await self._sandbox.decode(recording, sample_rate=SAMPLE_RATE, max_seconds=MOST_SECONDS)
        said = await asr.transcribe(pcm, language)
        alone = await one_voice(pcm, speaker)
        read = compare(asked, said.text, language)
        return Outcome(fault(read, alone), read.agree, read.words, text=said.text), pcm

    async def _settle(
        self, tenant_id: str, asked: OwnAvatar, outcome: Outcome, blob: str | None, actor: Actor | None
    ) -> None:
        """Keep the attempt, and let the avatar be shown after a good one, unless it changed while we listened."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            avatar = _draft(await avatars.held(session, asked.id))
            if avatar.sentence != asked.sentence:
                raise Impossible("avatar-changed", "another sentence was asked for meanwhile: read that one")
            avatar.checks = with_attempt(avatar.checks, outcome, at)
            deed(session, actor, "avatar.consent", avatar.id, person=avatar.person, verdict=outcome.code or "ready")
            if outcome.code is None:
                avatar.state, avatar.consented_at, avatar.consent_blob = AvatarState.READY, at, blob
                avatar.consent_text = outcome.text


def _draft(avatar: OwnAvatar) -> OwnAvatar:
    """Let through only a picture that a consent can still be read for."""
    if avatar.kind != "photo" or avatar.state != AvatarState.DRAFT:
        raise Impossible("avatar-state", "only a photograph that is a draft waits for a consent")
    if not avatar.manifest or avatar.checks.get("problems"):
        raise Impossible("points-needed", "place the points of the face first, until nothing is wrong with them")
    if used_up(avatar.checks):
        raise Impossible("too-many-attempts", "the sentence was read wrongly too often: bring the picture anew")
    return avatar
