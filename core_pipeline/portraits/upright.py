"""Which way up a picture is: EXIF's one number, found without trusting anything else in the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_TAG = 0x0112
_MOST_ENTRIES = 200
_MOST_CHUNKS = 1_000
_EXIF = b"Exif\0\0"


def orientation(kind: str, data: bytes) -> int:
    """Return EXIF's orientation, 1..8, of a "png", "jpeg" or "webp" file; 1 where it says nothing that makes sense."""
    parts = {"png": _png, "jpeg": _jpeg, "webp": _webp}[kind](data)
    for count, (name, start, length) in enumerate(parts):
        if count > _MOST_CHUNKS:
            break
        block = data[start : start + length]
        if name in {b"eXIf", b"EXIF"} or (name == b"\xe1" and block.startswith(_EXIF)):
            return _number(block.removeprefix(_EXIF))
    return 1


def _png(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = 8
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], place + 8, length
        place += length + 12


def _webp(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = 12
    while place + 8 <= len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], place + 8, length
        place += 8 + length + length % 2


def _jpeg(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The segments before the picture itself begins."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        yield data[place + 1 : place + 2], place + 4, length - 2
        place += 2 + max(2, length)


def _number(block: bytes) -> int:
    """Look the tag up in the first directory of a TIFF block."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return 1
    start: int = struct.unpack_from(f"{order}I", block, 4)[0]
    if start + 2 > len(block):
        return 1
    entries: int = struct.unpack_from(f"{order}H", block, start)[0]
    for place in range(start + 2, start + 2 + 12 * min(entries, _MOST_ENTRIES), 12):
        if place + 10 > len(block):
            return 1
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", block, place)
        if tag == _TAG:
            return int(value) if 1 <= value <= 8 else 1
    return 1
