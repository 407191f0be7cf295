"""What the process writes about itself: never a customer's words, never a secret."""

from __future__ import annotations

import json
import logging
import os
import traceback
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# httpx writes URLs, and one vendor's URLs carry the token; aioice writes callers' addresses; the others every step.
CHATTY = ("aioice", "aiortc", "alembic", "httpx", "uvicorn")

FOLDER, KEPT, MOST_BYTES = "logs", timedelta(days=7), 2 << 20

ExcInfo = tuple[type[BaseException], BaseException, "TracebackType | None"] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Shows where an error came from and its type, not its words: drivers and validators quote what they choked on."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's own name
        """Format the frames and the names of the errors, outermost last."""
        names = []
        error: BaseException | None = ei[1]
        while error is not None:
            names.append(type(error).__qualname__)
            error = error.__cause__ or error.__context__
        return "".join(traceback.format_tb(ei[2])) + " ← ".join(names)


class Lines(Discreet):
    """A line of JSON for each entry, for the panel to read."""

    def format(self, record: logging.LogRecord) -> str:
        """Time in UTC, level, name and text, with the frames of an error."""
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "level": record.levelname, "name": record.name, "text": text})


def set_up(level: str, var: Path | None = None) -> None:
    """Write this level and above to standard error, and to a file of this process under `var`."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=level, handlers=[handler, *([_file(var / FOLDER)] if var is not None else [])])
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _file(folder: Path) -> logging.Handler:
    """A file that appears with the first line; those that nobody has written to for a week go."""
    folder.mkdir(parents=True, exist_ok=True)
    long_ago = (datetime.now(UTC) - KEPT).timestamp()
    for old in folder.glob("*.jsonl*"):
        if old.stat().st_mtime < long_ago:
            old.unlink(missing_ok=True)
    file = RotatingFileHandler(
        folder / f"{os.getpid()}.jsonl", maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8", delay=True
    )
    file.setFormatter(Lines())
    return file
