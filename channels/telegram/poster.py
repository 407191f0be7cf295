"""The picture that stands for a video until it plays."""

from __future__ import annotations

from channels.telegram.config import THUMBNAIL_BYTES, THUMBNAIL_SIDE

_START = b"\xff\xd8"
# Frame headers; the four numbers between them mean tables and the like.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def small_enough(poster: bytes) -> bool:
    """Whether the network takes this picture as a thumbnail: a JPEG within its bytes and pixels."""
    size = jpeg_size(poster)
    return size is not None and max(size) <= THUMBNAIL_SIDE and len(poster) <= THUMBNAIL_BYTES


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None for what is no JPEG."""
    if not data.startswith(_START):
        return None
    at = len(_START)
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if kind in _FRAMES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    return None
