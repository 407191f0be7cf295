"""What the operator's commands on avatars work with, and what they do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from avatars.catalogue import OWN, find, is_own
from core_pipeline.atelier import Workroom, craft_of
from core_pipeline.contracts.faces import Face
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.landmarks import checking, proposing
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.craft import Craft, Points, Spot
from core_pipeline.portraits.faults import explain
from core_pipeline.portraits.gallery import Gallery
from core_pipeline.portraits.packing import packed
from core_pipeline.portraits.preview import preview
from core_pipeline.portraits.use import face_of, stock_face
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible
from tenants import avatars, directory
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import OwnAvatar


@dataclass(frozen=True)
class Atelier:
    """What the commands work with: `room` hears consents, `previews` is the folder for films of avatars.

    `propose` places all points of a face from the middles of its left eye, its right eye and its mouth; `explain` says
    in "ar" or "en" what a code means, also those of `craft.checked`.
    """

    room: Workroom
    workshop: Workshop
    craft: Craft
    previews: Path
    propose: Callable[[Spot, Spot, Spot], Points]
    explain: Callable[[str, str], str] = explain

    @property
    def gallery(self) -> Gallery:
        """Where tenants' own avatars are kept."""
        return Gallery(self.db, self.room.blobs, self.workshop, self.craft)

    @property
    def db(self) -> Database:
        """The database."""
        return self.room.db

    def tell(self, code: str, detail: str = "") -> None:
        """Say in both languages what is wrong."""
        typer.secho(f"{code}: {detail}" if detail else code, err=True, fg="red")
        for told in dict.fromkeys(self.explain(code, language) for language in ("ar", "en")):
            typer.secho(told, err=True)


@asynccontextmanager
async def open_atelier(db: Database, blobs: Blobs, engines: Engines, folder: Path) -> AsyncIterator[Atelier]:
    """Open what the commands work with; films of avatars are kept in `folder`."""

    def explained(code: str, language: str) -> str:
        told = explain(code, language)
        return checking.explain(code, language) if told == code else told

    async with Workshop() as workshop, Sandbox() as sandbox:
        room = Workroom(db, blobs, sandbox, engines, FairGate(1))
        yield Atelier(room, workshop, craft_of(engines), folder, proposing.proposed, explained)


async def listed(atelier: Atelier, tenant: str) -> list[dict[str, Any]]:
    """A tenant's own avatars, a row each."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    async with atelier.db.tenant(tenant_id, reads=True) as session:
        rows = await avatars.listing(session)
    shown = ("id", "name_en", "kind", "state", "person", "scope")
    return [{name: str(getattr(row, name)) for name in shown} for row in rows]


async def about(atelier: Atelier, tenant: str, choice: str) -> dict[str, Any]:
    """All that is kept of a tenant's own avatar, but for what was heard of its person."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    async with atelier.db.tenant(tenant_id, reads=True) as session:
        row = await avatars.get(session, choice.removeprefix(OWN))
    return {name: getattr(row, name) for name in type(row).model_fields if name not in {"tenant_id", "consent_text"}}


async def _face(atelier: Atelier, tenant: str, choice: str) -> Face:
    if not is_own(choice):
        return stock_face(find(choice))
    tenant_id = await directory.id_of(atelier.db, tenant)
    return await face_of(atelier.db, atelier.room.blobs, tenant_id, choice.removeprefix(OWN))


async def previewed(atelier: Atelier, tenant: str, choice: str) -> Path:
    """Draw an avatar; the file with its film."""
    return await preview(await _face(atelier, tenant, choice), atelier.craft, atelier.previews)


async def taken_in(atelier: Atelier, tenant: str, file: Path) -> OwnAvatar:
    """Keep the avatar in a zip file."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    return await atelier.gallery.take_in(tenant_id, file.read_bytes(), by="operator")


async def handed_out(atelier: Atelier, tenant: str, choice: str) -> bytes:
    """An avatar as a zip file."""
    if not is_own(choice):
        return packed(find(choice).files)
    tenant_id = await directory.id_of(atelier.db, tenant)
    return await atelier.gallery.hand_out(tenant_id, choice.removeprefix(OWN))


async def brought(atelier: Atelier, tenant: str, file: Path, name_ar: str, name_en: str) -> OwnAvatar:
    """Keep a picture of a person as a draft."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    return await atelier.gallery.photo(tenant_id, name_ar, name_en, file.read_bytes(), by="operator")


async def placed(atelier: Atelier, tenant: str, avatar_id: str, file: Path | None, spots: str) -> tuple[str, ...]:
    """Place the points that a file or three spots give; say what is wrong with them, and return the codes."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    points = _points(file.read_text(encoding="utf-8")) if file else atelier.propose(*_spots(spots))
    verdict = await atelier.gallery.place(tenant_id, avatar_id, points)
    for code in verdict.problems:
        atelier.tell(code)
    return verdict.problems


def _points(text: str) -> Points:
    try:
        return {str(name): (float(x), float(y)) for name, (x, y) in dict(json.loads(text)).items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise Impossible("points-missing", 'write them as JSON: {"chin": [310, 520], …}') from error


def _spots(text: str) -> tuple[Spot, Spot, Spot]:
    try:
        left, right, mouth = [tuple(float(one) for one in spot.split(",")) for spot in text.split()]
        return (left[0], left[1]), (right[0], right[1]), (mouth[0], mouth[1])
    except (ValueError, IndexError) as error:
        raise Impossible("points-missing", "write them like: 210,300 390,302 301,470") from error


async def asked(atelier: Atelier, tenant: str, avatar_id: str, person: str, scope: str, language: str) -> str:
    """The sentence that the person shown must read."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    return (await atelier.room.face_sentence(tenant_id, avatar_id, person, scope, language)).sentence


async def heard(atelier: Atelier, tenant: str, avatar_id: str, recording: Path) -> str | None:
    """Hear a consent; say what is wrong with it, and return the code."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    order = For(Ledger(), tenant_id)
    outcome = await atelier.room.face_consent(tenant_id, avatar_id, recording.read_bytes(), order)
    if outcome.code is not None:
        atelier.tell(outcome.code)
    return outcome.code


async def dressed(atelier: Atelier, tenant: str, avatar_id: str, colours: dict[str, str], logo: Path | None) -> None:
    """Give a tenant's own avatar other colours and a logo."""
    tenant_id = await directory.id_of(atelier.db, tenant)
    await atelier.gallery.dress(tenant_id, avatar_id, colours, logo.read_bytes() if logo else None)


async def revoked(atelier: Atelier, tenant: str, avatar_id: str) -> list[str]:
    """Revoke an avatar; the keys of what was deleted."""
    return await atelier.gallery.revoke(await directory.id_of(atelier.db, tenant), avatar_id)


async def deleted(atelier: Atelier, tenant: str, avatar_id: str) -> bool:
    """Delete an avatar; False when the record of a consent stays."""
    return await atelier.gallery.delete(await directory.id_of(atelier.db, tenant), avatar_id)
