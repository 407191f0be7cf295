"""Where a tenant keeps avatars of its own: brought in, looked at, dressed, handed out, revoked and deleted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from avatars.manifest import Illustrated, Photo
from avatars.sheet import ART, PORTRAIT, checked, fields
from core_pipeline.cloning.attempt import deed, or_deleted
from core_pipeline.portraits import revoking
from core_pipeline.portraits.craft import Craft, Points, Verdict, pixels_of
from core_pipeline.portraits.packing import packed
from core_pipeline.portraits.parcel import Picture
from core_pipeline.portraits.png import png
from core_pipeline.portraits.use import opened
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible
from tenants import avatars, films
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import AvatarState, OwnAvatar, now

KIND = "avatars"
COLOURED = ("clothes", "background")
DRAWING_SECONDS = 60.0
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_PLAIN = re.compile(r"[^a-z0-9]+")
_PRIVATE = "Private: shown with the consent of the person"


class Gallery:
    """One installation's avatars of tenants; `craft` is what the engines lend, consent is `permission.py`'s."""

    def __init__(
        self, db: Database, blobs: Blobs, workshop: Workshop, craft: Craft, clock: Callable[[], datetime] = now
    ) -> None:
        self._db, self._blobs, self._workshop, self._craft = db, blobs, workshop, craft
        self._clock = clock

    async def take_in(self, tenant_id: str, pack: bytes, by: str = "", actor: Actor | None = None) -> OwnAvatar:
        """Keep the avatar in a zip file: a drawn one is ready once it was drawn, a photograph begins as a draft.

        Raises `Impossible` with a code of `faults.toml`, and what drawing raises.
        """
        parcel = await self._workshop.pack(pack)
        manifest = checked(parcel.manifest)
        row = _row(tenant_id, manifest, by)
        if isinstance(manifest, Photo):
            if parcel.portrait is None:
                raise Impossible("pack-files", "a photograph's manifest without a picture")
            _note(row, await self._judged(parcel.portrait, manifest.points))
            row.manifest = self._framed(manifest, parcel.portrait, manifest.points)
            files = {PORTRAIT: await asyncio.to_thread(png, parcel.portrait)}
        else:
            row.state, files = AvatarState.READY, {ART: parcel.art.encode()}
        async with self._stored(row, files):
            if row.state == AvatarState.READY:
                await self._proven(row)
            async with self._db.tenant(tenant_id) as session:
                await avatars.add(session, row)
                deed(session, actor, "avatar.bring", row.id, kind=row.kind, name=row.name_en)
        return row

    async def photo(
        self,
        tenant_id: str,
        name_ar: str,
        name_en: str,
        picture: bytes,
        by: str = "",
        actor: Actor | None = None,
    ) -> OwnAvatar:
        """Keep a picture of a person as a draft: its points are placed next, then the person consents."""
        found = await self._workshop.picture(picture)
        words = {"ar": name_ar.strip(), "en": name_en.strip()}
        if not all(0 < len(word) <= 80 for word in words.values()):
            raise Impossible("avatar-names", "give the avatar a name in Arabic and in English, 80 letters at most")
        row = OwnAvatar(
            tenant_id=tenant_id,
            slug=_slug(words["en"]),
            name_ar=words["ar"],
            name_en=words["en"],
            kind="photo",
            created_by=by,
            checks={"size": [found.width, found.height]},
        )
        kept = await asyncio.to_thread(png, found)
        async with self._stored(row, {PORTRAIT: kept}), self._db.tenant(tenant_id) as session:
            await avatars.add(session, row)
            deed(session, actor, "avatar.bring", row.id, kind=row.kind, name=row.name_en)
        return row

    async def judge(self, tenant_id: str, avatar_id: str, points: Points) -> Verdict:
        """Say what would be wrong with these points, and keep nothing."""
        row = await self._photo(tenant_id, avatar_id)
        picture = await self._workshop.picture(await self._blobs.get(tenant_id, row.files[PORTRAIT]))
        return await self._judged(picture, points)

    async def place(self, tenant_id: str, avatar_id: str, points: Points, actor: Actor | None = None) -> Verdict:
        """Say where the points of a photographed face are, in pixels; a draft may be shown only with a fine verdict.

        Of an avatar that is ready, points that earn no fine verdict are refused ("points-refused").
        """
        row = await self._photo(tenant_id, avatar_id)
        picture = await self._workshop.picture(await self._blobs.get(tenant_id, row.files[PORTRAIT]))
        verdict = await self._judged(picture, points)
        words: Any = {"ar": row.name_ar, "en": row.name_en}
        bare = {"name": words, "about": words, "kind": "photo", "licence": _PRIVATE, **row.manifest}
        manifest = self._framed(bare, picture, points)
        async with self._db.tenant(tenant_id) as session:
            row = await avatars.held(session, avatar_id)
            if row.state == AvatarState.REVOKED or (row.state == AvatarState.READY and verdict.problems):
                raise Impossible("points-refused", "the points stay as they were")
            row.manifest = manifest
            _note(row, verdict)
            deed(session, actor, "avatar.points", avatar_id, problems=list(verdict.problems))
            await films.forget_avatar(session, avatar_id)
        return verdict

    async def dress(
        self,
        tenant_id: str,
        avatar_id: str,
        colours: Mapping[str, str],
        logo: bytes | None = None,
        actor: Actor | None = None,
    ) -> OwnAvatar:
        """Give an avatar the tenant's colours ("clothes", "background": "#rrggbb"; others go) and a logo if given."""
        wrong = [name for name, one in colours.items() if name not in COLOURED or not _COLOUR.fullmatch(one)]
        if wrong:
            raise Impossible("avatar-colours", "colours are clothes and background, written as #rrggbb")
        blob = await self._hung(tenant_id, logo) if logo else None
        old = None
        async with or_deleted(self._blobs, tenant_id, [blob] if blob else []), self._db.tenant(tenant_id) as session:
            row = await avatars.held(session, avatar_id)
            if row.state == AvatarState.REVOKED:
                raise Impossible("avatar-state", "a revoked avatar is not dressed")
            row.colours = dict(colours)
            if blob:
                old, row.logo = row.logo, blob
            deed(session, actor, "avatar.dress", avatar_id, colours=dict(colours), logo=bool(logo))
            await films.forget_avatar(session, avatar_id)
        if old:
            await self._blobs.delete(tenant_id, old)
        return row

    async def hand_out(self, tenant_id: str, avatar_id: str) -> bytes:
        """The avatar as a zip file of manifest and art; `NeedsOwner` while it may not be shown."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            row = await avatars.shown(session, avatar_id)
        face = await opened(self._blobs, row)
        return await asyncio.to_thread(packed, face.files)

    async def revoke(self, tenant_id: str, avatar_id: str, actor: Actor | None = None) -> list[str]:
        """Stop showing the avatar at once, then delete its files and every film of it; return their keys.

        Safe to repeat: what a failure left behind is deleted then.
        """
        return await revoking.revoke(self._db, self._blobs, tenant_id, avatar_id, self._clock(), actor)

    async def delete(self, tenant_id: str, avatar_id: str, actor: Actor | None = None) -> bool:
        """Revoke the avatar and take it off the list; False when the record of a consent stays there."""
        await self.revoke(tenant_id, avatar_id, actor)
        async with self._db.tenant(tenant_id) as session:
            return await avatars.remove(session, avatar_id)

    async def _photo(self, tenant_id: str, avatar_id: str) -> OwnAvatar:
        async with self._db.tenant(tenant_id, reads=True) as session:
            row = await avatars.get(session, avatar_id)
        if row.kind != "photo" or PORTRAIT not in row.files:
            raise Impossible("avatar-state", "only a photograph that is not revoked has points")
        return row

    async def _judged(self, picture: Picture, points: Points) -> Verdict:
        return await asyncio.to_thread(self._craft.checked, pixels_of(picture), points)

    def _framed(self, manifest: Photo | Mapping[str, Any], picture: Picture, points: Points) -> dict[str, Any]:
        """The manifest's fields with these points, and the views that follow from them."""
        found = fields(manifest) if isinstance(manifest, Photo) else dict(manifest)
        found["points"] = {name: [round(float(x), 2), round(float(y), 2)] for name, (x, y) in points.items()}
        found["views"] = dict(self._craft.views(points, picture.width, picture.height))
        return fields(checked(found))

    async def _hung(self, tenant_id: str, logo: bytes) -> str:
        picture = await self._workshop.picture(logo, opaque=False)
        return await self._blobs.put(tenant_id, KIND, await asyncio.to_thread(png, picture), ".png")

    async def _proven(self, row: OwnAvatar) -> None:
        """Draw the avatar once: what can't be drawn never comes into the house."""
        try:
            async with asyncio.timeout(DRAWING_SECONDS):
                drawn = await self._craft.draw(await opened(self._blobs, row))
        except (Impossible, TimeoutError) as error:
            raise Impossible("avatar-undrawable", getattr(error, "code", "too slow")) from error
        if not drawn:
            raise Impossible("avatar-undrawable", "nothing came of it")

    @asynccontextmanager
    async def _stored(self, row: OwnAvatar, files: Mapping[str, bytes]) -> AsyncIterator[None]:
        """Keep the row's files for as long as all goes well."""
        async with or_deleted(self._blobs, row.tenant_id, blobs := []):
            for name, data in files.items():
                key = await self._blobs.put(row.tenant_id, KIND, data, f".{name.rpartition('.')[2]}")
                blobs.append(key)
                row.files = {**row.files, name: key}
            yield


def _row(tenant_id: str, manifest: Illustrated | Photo, by: str) -> OwnAvatar:
    return OwnAvatar(
        tenant_id=tenant_id,
        slug=_slug(manifest.name.get("en", "")),
        name_ar=manifest.name.get("ar") or manifest.name.get("en", ""),
        name_en=manifest.name.get("en") or manifest.name.get("ar", ""),
        kind=manifest.kind,
        manifest=fields(manifest),
        created_by=by,
    )


def _note(row: OwnAvatar, verdict: Verdict) -> None:
    found = {"problems": list(verdict.problems), "figures": dict(verdict.figures)}
    row.checks = {**row.checks, **found}


def _slug(name: str) -> str:
    return _PLAIN.sub("-", name.lower()).strip("-")[:40] or "avatar"
