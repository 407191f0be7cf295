"""Showing a tenant's own avatar: what a turn needs of it, each time anew, so that a revoked avatar is never seen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal, cast

from avatars.catalogue import Avatar, find, resolve
from avatars.sheet import MANIFEST, checked, written
from core_pipeline.contracts.faces import Face
from errors import Impossible, NeedsOwner
from tenants import avatars
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import OwnAvatar
from tenants.policy import Policy


def stock_face(avatar: Avatar) -> Face:
    """The face of an avatar on the shelf, in its own colours."""
    return Face(avatar.slug, avatar.manifest.kind, avatar.files)


async def face_of(db: Database, blobs: Blobs, tenant_id: str, avatar_id: str) -> Face:
    """The face for engines; `NeedsOwner` when the tenant has no avatar of that id that may be shown now."""
    async with db.tenant(tenant_id, reads=True) as session:
        avatar = await avatars.shown(session, avatar_id)
    return await opened(blobs, avatar)


async def chosen_face(
    db: Database, blobs: Blobs, tenant_id: str, policy: Policy, language: str
) -> tuple[Face, str | None]:
    """The face that the tenant chose for this language, in their colours, and the id of their own avatar if it is one.

    `NeedsOwner` or `Impossible` where there is none that may be shown.
    """
    chosen = resolve(policy.avatar.get(language))
    colours = {str(name): value for name, value in policy.avatar_colours.items()}
    if chosen.own_id is not None:
        face = await face_of(db, blobs, tenant_id, chosen.own_id)
        return replace(face, colours={**face.colours, **colours}), chosen.own_id
    return replace(stock_face(find(chosen.slug or "")), colours=colours), None


async def opened(blobs: Blobs, avatar: OwnAvatar) -> Face:
    """The face that the row's files make, whatever its state; `NeedsOwner` when they are gone."""
    names = [*avatar.files, *(["logo"] if avatar.logo else [])]
    keys = [*avatar.files.values(), *([avatar.logo] if avatar.logo else [])]
    try:
        found = await asyncio.gather(*(blobs.get(avatar.tenant_id, key) for key in keys))
    except Impossible as error:  # revoked while we looked
        raise NeedsOwner("avatar-revoked", "its files are gone: choose another avatar") from error
    files = dict(zip(names, found, strict=True))
    logo = files.pop("logo", None)
    files[MANIFEST] = written(checked(avatar.manifest)).encode()
    kind = cast('Literal["illustrated", "photo"]', avatar.kind)
    return Face(avatar.id, kind, files, avatar.colours, logo)
