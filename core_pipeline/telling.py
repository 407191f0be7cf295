"""What went wrong, in a sentence that says what to do, in the reader's language: for the API and the panel alike."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from core_pipeline.engines.landmarks import checking
from core_pipeline.knowledge.documents.faults import FAULTS, sentence
from core_pipeline.portraits.faults import explain
from errors import Forged, Impossible, NeedsOwner, Retryable, SawtakError

LANGUAGES = ("en", "ar")
LEVELS: Mapping[type[SawtakError], int] = {Forged: 401, NeedsOwner: 409, Impossible: 422, Retryable: 503}
STATUS = {
    "blob-missing": 404,
    "voice-missing": 404,
    "avatar-missing": 404,
    "key-missing": 404,
    "job-missing": 404,
    "call-missing": 404,
    "missing": 404,
    "fact-missing": 404,
    "fact-changed": 409,
    "persona-changed": 409,
    "version-missing": 404,
    "pronunciation-missing": 404,
    "trade-missing": 404,
    "action-missing": 404,
    "question-missing": 404,
    "document-missing": 404,
    "document-busy": 409,
    "document-changed": 409,
    "document-exists": 409,
    "document-not-waiting": 409,
    "document-too-large": 413,
    "csv-large": 413,
    "person-missing": 404,
    "no-such-agency": 404,
    "no-such-tenant": 404,
    "no-subscription": 404,
    "role-above": 403,
    "person-elsewhere": 403,
    "person-self": 409,
    "last-owner": 409,
    "sign-in-wait": 429,
    "listen-wait": 429,
    "invite-gone": 410,
    "invite-missing": 404,
    "media-too-large": 413,
    "avatar-too-large": 413,
    "link-expired": 410,
    "link-wrong": 404,
    "repeat-busy": 409,
    "account-off": 409,
    "voice-state": 409,
    "avatar-state": 409,
    "conversation-held": 409,
    "window-closed": 409,
    "reply-alive": 409,
    "assign-nobody": 409,
    "label-many": 409,
    "no-such-voice": 422,
    "no-such-avatar": 422,
}


def told(code: str, status: int, language: str, detail: str = "") -> str:
    """A sentence about the code that says what to do; `detail` is told where there is none."""
    if words := worded(code, language):
        return words
    if code in FAULTS:
        return sentence(code, "ar" if language == "ar" else "en")
    for one in (explain, checking.explain):
        if (found := one(code, language)) != code:
            return found
    general = str(general_words(status)[f"do_{language}"])
    return detail if detail and language == "en" else general


def worded(code: str, language: str) -> str:
    """The code's own sentence; "" where it has none here, as vendors' codes mostly have."""
    words = _words()["codes"].get(code)
    return "" if words is None else str(words[language])


def status_of(error: SawtakError) -> int:
    """The HTTP status that fits the error."""
    level = next((level for kind, level in LEVELS.items() if isinstance(error, kind)), 500)
    return STATUS.get(error.code, level)


def general_words(status: int) -> Mapping[str, str]:
    """What is said of any answer with this status: its title by language, and what to do ("do_en", "do_ar")."""
    said: Mapping[str, Mapping[str, str]] = _words()["statuses"]
    return said.get(str(status)) or said["500" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "400"]


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
