"""What was read in a file, as it comes out of the sandbox."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

KINDS = ("pdf", "docx", "xlsx", "csv", "html", "md", "txt")
MIMES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "html": "text/html",
    "md": "text/markdown",
    "txt": "text/plain",
}


@dataclass(frozen=True)
class Reading:
    """The `pages` of a file in the markup of `blocks`; `kind` is what it really is, `mended` if text was put right.

    `title` is the one in the file, empty if there is none.
    """

    kind: str
    pages: tuple[str, ...]
    mended: bool = False
    title: str = ""

    def pack(self) -> bytes:
        """Return the reading as bytes."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", errors="replace")

    @classmethod
    def unpack(cls, packed: bytes) -> Reading:
        """Return the reading in `packed`; `ValueError` for anything that is none."""
        found = json.loads(packed)
        if not isinstance(found, dict) or set(found) != {"kind", "pages", "mended", "title"}:
            raise ValueError("not a reading")
        kind, pages, mended, title = found["kind"], found["pages"], found["mended"], found["title"]
        texts = isinstance(pages, list) and all(isinstance(page, str) for page in pages)
        if not (kind in KINDS and texts and isinstance(mended, bool) and isinstance(title, str)):
            raise ValueError("not a reading")
        return cls(kind, tuple(page.replace("\0", "") for page in pages), mended, title.replace("\0", "")[:300])
