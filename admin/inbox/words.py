"""What goes wrong in the inbox, in sentences that a colleague understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.telling import status_of, told

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from errors import SawtakError

FAULTS = {
    "conversation-held": "A colleague is answering here. Leave it to them, or ask them to hand it over.",
    "window-closed": "The customer wrote too long ago: the network lets you answer again once they write.",
    "reply-empty": "Write something or record it first.",
    "reply-long": "This is too long: send it in two parts.",
    "reply-name": "Load the page anew and write it again.",
    "reply-alive": "This reply is on its way or has arrived already.",
    "media-too-large": "This recording is too long: record a shorter one.",
    "no-voice-here": "This network carries no voice notes: send it as text.",
    "label-name": "Give the label a name of at most 40 letters.",
    "label-colour": "Choose one of the colours.",
    "label-many": "These are too many labels: delete one first.",
    "note-text": "Write a note of at most 2,000 letters.",
    "assign-nobody": "Hand the conversation back to the bot instead.",
    "assign-unknown": "Choose somebody who may answer customers here.",
    "account-off": "This channel is switched off: connect it again first.",
    "missing": "This is no longer there.",
}
# Why something did not arrive; a vendor's own code is shown as it is.
CAUSES = {
    "media-unreadable": "The recording could not be read.",
    "media-silent": "Nothing is to be heard in the recording.",
    "window-closed": "The network's time to answer was over.",
    "account-off": "The channel is switched off.",
    "taken-over": "A colleague took over.",
}


def fault(visit: Visit, error: SawtakError) -> str:
    """What went wrong and what to do, in the visitor's language."""
    words = FAULTS.get(error.code)
    return visit._(words) if words else told(error.code, status_of(error), visit.language, error.detail)


def cause(visit: Visit, text: str) -> str:
    """Why a message did not arrive."""
    words = next((words for code, words in CAUSES.items() if code in text), None)
    return visit._(words) if words else text
