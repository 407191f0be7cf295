"""Reading strangers' JSON: each function gives the wished shape, or nothing, and never raises."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

_BIGINT = 2**63
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def parse(body: bytes) -> Any:
    """Return the JSON value in `body`, None if it holds none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def table(value: Any) -> dict[str, Any]:
    """Return `value` if it is an object, an empty one otherwise."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, leaving out whatever else is in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def words(value: Any) -> str | None:
    """Return a text that UTF-8 and every database can hold, None if `value` is no text or an empty one."""
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "").encode("utf-8", "replace").decode() or None


def whole(value: Any) -> int | None:
    """Return a whole number that fits a BIGINT, also from its decimal text; None otherwise."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and -_BIGINT <= value < _BIGINT
    return value if fits else None


def number(value: Any) -> float | None:
    """Return a finite number as a float, None otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _BIGINT else None


def moment(value: Any) -> datetime:
    """Return the time given in epoch seconds (number or text), now if it cannot be read."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)
