"""What went wrong, as a person is told it; programs are told of keys, headers and bodies instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.telling import general_words, told

if TYPE_CHECKING:
    from admin.frame.visit import Visit

# By the guard's own codes, and by the status of what has no words of its own.
SAID = {
    "signed-out": "You are signed out. Go back, sign in in another tab, and send it once more.",
    "csrf": "This page was open for too long. Go back, load it anew and send it once more.",
    "403": "Your role here does not allow this. Ask somebody who looks after the people here.",
    "404": "The address is wrong, or what was there is gone.",
    "413": "This is too large: send less at once.",
    "422": "Something in this can’t be used. Look over it and try again.",
    "429": "That was too often. Wait a moment and try again.",
    "503": "There is no answer at the moment. Try again in a minute; if it stays, tell whoever runs this installation.",
}


def said(visit: Visit, status: int, code: str = "", detail: str = "") -> str:
    """A sentence in the visitor's language that says what to do; `detail` is in English, and told where it is all."""
    words = told(code, status, visit.language, detail)
    general = words == str(general_words(status)[f"do_{visit.language}"])
    own = SAID.get(code) or (SAID.get(str(status)) if general or not code else None)
    return visit._(own) if own else words
