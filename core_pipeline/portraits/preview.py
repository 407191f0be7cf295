"""How an avatar looks: a short film or a picture of it, drawn once and kept as a file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

from core_pipeline.contracts.faces import Face
from core_pipeline.portraits.craft import Craft
from errors import Impossible


async def preview(face: Face, craft: Craft, folder: Path) -> Path:
    """Return an MP4 file that shows the face, drawn now unless `folder` has it already; raises what drawing raises."""
    return await drawn_once(face, folder, ".mp4", craft.draw)


async def drawn_once(face: Face, folder: Path, ending: str, draw: Callable[[Face], Awaitable[bytes]]) -> Path:
    """Return the file with what `draw` makes of the face, now unless `folder` has it; raises what that raises."""
    file = folder / f"{face.id}-{fingerprint(face)[:12]}{ending}"
    if not await asyncio.to_thread(file.is_file):
        drawn = await draw(face)
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
