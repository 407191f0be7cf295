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


def cause(visit: Visit, text: str) -> str:
    """Why a message did not arrive ("code: detail"); a vendor's own words are shown as they are."""
    return worded(text.partition(":")[0].strip(), visit.language) or text
