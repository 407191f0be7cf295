"""How an avatar looks: a short film of it, drawn once and kept as a file."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from uuid import uuid4

from core_pipeline.contracts.faces import Face
from core_pipeline.portraits.craft import Craft
from errors import Impossible


async def preview(face: Face, craft: Craft, folder: Path) -> Path:
    """Return an MP4 file that shows the face, drawn now unless `folder` has it already; raises what drawing raises."""
    file = folder / f"{face.id}-{fingerprint(face)[:12]}.mp4"
    if not await asyncio.to_thread(file.is_file):
        drawn = await craft.draw(face)
        if not drawn:
            raise Impossible("avatar-undrawable", "nothing came of drawing it")
        await asyncio.to_thread(_write, file, drawn)
    return file


def fingerprint(face: Face) -> str:
    """Return what tells one look of a face from any other: another file, colour or logo gives another."""
    parts = [part for name in sorted(face.files) for part in (name.encode(), face.files[name])]
    parts += [part.encode() for name in sorted(face.colours) for part in (name, face.colours[name])]
    digest = hashlib.sha256()
    for part in (face.id.encode(), face.kind.encode(), face.logo or b"", *parts):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _write(file: Path, data: bytes) -> None:
    """Write the whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{uuid4().hex}.part")
    unfinished.write_bytes(data)
    unfinished.replace(file)
