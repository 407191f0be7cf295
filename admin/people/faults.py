"""What is wrong with what somebody typed, told beside the field that it is about."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from babel.dates import format_timedelta

from admin.frame.saying import said
from core_pipeline.telling import status_of
from errors import Retryable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from admin.frame.visit import Visit
    from errors import SawtakError

FORM = "form"


def faults(visit: Visit, error: SawtakError, fields: Mapping[str, str] | None = None) -> dict[str, str]:
    """The error in the visitor's language, by the field that its code begins with; by "form" where there is none."""
    known = {"login": "login", "name": "name", "password": "password", "slug": "slug", "code": "code", **(fields or {})}
    field = known.get(error.code) or known.get(error.code.split("-", 1)[0], FORM)
    return {field: words_of(visit, error)}


def words_of(visit: Visit, error: SawtakError) -> str:
    """The error as a sentence that says what to do; of one that passes also how long it takes."""
    if isinstance(error, Retryable) and error.after:
        waits = timedelta(seconds=ceil(error.after))
        time = format_timedelta(waits, granularity="second", threshold=1.2, locale=visit.language)
        return visit._("There were too many tries. Time to wait: %(time)s.") % {"time": time}
    return said(visit, status_of(error), error.code, error.detail)


def waiting(error: SawtakError) -> dict[str, str]:
    """The header that tells programs how long to wait."""
    return {"Retry-After": str(ceil(error.after))} if isinstance(error, Retryable) and error.after else {}
