"""An avatar as one zip file. Reading is for the sandbox; nothing is ever written under a name that the file gives."""

from __future__ import annotations

import io
import stat
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from core_pipeline.media.wire import Refused
from core_pipeline.portraits.drawing import rules
from core_pipeline.portraits.drawing.reader import clean
from core_pipeline.portraits.parcel import Parcel
from core_pipeline.portraits.pictures import pixels

MANIFEST, ART = "avatar.toml", "art.svg"
PORTRAITS = ("portrait.png", "portrait.jpg", "portrait.jpeg", "portrait.webp")
MOST_FILES = 8
MOST_MANIFEST = 32 << 10
MOST_PICTURE = 16 << 20
_ROOM = {MANIFEST: MOST_MANIFEST, ART: rules.MOST_BYTES, **dict.fromkeys(PORTRAITS, MOST_PICTURE)}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError)
_LOCKED, _UTF_8 = 0x1, 0x800
_WHEN = (2020, 1, 1, 0, 0, 0)


def unpack(data: bytes) -> Parcel:
    """Return what an avatar's zip file holds, checked but for the manifest's fields; raises `Refused` otherwise."""
    files = _files(data)
    if MANIFEST not in files:
        raise Refused("pack-manifest", f"{MANIFEST} is missing")
    try:
        manifest = tomllib.loads(files[MANIFEST].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused("pack-manifest", f"{MANIFEST} is no TOML") from error
    shown = [name for name in files if name != MANIFEST]
    wanted = PORTRAITS if manifest.get("kind") == "photo" else (ART,)
    if len(shown) != 1 or shown[0] not in wanted:
        raise Refused("pack-files", f"beside {MANIFEST} there is one file: {' or '.join(wanted)}")
    if shown[0] == ART:
        return Parcel(manifest, art=clean(files[ART]))
    return Parcel(manifest, portrait=pixels(files[shown[0]], as_it_is=True))


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return files as one zip file, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _WHEN), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _files(data: bytes) -> dict[str, bytes]:
    """The files of an archive by name, without the one folder that they may all lie in."""
    if not data.startswith(b"PK\x03\x04"):
        raise Refused("pack-kind")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_FILES:
                raise Refused("pack-files", f"more than {MOST_FILES} files")
            names = _names(parts)
            return {
                names[part.filename]: _read(archive, part, names[part.filename]) for part in parts if not part.is_dir()
            }
    except _BROKEN as error:
        raise Refused("pack-unreadable", type(error).__name__) from error


def _names(parts: list[zipfile.ZipInfo]) -> dict[str, str]:
    """What each part is called once the folder around all of them is taken off."""
    for part in parts:
        _honest(part)
    paths = {part.filename: PurePosixPath(part.filename) for part in parts if not part.is_dir()}
    if len(paths) != sum(not part.is_dir() for part in parts):
        raise Refused("pack-twice")
    if len({path.parent for path in paths.values()}) > 1 or any(len(path.parts) > 2 for path in paths.values()):
        raise Refused("pack-folders")
    strange = [path.name for path in paths.values() if path.name not in _ROOM]
    if strange:
        raise Refused("pack-files", f"beside {MANIFEST} there is {ART}, or {PORTRAITS[0]} of a photograph")
    return {name: path.name for name, path in paths.items()}


def _honest(part: zipfile.ZipInfo) -> None:
    """Refuse names that lead elsewhere or could be read in two ways, and parts that are no plain files."""
    name = part.orig_filename
    if not name.isascii() and not part.flag_bits & _UTF_8:
        raise Refused("pack-names", "a name is not UTF-8")
    steps = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or not {"", ".", ".."}.isdisjoint(steps):
        raise Refused("pack-outside")
    mode = part.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise Refused("pack-link")
    if part.flag_bits & _LOCKED:
        raise Refused("pack-locked")
    if part.compress_type not in _METHODS:
        raise Refused("pack-unreadable", "an unusual compression")


def _read(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> bytes:
    """Unpack one file, no further than it may be long whatever it says of itself."""
    room = _ROOM[name]
    if part.file_size > room:
        raise Refused("pack-bomb", f"{name}: at most {room} bytes")
    with archive.open(part) as file:
        data = file.read(room + 1)
    if len(data) > room:
        raise Refused("pack-bomb", f"{name}: at most {room} bytes")
    return data
