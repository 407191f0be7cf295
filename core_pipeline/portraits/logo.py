"""Logos that strangers upload: read in the sandbox, made small, and written anew, so that nothing but pixels stays."""

from __future__ import annotations

import asyncio
from math import ceil

import numpy as np

from core_pipeline.portraits.parcel import Picture
from core_pipeline.portraits.png import png
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible
from tenants import brands
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database

LARGEST_BYTES = 2 << 20
LONGEST_SIDE = 256


async def hang(db: Database, blobs: Blobs, actor: Actor, agency_id: str, upload: bytes) -> str:
    """Show a picture as the agency's logo in place of the last one, and give its blob; `Impossible` as `drawn`."""
    key = await blobs.put(agency_id, brands.KIND, await drawn(upload), ".png")
    await _shown(db, blobs, actor, agency_id, key)
    return key


async def take_down(db: Database, blobs: Blobs, actor: Actor, agency_id: str) -> None:
    """Show no logo of the agency any more."""
    await _shown(db, blobs, actor, agency_id, None)


async def _shown(db: Database, blobs: Blobs, actor: Actor, agency_id: str, key: str | None) -> None:
    async with db.platform() as session:
        old = await brands.hang(session, actor, agency_id, key)
    if old:
        await blobs.delete(agency_id, old)


async def drawn(upload: bytes) -> bytes:
    """The picture as a small PNG file.

    Raises `Impossible("logo-too-large")` and what the workshop finds wrong with a picture.
    """
    if len(upload) > LARGEST_BYTES:
        raise Impossible("logo-too-large", "take a picture of at most 2 MiB")
    # Opened for this one: a logo is brought once in a while, and a waiting process would cost memory all day.
    async with Workshop() as workshop:
        picture = await workshop.picture(upload, opaque=False)
    return await asyncio.to_thread(lambda: png(small(picture)))


def small(picture: Picture) -> Picture:
    """The picture, at most 256 pixels long: each is the mean of a square, in which what is clear weighs nothing."""
    step = ceil(max(picture.width, picture.height) / LONGEST_SIDE)
    pixels = np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 4).astype(np.float64)
    high, wide = max(1, picture.height // step), max(1, picture.width // step)
    squares = pixels[: high * step, : wide * step].reshape(high, min(step, picture.height), wide, -1, 4)
    solid = squares[..., 3:]
    mean_solid = solid.mean(axis=(1, 3))
    mixed = (squares[..., :3] * solid).sum(axis=(1, 3)) / np.maximum(solid.sum(axis=(1, 3)), 1.0)
    made = np.concatenate([mixed, mean_solid], axis=2).round().astype(np.uint8)
    return Picture(wide, high, 4, made.tobytes())
