"""Zip files looked at before anything unpacks them."""

from __future__ import annotations

import io
import zipfile

from core_pipeline.media.wire import Refused

MOST_BYTES = 200 << 20
MOST_RATIO = 150
MOST_PARTS = 5_000
_SMALL = 20 << 20


def check_packed(data: bytes) -> None:
    """Refuse an archive that unpacks to too much, holds too many parts, or is locked.

    The sizes it declares may be trusted: zipfile reads no more of a part than its declared size.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("document-locked")
    if len(parts) > MOST_PARTS or size > MOST_BYTES or (size > _SMALL and size > MOST_RATIO * len(data)):
        raise Refused("document-bomb", f"{len(parts)} parts, {size} bytes unpacked")
