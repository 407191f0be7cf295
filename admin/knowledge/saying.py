"""What is wrong, in the visitor's words."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from core_pipeline.telling import status_of, told

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from core_pipeline.knowledge.sheets.fields import Fault
    from errors import SawtakError


FIELD_NAMES = {
    "key": "Key",
    "question": "Question",
    "answer": "Answer",
    "alternatives": "Other ways to ask",
    "name": "Name",
    "description": "Description",
    "price": "Price",
    "currency": "Currency",
    "available": "Available",
}
LANGUAGE_NAMES = {"ar": "Arabic", "en": "English"}


def field_name(visit: Visit, field: str) -> str:
    """What a field of a record ("answer_ar") is called."""
    name, _, language = field.partition("_")
    called = visit._(FIELD_NAMES[name])
    return f"{called} ({visit._(LANGUAGE_NAMES[language])})" if language else called


def fault(visit: Visit, found: Fault) -> str:
    """What is wrong with a field."""
    return told(found.told, HTTPStatus.UNPROCESSABLE_ENTITY, visit.language)


def why(visit: Visit, error: SawtakError) -> str:
    """What went wrong, and what to do."""
    return told(error.code, status_of(error), visit.language, error.detail)
