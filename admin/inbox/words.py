"""What goes wrong in the inbox, in the sentences that programs are told, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.telling import status_of, told, worded

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from errors import SawtakError


def fault(visit: Visit, error: SawtakError) -> str:
    """What went wrong and what to do, in the visitor's language."""
    return told(error.code, status_of(error), visit.language, error.detail)


def cause(visit: Visit, channel: str, text: str) -> str:
    """Why a message did not arrive: "code: detail" of ours, or "code words" of the network's receipt.

    What nobody has put into words is shown as it is.
    """
    code = text.replace(":", " ").partition(" ")[0]
    return worded(code, visit.language) or worded(f"{channel}-{code}", visit.language) or text
