"""Where tenants' voices and avatars are made, heard and seen: what the rooms below do with the engines together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from avatars.catalogue import find, resolve
from core_pipeline.arabic.pronouncing import Pronouncing
from core_pipeline.arabic.speakable import speakable
from core_pipeline.cloning.attempt import Outcome
from core_pipeline.cloning.consent import Asked
from core_pipeline.cloning.preview import FORMAT
from core_pipeline.cloning.quality import Verdict
from core_pipeline.cloning.studio import Studio
from core_pipeline.contracts.engines import Pcm, Saying, Word
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.landmarks import checking, proposing
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.film.fit import poster
from core_pipeline.media.pcm import join
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.craft import Craft
from core_pipeline.portraits.permission import Permission
from core_pipeline.portraits.preview import drawn_once, fingerprint, preview
from core_pipeline.portraits.use import face_of, stock_face
from core_pipeline.thinking.pronouncing import pronouncing_of
from core_pipeline.thinking.voices import voice_named
from errors import Impossible, Retryable
from tenants import avatars, films, voices
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import ClonedVoice, Film, Tenant, now

_SHAPE, _RATE = Shape(512, 512), 16_000
_MOUTHED, _SOUND = "marħaba", 0.12
FILM_SECONDS, STILL_SECONDS = 2.0, 0.12
MOST_PREVIEWS = 200


def craft_of(engines: Engines, sandbox: Sandbox | None = None) -> Craft:
    """What the library of avatars borrows from this installation's engines.

    What is drawn elsewhere is drawn anew within the `sandbox`, if one is given: nothing else may look at it.
    """

    async def draw(face: Face) -> bytes:
        return await _drawn(engines, sandbox, face, _MOUTHED, FILM_SECONDS)

    return Craft(draw, checking.checked, proposing.views)


async def _drawn(engines: Engines, sandbox: Sandbox | None, face: Face, mouthed: str, seconds: float) -> bytes:
    """A film of so many seconds in which the face mouths these sounds."""
    sounds = [Word(sound, place * _SOUND, (place + 1) * _SOUND) for place, sound in enumerate(mouthed)]
    silence = Pcm(bytes(2 * int(seconds * _RATE)), _RATE)
    scene = Scene(face, "square", _SHAPE, silence, phonemes=tuple(sounds), emotion="happy")
    makers = await engines.video(face.kind, "ar", For(Ledger()))
    clip = await makers.animated(scene)
    if sandbox is not None and makers.served is not None and makers.served.hosted:
        clip = await sandbox.film(clip.data, scene.shape, most_bits=scene.most_bits)
    return clip.data


@dataclass(frozen=True)
class Workroom:
    """Makes voices and pictures of tenants' own with consent, and lets any be heard and seen before it is chosen."""

    db: Database
    blobs: Blobs
    sandbox: Sandbox
    engines: Engines
    gate: FairGate

    @property
    def studio(self) -> Studio:
        """Where voices by example are kept."""
        return Studio(self.db, self.blobs, self.sandbox)

    @property
    def permission(self) -> Permission:
        """Where the consent of people shown is heard."""
        return Permission(self.db, self.blobs, self.sandbox)

    async def sample(
        self,
        tenant_id: str,
        name: str,
        language: str,
        recording: bytes,
        order: For,
        text: str = "",
        actor: Actor | None = None,
    ) -> tuple[ClonedVoice, Verdict]:
        """A draft of a voice with the verdict on its sample; one that is not fine is revoked at once."""
        async with self.gate.hold(tenant_id):
            asr, speaker = await self.engines.asr(language, order), await self.engines.speaker()
            voice, verdict = await self.studio.start(tenant_id, name, language, recording, speaker, asr, text, actor)
        if not verdict.fine:
            await self.studio.revoke(tenant_id, voice.id)
        return voice, verdict

    async def voice_sentence(
        self, tenant_id: str, voice_id: str, person: str, scope: str, actor: Actor | None = None
    ) -> Asked:
        """The sentence that the owner of the voice must read aloud, in the voice's language."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            language = (await voices.get(session, voice_id)).language
        business = await self._business(tenant_id, language)
        return await self.studio.ask(tenant_id, voice_id, business, person, scope, actor)

    async def voice_consent(
        self, tenant_id: str, voice_id: str, recording: bytes, order: For, actor: Actor | None = None
    ) -> Outcome:
        """What came of the owner's reading."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            language = (await voices.get(session, voice_id)).language
        async with self.gate.hold(tenant_id):
            asr, speaker = await self.engines.asr(language, order), await self.engines.speaker()
            return await self.studio.consent(tenant_id, voice_id, recording, asr, speaker, actor)

    async def revoke_voice(self, tenant_id: str, voice_id: str, actor: Actor | None = None) -> list[str]:
        """Silence a voice everywhere and delete all that was made with it; the keys of what went."""
        return await self.studio.revoke(tenant_id, voice_id, self.engines.forget, actor)

    async def face_sentence(
        self, tenant_id: str, avatar_id: str, person: str, scope: str, language: str, actor: Actor | None = None
    ) -> Asked:
        """The sentence that the person shown must read aloud."""
        business = await self._business(tenant_id, language)
        return await self.permission.ask(tenant_id, avatar_id, business, person, scope, language, actor)

    async def face_consent(
        self, tenant_id: str, avatar_id: str, recording: bytes, order: For, actor: Actor | None = None
    ) -> Outcome:
        """What came of the reading by the person shown."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            language = (await avatars.get(session, avatar_id)).language or "ar"
        async with self.gate.hold(tenant_id):
            asr, speaker = await self.engines.asr(language, order), await self.engines.speaker()
            return await self.permission.hear(tenant_id, avatar_id, recording, asr, speaker, actor)

    async def spoken(
        self, tenant_id: str, text: str, language: str, choice: str, order: For, own: Pronouncing | None = None
    ) -> bytes:
        """The text in this voice and in no other ("" : the engines' own), as Ogg/Opus; nothing of it is kept.

        `own` takes the place of the tenant's dictionary. Raises `Impossible` where the voice can't be had.
        """
        named = (self.db, self.blobs, self.engines, tenant_id)
        voice = await voice_named(*named, choice, language) if choice else None
        own = own or await pronouncing_of(self.db, tenant_id, language)
        engine = await self.engines.tts(language, order, voice)
        async with self.gate.hold(tenant_id):
            async with flowing(engine.speak(Saying(speakable(text, language, own), language))) as stream:
                parts = [part.pcm async for part in stream]
            served = getattr(engine, "served", None)
            if choice and served is not None and served is not engine.engines[0]:  # type: ignore[attr-defined]  # a chain of voices
                raise Retryable("voice-elsewhere", "the engine of this voice does not answer")
            if not parts:
                raise Impossible("no-words", "there is nothing in this text that can be spoken")
            return await encode_voice(join(parts), FORMAT)

    async def moving(self, tenant_id: str, choice: str, colours: Mapping[str, str], folder: Path) -> bytes:
        """A short film (MP4) of an avatar in these colours, drawn once.

        Those of the shelf are kept in `folder`; of the tenant's own with its films, so that they go with the avatar.
        Raises `NeedsOwner` for one that may not be shown.
        """
        chosen = resolve(choice)
        if chosen.own_id is not None:
            return await self._own_film(tenant_id, chosen.own_id, colours)
        face = replace(stock_face(find(chosen.slug or "")), colours=dict(colours))
        async with self.gate.hold(tenant_id):
            file = await preview(face, craft_of(self.engines, self.sandbox), folder)
            return await asyncio.to_thread(_read, file)

    async def still(self, tenant_id: str, choice: str, colours: Mapping[str, str], folder: Path) -> bytes:
        """A picture (JPEG) of an avatar in these colours; one of the shelf is kept in `folder`. Raises as `moving`."""
        chosen = resolve(choice)
        if chosen.own_id is not None:
            return await self._pictured(tenant_id, await self._own_face(tenant_id, chosen.own_id, colours))
        face = replace(stock_face(find(chosen.slug or "")), colours=dict(colours))
        file = await drawn_once(face, folder, ".jpg", partial(self._pictured, tenant_id))
        return await asyncio.to_thread(_read, file)

    async def _pictured(self, tenant_id: str, face: Face) -> bytes:
        async with self.gate.hold(tenant_id):
            drawn = await _drawn(self.engines, self.sandbox, face, "", STILL_SECONDS)
        return await asyncio.to_thread(poster, drawn)

    async def _own_face(self, tenant_id: str, avatar_id: str, colours: Mapping[str, str]) -> Face:
        face = await face_of(self.db, self.blobs, tenant_id, avatar_id)
        return replace(face, colours={**face.colours, **colours})

    async def _own_film(self, tenant_id: str, avatar_id: str, colours: Mapping[str, str]) -> bytes:
        face = await self._own_face(tenant_id, avatar_id, colours)
        key = f"preview:{fingerprint(face)}"
        async with self.db.tenant(tenant_id) as session:
            known = await films.find(session, key, now())
            blob = known.blob if known is not None else None
        if blob is not None:
            return await self.blobs.get(tenant_id, blob)
        async with self.gate.hold(tenant_id):
            drawn = await craft_of(self.engines, self.sandbox).draw(face)
        if not drawn:
            raise Impossible("avatar-undrawable", "nothing came of drawing it")
        blob = await self.blobs.put(tenant_id, "films", drawn, ".mp4")
        at = now()
        film = Film(
            tenant_id=tenant_id,
            avatar_id=avatar_id,
            key=key,
            blob=blob,
            seconds=FILM_SECONDS,
            created_at=at,
            used_at=at,
        )
        try:
            async with self.db.tenant(tenant_id) as session:
                await films.keep(session, film)
        except BaseException:
            await self.blobs.delete(tenant_id, blob)
            raise
        return drawn

    async def _business(self, tenant_id: str, language: str) -> str:
        async with self.db.tenant(tenant_id, reads=True) as session:
            tenant = await session.get_one(Tenant, tenant_id)
        return tenant.name_ar if language == "ar" else tenant.name_en


def _read(file: Path) -> bytes:
    """What is in the file; its folder is kept from growing, since colours can be tried without end."""
    data = file.read_bytes()
    kept = sorted(file.parent.glob(f"*{file.suffix}"), key=lambda one: one.stat().st_mtime)
    for old in kept[:-MOST_PREVIEWS]:
        if old != file:
            old.unlink(missing_ok=True)
    return data
