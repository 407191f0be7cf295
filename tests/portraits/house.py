"""A tenant with a gallery, and an engine room that remembers what it was asked to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core_pipeline.contracts.faces import Face
from core_pipeline.engines.asr.demo.engine import DemoAsr
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.craft import Craft, Pixels, Points
from core_pipeline.portraits.gallery import Gallery
from core_pipeline.portraits.permission import Permission
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible
from tenants import avatars
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import Film, OwnAvatar, Tenant
from tests.cloning.people import note, say
from tests.factories import make_tenant
from tests.portraits.files import corners, png_file

POINTS = {"left": (40.0, 30.0), "right": (80.0, 30.0), "chin": (60.0, 70.0)}


@dataclass
class Clock:
    """A clock that is set by hand."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 5, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Judged:
    """A verdict for tests."""

    problems: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=lambda: {"width": 200.0})


@dataclass
class Engines:
    """Stands in for the engines and keeps what it is given.

    `problems` are found in every picture, `film` is what comes of drawing.
    """

    drawn: list[Face] = field(default_factory=list)
    seen: list[tuple[Pixels, Points]] = field(default_factory=list)
    problems: tuple[str, ...] = ()
    film: bytes | Exception = b"film"

    @property
    def craft(self) -> Craft:
        """What the gallery borrows."""

        async def draw(face: Face) -> bytes:
            self.drawn.append(face)
            if isinstance(self.film, Exception):
                raise self.film
            return self.film

        def checked(picture: Pixels, points: Points) -> Judged:
            if "chin" not in points:
                raise Impossible("points-missing")
            self.seen.append((picture, points))
            return Judged(self.problems)

        def views(points: Points, width: int, height: int) -> dict[str, tuple[float, float, float]]:
            assert points
            return dict.fromkeys(("square", "note", "portrait"), (0.0, 0.0, float(min(width, height))))

        return Craft(draw, checked, views)


@dataclass
class Tools:
    """The engines that hear a consent."""

    tts: EspeakTts
    asr: DemoAsr
    speaker: SpectralSpeaker


@dataclass
class House:
    """A tenant whose owner brings avatars."""

    db: Database
    blobs: Blobs
    folder: Path
    tenant: Tenant
    clock: Clock
    engines: Engines
    gallery: Gallery
    permission: Permission

    async def photo(self) -> str:
        """A picture whose points are placed."""
        avatar = await self.gallery.photo(self.tenant.id, "خالد", "Khalid", png_file(corners()), by="owner")
        verdict = await self.gallery.place(self.tenant.id, avatar.id, POINTS)
        assert verdict.problems == self.engines.problems
        return avatar.id

    async def ask(self, avatar_id: str, language: str = "ar") -> str:
        """The sentence to read."""
        asked = await self.permission.ask(self.tenant.id, avatar_id, "مطعم اللؤلؤة", "خالد يوسف", "answers", language)
        return asked.sentence

    async def consented(self, tools: Tools) -> str:
        """A picture that may be shown."""
        avatar_id = await self.photo()
        recording = note(await say(tools.tts, await self.ask(avatar_id), "ar+m8"))
        outcome = await self.permission.hear(self.tenant.id, avatar_id, recording, tools.asr, tools.speaker)
        assert outcome.code is None
        return avatar_id

    async def row(self, avatar_id: str) -> OwnAvatar:
        """The avatar as it is kept."""
        async with self.db.tenant(self.tenant.id, reads=True) as session:
            return await avatars.get(session, avatar_id)

    async def film(self, avatar_id: str | None, key: str | None = None, used_at: datetime | None = None) -> Film:
        """A film of the avatar, with its bytes in the store but not yet noted."""
        blob = await self.blobs.put(self.tenant.id, "films", b"mp4", ".mp4")
        film = Film(tenant_id=self.tenant.id, avatar_id=avatar_id, key=key, blob=blob, seconds=2.0)
        film.used_at = used_at or self.clock.at
        return film

    def stored(self) -> list[Path]:
        """Every blob there is."""
        return [file for file in self.folder.rglob("*") if file.is_file()]


async def furnish(db: Database, folder: Path, workshop: Workshop, sandbox: Sandbox) -> House:
    clock, engines, blobs = Clock(), Engines(), Blobs(f"file://{folder}")
    gallery = Gallery(db, blobs, workshop, engines.craft, clock)
    permission = Permission(db, blobs, sandbox, clock)
    return House(db, blobs, folder, await make_tenant(db), clock, engines, gallery, permission)
