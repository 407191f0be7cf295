"""Where a tenant makes a voice by example: sample, consent, revocation. Only a voice with consent ever speaks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from core_pipeline.cloning.attempt import (
    Heard,
    Outcome,
    asked_in_time,
    deed,
    fault,
    heard,
    or_deleted,
    recorded,
    used_up,
    with_asked,
    with_attempt,
)
from core_pipeline.cloning.consent import Asked, sentence_for, wording
from core_pipeline.cloning.crowd import one_voice
from core_pipeline.cloning.echo import is_copy
from core_pipeline.cloning.quality import MOST_SECONDS, Verdict, inspect
from core_pipeline.cloning.reading import compare
from core_pipeline.cloning.recordings import SAMPLE_RATE, shortened
from core_pipeline.contracts.engines import Asr, Pcm, Speaker
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.media.wav import unpacked, wav
from errors import Impossible
from tenants import voices
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import ClonedVoice, VoiceState, now

KIND = "voices"
DRAFT_LASTS = timedelta(days=7)
SAME_VOICE = 0.5
_SPARE_SECONDS = 1.0


class Studio:
    """Makes, releases and revokes one installation's cloned voices; engines are brought by the caller."""

    def __init__(self, db: Database, blobs: Blobs, sandbox: Sandbox, clock: Callable[[], datetime] = now) -> None:
        self._db, self._blobs, self._sandbox = db, blobs, sandbox
        self._clock = clock

    async def start(
        self,
        tenant_id: str,
        name: str,
        language: str,
        recording: bytes,
        speaker: Speaker,
        asr: Asr,
        text: str = "",
        actor: Actor | None = None,
    ) -> tuple[ClonedVoice, Verdict]:
        """Judge a sample and keep a draft with the verdict; the sound is kept only when the verdict is fine.

        `text` is what the sample says, if it was read from a page; else `asr` hears it. Raises `Impossible` for files
        that hold no sound, and for languages without a sentence of consent.
        """
        if language not in wording():
            raise Impossible("consent-language", f"consent can be read in: {', '.join(wording())}")
        pcm, verdict = await self._judged(recording, speaker)
        facts = {"problems": list(verdict.problems), "figures": verdict.figures}
        draft = ClonedVoice(tenant_id=tenant_id, name=name, language=language, quality=facts)
        if pcm is not None and verdict.fine:
            kept = shortened(pcm)
            read = text.strip() if kept is pcm else ""
            draft.sample_text = read or (await asr.transcribe(kept, language)).text
            draft.voiceprint = await speaker.voiceprint(kept)
            draft.quality = {**facts, "digest": hashlib.sha256(recording).hexdigest()}
            draft.sample = await self._blobs.put(tenant_id, KIND, wav(kept), ".wav")
        stored = [draft.sample] if draft.sample else []
        async with or_deleted(self._blobs, tenant_id, stored), self._db.tenant(tenant_id) as session:
            await voices.add(session, draft)
            deed(
                session, actor, "voice.sample", draft.id, name=name, language=language, problems=list(verdict.problems)
            )
        return draft, verdict

    async def ask(
        self, tenant_id: str, voice_id: str, business: str, speaker: str, scope: str, actor: Actor | None = None
    ) -> Asked:
        """Draw the sentence that `speaker` must read within a quarter of an hour, in the draft's own language."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            voice = _draft(await voices.held(session, voice_id))
            asked = sentence_for(voice.language, business, speaker, scope, at.date())
            voice.speaker, voice.scope, voice.sentence = speaker.strip(), scope, asked.sentence
            voice.quality = with_asked(voice.quality, asked, at)
            deed(session, actor, "voice.sentence", voice_id, speaker=voice.speaker, scope=scope)
        return asked

    async def consent(
        self,
        tenant_id: str,
        voice_id: str,
        recording: bytes,
        asr: Asr,
        speaker: Speaker,
        actor: Actor | None = None,
    ) -> Outcome:
        """Hear the sentence read aloud, and release the voice if it is the right one in the right voice.

        A reading that fails is kept as figures only and can be repeated; after ten the sample must be made anew.
        """
        async with self._db.tenant(tenant_id, reads=True) as session:
            voice = _draft(await voices.get(session, voice_id))
        attempt = await self._heard(voice, recording, asr, speaker)
        async with recorded(self._blobs, tenant_id, KIND, attempt) as blob:
            await self._settle(tenant_id, voice, attempt[0], blob, actor)
        return attempt[0]

    async def revoke(
        self,
        tenant_id: str,
        voice_id: str,
        forget: Callable[[str], Awaitable[None]] | None = None,
        actor: Actor | None = None,
    ) -> list[str]:
        """Stop the voice at once, then delete its recordings and all that was made with it; return their keys.

        Safe to repeat: what a failure left behind is deleted then. `forget` tells engines elsewhere to drop the voice.
        """
        async with self._db.tenant(tenant_id) as session:
            await voices.revoke(session, voice_id, self._clock())
            deed(session, actor, "voice.revoke", voice_id)
            gone = await voices.remains(session, voice_id)
        for blob in gone:
            await self._blobs.delete(tenant_id, blob)
        if forget is not None:
            await forget(voice_id)
        async with self._db.tenant(tenant_id) as session:
            await voices.bury(session, voice_id)
        return gone

    async def tidy(self, tenant_id: str, forget: Callable[[str], Awaitable[None]] | None = None) -> int:
        """Revoke drafts that nobody consented to within a week, finish revocations that broke off; return how many."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            old = await voices.abandoned(session, self._clock() - DRAFT_LASTS)
            due = [*old, *await voices.unburied(session)]
        for voice_id in due:
            await self.revoke(tenant_id, voice_id, forget)
        return len(due)

    async def _judged(self, recording: bytes, speaker: Speaker) -> tuple[Pcm | None, Verdict]:
        try:
            pcm = await self._decoded(recording)
        except Impossible as error:
            code = {"media-too-long": "too-long", "media-silent": "quiet"}.get(error.code)
            if code is None:
                raise
            return None, Verdict((code,), {})
        return pcm, await inspect(pcm, speaker)

    async def _decoded(self, recording: bytes) -> Pcm:
        longest = MOST_SECONDS + _SPARE_SECONDS
        return await self._sandbox.decode(recording, sample_rate=SAMPLE_RATE, max_seconds=longest)

    async def _heard(self, voice: ClonedVoice, recording: bytes, asr: Asr, speaker: Speaker) -> Heard:
        asked = asked_in_time(voice.quality, voice.sentence, self._clock())
        if asked is None:
            return Outcome("sentence-expired"), None
        if hashlib.sha256(recording).hexdigest() == voice.quality["digest"]:
            return Outcome("same-recording"), None
        return await heard(self._compared(voice, asked, recording, asr, speaker))

    async def _compared(self, voice: ClonedVoice, asked: Asked, recording: bytes, asr: Asr, speaker: Speaker) -> Heard:
        pcm = await self._decoded(recording)
        sample = unpacked(await self._blobs.get(voice.tenant_id, voice.sample or ""))
        said = await asr.transcribe(pcm, voice.language)
        read = compare(asked, said.text, voice.language)
        # The sample's voiceprint is taken anew: the installation may have another engine by now.
        likeness = speaker.likeness(await speaker.voiceprint(sample), await speaker.voiceprint(pcm))
        alone = await one_voice(pcm, speaker)
        code = fault(read, alone) or ("other-voice" if likeness < SAME_VOICE else None)
        if await asyncio.to_thread(is_copy, sample, pcm):
            code = "same-recording"
        return Outcome(code, read.agree, read.words, round(likeness, 4), said.text), pcm

    async def _settle(
        self, tenant_id: str, asked: ClonedVoice, outcome: Outcome, blob: str | None, actor: Actor | None
    ) -> None:
        """Keep the attempt, and release the voice after a good one, unless it changed while we listened."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            voice = _draft(await voices.held(session, asked.id))
            if voice.sentence != asked.sentence:
                raise Impossible("voice-changed", "another sentence was asked for meanwhile: read that one")
            voice.quality = with_attempt(voice.quality, outcome, at)
            deed(session, actor, "voice.consent", voice.id, speaker=voice.speaker, verdict=outcome.code or "ready")
            if outcome.code is None:
                voice.state, voice.consented_at, voice.consent_blob = VoiceState.READY, at, blob
                voice.consent_text, voice.likeness = outcome.text, outcome.likeness


def _draft(voice: ClonedVoice) -> ClonedVoice:
    """Let through only a draft that a consent can still be read for."""
    if voice.state != VoiceState.DRAFT:
        raise Impossible("voice-state", f"the voice is {voice.state}: make a new one")
    if voice.sample is None:
        raise Impossible("sample-refused", "the sample was not good enough: record a new one")
    if used_up(voice.quality):
        raise Impossible("too-many-readings", "the sentence was read wrongly too often: record a new sample")
    return voice
