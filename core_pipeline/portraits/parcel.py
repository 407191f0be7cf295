"""What comes out of the sandbox: pixels and a manifest's fields, plain enough that nothing in them can be a trap."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

LONGEST_SIDE = 2_000
_SHAPE = struct.Struct("!HHB")
_PARTS = struct.Struct("!III")


@dataclass(frozen=True)
class Picture:
    """Pixels row by row without gaps, three bytes each (red, green, blue) or four (and how opaque)."""

    width: int
    height: int
    bands: int
    data: bytes

    def pack(self) -> bytes:
        """Return the picture as bytes."""
        return _SHAPE.pack(self.width, self.height, self.bands) + self.data

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Return the picture in `packed`; `ValueError` for anything that is none."""
        if len(packed) < _SHAPE.size:
            raise ValueError("no picture")
        width, height, bands = _SHAPE.unpack_from(packed)
        found = cls(width, height, bands, packed[_SHAPE.size :])
        sides = 0 < found.width <= LONGEST_SIDE and 0 < found.height <= LONGEST_SIDE
        if not sides or found.bands not in {3, 4} or len(found.data) != found.width * found.height * found.bands:
            raise ValueError("no picture")
        return found


@dataclass(frozen=True)
class Parcel:
    """What a zip file brought: a manifest's fields as they stand there, and a drawing or a picture."""

    manifest: Mapping[str, Any] = field(default_factory=dict)
    art: str = ""
    portrait: Picture | None = None

    def pack(self) -> bytes:
        """Return the parcel as bytes."""
        manifest = json.dumps(self.manifest, ensure_ascii=False, default=str).encode()
        parts = manifest, self.art.encode(), self.portrait.pack() if self.portrait else b""
        return _PARTS.pack(*map(len, parts)) + b"".join(parts)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Return the parcel in `packed`; `ValueError` for anything that is none."""
        if len(packed) < _PARTS.size or len(packed) != _PARTS.size + sum(_PARTS.unpack_from(packed)):
            raise ValueError("no parcel")
        parts, place = [], _PARTS.size
        for length in _PARTS.unpack_from(packed):
            parts.append(packed[place : place + length])
            place += length
        try:
            manifest = json.loads(parts[0])
        except RecursionError as error:
            raise ValueError("no manifest") from error
        if not isinstance(manifest, dict):
            raise ValueError("no manifest")  # noqa: TRY004 - a child's nonsense is one error to the caller
        return cls(manifest, parts[1].decode(), Picture.unpack(parts[2]) if parts[2] else None)
