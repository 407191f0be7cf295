"""The frames between us and a child that speaks: two big-endian 32-bit lengths, a JSON header, a body."""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTHS = struct.Struct("!II")
_LARGEST_HEADER, _LARGEST_BODY = 4_000_000, 200_000_000


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return one frame."""
    packed = json.dumps(header, ensure_ascii=False).encode()
    return LENGTHS.pack(len(packed), len(body)) + packed + body


def lengths(prefix: bytes) -> tuple[int, int]:
    """Return the lengths of the header and the body that follow. Raises ValueError on absurd ones."""
    header, body = LENGTHS.unpack(prefix)
    if header > _LARGEST_HEADER or body > _LARGEST_BODY:
        raise ValueError("frame too large")
    return header, body
