"""What the process writes about itself: never a customer's words, never a secret."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# httpx writes URLs, and one vendor's URLs carry the token; aioice writes callers' addresses; the others every step.
CHATTY = ("aioice", "aiortc", "alembic", "httpx", "uvicorn")

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


def set_up(level: str) -> None:
    """Write this level and above to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
