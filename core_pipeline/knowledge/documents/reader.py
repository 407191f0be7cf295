"""The platform's one door to documents that strangers made: they are read in a locked-up process."""

from __future__ import annotations

import re
from pathlib import PurePath

from core_pipeline.knowledge.documents.reading import Reading
from core_pipeline.media.cells import Cells
from errors import Impossible

TRADE = "core_pipeline.knowledge.documents.trade"
REFUSALS = frozenset(
    {
        "document-unreadable",
        "document-kind",
        "document-locked",
        "document-old",
        "document-bomb",
        "document-too-long",
        "document-scanned",
        "document-empty",
    }
)
MAX_BYTES = 25 << 20
MAX_PAGES = 1_000
MAX_LETTERS = 5_000_000
WALL_SECONDS = 150.0
_BYTES_OF_A_LETTER = 6
_SUFFIX = re.compile(r"\.([A-Za-z0-9]{1,5})$")


class Reader(Cells):
    """Reads files of any kind in `reading.KINDS`; starts its zygote when needed and again when it dies."""

    def __init__(self, *, concurrency: int = 1, max_bytes: int = MAX_BYTES, wall_seconds: float = WALL_SECONDS) -> None:
        super().__init__(
            TRADE, "document", REFUSALS, concurrency=concurrency, max_bytes=max_bytes, wall_seconds=wall_seconds
        )

    async def read(self, data: bytes, name: str = "", *, max_pages: int = MAX_PAGES) -> Reading:
        """Return what is written in a file; `name` helps only where its bytes leave a choice.

        Raises `Impossible` with a code of `faults`, and `Retryable` "sandbox-down" when the sandbox itself fails.
        """
        suffix = _SUFFIX.search(PurePath(name).name)
        details = {
            "suffix": suffix[1].lower() if suffix else "",
            "most_pages": max_pages,
            "most_letters": MAX_LETTERS,
        }
        payload = await self.work("read", details, data, MAX_LETTERS * _BYTES_OF_A_LETTER)
        try:
            return Reading.unpack(payload)
        except (ValueError, TypeError):
            raise Impossible("document-unreadable", "a child answered nonsense") from None
