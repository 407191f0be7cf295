"""A tenant whose owner makes a voice: what the studio's tests play on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core_pipeline.cloning.studio import Studio
from core_pipeline.cloning.use import keep_render
from core_pipeline.engines.asr.demo.engine import DemoAsr
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from tenants import voices
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import ClonedVoice, Tenant
from tests.cloning.people import MAN, PAGE, note, say
from tests.factories import make_tenant


@dataclass
class Clock:
    """A clock that is set by hand."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 5, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Scene:
    """A tenant whose owner makes a voice."""

    studio: Studio
    db: Database
    blobs: Blobs
    folder: Path
    tenant: Tenant
    clock: Clock
    tts: EspeakTts
    asr: DemoAsr
    speaker: SpectralSpeaker

    async def draft(self) -> str:
        """A draft from the man's sample."""
        sample = note(await say(self.tts, PAGE, MAN))
        voice, verdict = await self.studio.start(self.tenant.id, "خالد", "ar", sample, self.speaker, self.asr, PAGE)
        assert verdict.fine
        return voice.id

    async def ask(self, voice_id: str) -> str:
        """The sentence to read."""
        asked = await self.studio.ask(self.tenant.id, voice_id, "مطعم اللؤلؤة", "خالد يوسف", "answers")
        return asked.sentence

    async def hear(self, voice_id: str, recording: bytes) -> str | None:
        """What is wrong with the reading."""
        outcome = await self.studio.consent(self.tenant.id, voice_id, recording, self.asr, self.speaker)
        return outcome.code

    async def read(self, voice_id: str, voice: str = MAN) -> str | None:
        """Have the shown sentence read aloud."""
        return await self.hear(voice_id, note(await say(self.tts, await self.ask(voice_id), voice)))

    async def released(self) -> str:
        """A voice that may speak."""
        voice_id = await self.draft()
        assert await self.read(voice_id) is None
        return voice_id

    async def row(self, voice_id: str) -> ClonedVoice:
        """The voice as it is kept."""
        async with self.db.tenant(self.tenant.id, reads=True) as session:
            return await voices.get(session, voice_id)

    async def render(self, voice_id: str) -> str:
        """A recording made with the voice."""
        blob = await self.blobs.put(self.tenant.id, "spoken", b"ogg")
        await keep_render(self.db, self.blobs, self.tenant.id, voice_id, blob)
        return blob


@dataclass
class Tools:
    """What a scene is set with besides its database."""

    blobs: Blobs
    folder: Path
    sandbox: Sandbox
    tts: EspeakTts
    asr: DemoAsr
    speaker: SpectralSpeaker


async def set_scene(db: Database, tools: Tools) -> Scene:
    clock, tenant = Clock(), await make_tenant(db)
    studio = Studio(db, tools.blobs, tools.sandbox, clock)
    return Scene(studio, db, tools.blobs, tools.folder, tenant, clock, tools.tts, tools.asr, tools.speaker)
