"""Where a tenant makes a voice by example: sample, consent, revocation. Only a voice with consent ever speaks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core_pipeline.cloning.consent import Asked, sentence_for, wording
from core_pipeline.cloning.crowd import one_voice
from core_pipeline.cloning.echo import is_copy
from core_pipeline.cloning.quality import MOST_SECONDS, ONE_VOICE, Verdict, inspect
from core_pipeline.cloning.reading import Read, compare
from core_pipeline.cloning.recordings import SAMPLE_RATE, shortened
from core_pipeline.contracts.engines import Asr, Pcm, Speaker
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.media.wav import unpacked, wav
from errors import Impossible
from tenants import voices
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import ClonedVoice, VoiceState, now

KIND = "voices"
SENTENCE_LASTS = timedelta(minutes=15)
DRAFT_LASTS = timedelta(days=7)
MOST_ATTEMPTS = 10
SAME_VOICE = 0.5
_SPARE_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """What came of a reading: `code` says why the voice was not released (see `quality.explain`), None: it was."""

    code: str | None
    agree: float = 0.0
    words: float = 0.0
    likeness: float | None = None
    text: str = ""

    def record(self, at: datetime) -> dict[str, Any]:
        """The attempt as it is kept: no words of the speaker, figures only."""
        figures = {"agree": self.agree, "words": self.words, "likeness": self.likeness}
        return {"at": at.isoformat(), "code": self.code, **figures}


class Studio:
    """Makes, releases and revokes one installation's cloned voices; engines are brought by the caller."""

    def __init__(self, db: Database, blobs: Blobs, sandbox: Sandbox, clock: Callable[[], datetime] = now) -> None:
        self._db, self._blobs, self._sandbox = db, blobs, sandbox
        self._clock = clock

    async def start(
        self, tenant_id: str, name: str, language: str, recording: bytes, speaker: Speaker, asr: Asr, text: str = ""
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
        async with self._or_deleted(tenant_id, draft.sample), self._db.tenant(tenant_id) as session:
            await voices.add(session, draft)
        return draft, verdict

    async def ask(self, tenant_id: str, voice_id: str, business: str, speaker: str, scope: str) -> Asked:
        """Draw the sentence that `speaker` must read within a quarter of an hour, in the draft's own language."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            voice = _draft(await voices.held(session, voice_id))
            asked = sentence_for(voice.language, business, speaker, scope, at.date())
            voice.speaker, voice.scope, voice.sentence = speaker.strip(), scope, asked.sentence
            shown = {"agree": asked.agree, "words": list(asked.words), "at": at.isoformat()}
            voice.quality = {**voice.quality, "asked": shown}
        return asked

    async def consent(self, tenant_id: str, voice_id: str, recording: bytes, asr: Asr, speaker: Speaker) -> Outcome:
        """Hear the sentence read aloud, and release the voice if it is the right one in the right voice.

        A reading that fails is kept as figures only and can be repeated; after ten the sample must be made anew.
        """
        async with self._db.tenant(tenant_id, reads=True) as session:
            voice = _draft(await voices.get(session, voice_id))
        outcome, pcm = await self._heard(voice, recording, asr, speaker)
        blob = await self._blobs.put(tenant_id, KIND, wav(pcm), ".wav") if pcm and outcome.code is None else None
        async with self._or_deleted(tenant_id, blob):
            await self._settle(tenant_id, voice, outcome, blob)
        return outcome

    async def revoke(
        self, tenant_id: str, voice_id: str, forget: Callable[[str], Awaitable[None]] | None = None
    ) -> list[str]:
        """Stop the voice at once, then delete its recordings and all that was made with it; return their keys.

        Safe to repeat: what a failure left behind is deleted then. `forget` tells engines elsewhere to drop the voice.
        """
        async with self._db.tenant(tenant_id) as session:
            await voices.revoke(session, voice_id, self._clock())
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

    @asynccontextmanager
    async def _or_deleted(self, tenant_id: str, blob: str | None) -> AsyncIterator[None]:
        """Leave no recording behind that no row names."""
        try:
            yield
        except BaseException:
            if blob is not None:
                await self._blobs.delete(tenant_id, blob)
            raise

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

    async def _heard(
        self, voice: ClonedVoice, recording: bytes, asr: Asr, speaker: Speaker
    ) -> tuple[Outcome, Pcm | None]:
        shown = voice.quality.get("asked")
        if shown is None:
            raise Impossible("no-sentence", "ask for the sentence first")
        if self._clock() - datetime.fromisoformat(shown["at"]) > SENTENCE_LASTS:
            return Outcome("sentence-expired"), None
        if hashlib.sha256(recording).hexdigest() == voice.quality["digest"]:
            return Outcome("same-recording"), None
        try:
            pcm = await self._decoded(recording)
            return await self._compared(voice, pcm, asr, speaker), pcm
        except Impossible as error:
            if error.code not in {"media-silent", "too-little-speech"}:
                raise
            return Outcome("not-heard"), None

    async def _compared(self, voice: ClonedVoice, pcm: Pcm, asr: Asr, speaker: Speaker) -> Outcome:
        shown = voice.quality["asked"]
        asked = Asked(voice.sentence, shown["agree"], tuple(shown["words"]))
        sample = unpacked(await self._blobs.get(voice.tenant_id, voice.sample or ""))
        heard = await asr.transcribe(pcm, voice.language)
        read = compare(asked, heard.text, voice.language)
        # The sample's voiceprint is taken anew: the installation may have another engine by now.
        likeness = speaker.likeness(await speaker.voiceprint(sample), await speaker.voiceprint(pcm))
        alone = await one_voice(pcm, speaker)
        copy = await asyncio.to_thread(is_copy, sample, pcm)
        code = _fault(read, likeness, alone, copy=copy)
        return Outcome(code, read.agree, read.words, round(likeness, 4), heard.text)

    async def _settle(self, tenant_id: str, asked: ClonedVoice, outcome: Outcome, blob: str | None) -> None:
        """Keep the attempt, and release the voice after a good one, unless it changed while we listened."""
        at = self._clock()
        async with self._db.tenant(tenant_id) as session:
            voice = _draft(await voices.held(session, asked.id))
            if voice.sentence != asked.sentence:
                raise Impossible("voice-changed", "another sentence was asked for meanwhile: read that one")
            attempts = [*voice.quality.get("attempts", []), outcome.record(at)]
            voice.quality = {**voice.quality, "attempts": attempts}
            if outcome.code is None:
                voice.state, voice.consented_at, voice.consent_blob = VoiceState.READY, at, blob
                voice.consent_text, voice.likeness = outcome.text, outcome.likeness


def _fault(read: Read, likeness: float, alone: float, *, copy: bool) -> str | None:
    """Name the first thing that speaks against the reading."""
    faults = {
        "same-recording": copy,
        "refused": read.refused,
        "not-read": not read.agreed,
        "wrong-words": not read.confirmed,
        "two-speakers": alone < ONE_VOICE,
        "other-voice": likeness < SAME_VOICE,
    }
    return next((code for code, found in faults.items() if found), None)


def _draft(voice: ClonedVoice) -> ClonedVoice:
    """Let through only a draft that a consent can still be read for."""
    if voice.state != VoiceState.DRAFT:
        raise Impossible("voice-state", f"the voice is {voice.state}: make a new one")
    if voice.sample is None:
        raise Impossible("sample-refused", "the sample was not good enough: record a new one")
    if len(voice.quality.get("attempts", [])) >= MOST_ATTEMPTS:
        raise Impossible("too-many-attempts", "the sentence was read wrongly too often: record a new sample")
    return voice
