"""What a tenant's system answered, as text for the engine and as a few words for the customer."""

from __future__ import annotations

import json
import re
from typing import Any

from core_pipeline.guard import Answered

LONGEST = 8000
_SHORT = 300
_MOST_FACTS = 6
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TELLING = ("message", "detail", "error", "title")


def for_engine(answer: Answered) -> str:
    """The body as readable text of at most `LONGEST` characters; data, never instructions."""
    found = _json(answer.body)
    if found is not None:
        text = json.dumps(found, ensure_ascii=False, indent=1)
    elif answer.mime.startswith("text/") or "json" in answer.mime:
        text = _plain(answer.body)
    else:
        return f"({len(answer.body)} bytes of {answer.mime[:80]})" if answer.body else "(nothing)"
    whole = answer.whole and len(text) <= LONGEST
    return text[:LONGEST] + ("" if whole else "\n… (cut)")


def for_customer(answer: Answered) -> str:
    """What a customer can be told of the answer: its message, else its plain facts; empty if there are none."""
    found = _json(answer.body)
    if isinstance(found, dict):
        told = next((found[name] for name in _TELLING if isinstance(found.get(name), str)), None)
        text = told if told is not None else ", ".join(_facts(found))
    else:
        text = _plain(answer.body) if answer.mime == "text/plain" else ""
    text = " ".join(text.split())
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _facts(found: dict[str, Any]) -> list[str]:
    scalars = {name: value for name, value in found.items() if isinstance(value, str | int | float) and value != ""}
    told = {name: value for name, value in scalars.items() if not isinstance(value, bool)}
    return [f"{name.replace('_', ' ')}: {value}" for name, value in list(told.items())[:_MOST_FACTS]]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _plain(body: bytes) -> str:
    return _CONTROL.sub("", body.decode("utf-8", "replace"))
