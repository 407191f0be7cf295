"""The header Idempotency-Key: the same request twice takes effect once."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header

from webhooks.api.problems import Refusal

if TYPE_CHECKING:
    from webhooks.api.access import Caller

_KEY = re.compile(r"[\x21-\x7e]{1,200}")

RepeatKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="A name of your own for this request, kept for 24 hours."),
]


def repeat_key(caller: Caller, key: str | None) -> str | None:
    """The key within the caller's own names, so that no visitor can ask for another's answer; None without one."""
    return own_name(f"{caller.kind} {caller.id} {caller.visitor}", key)


def own_name(whose: str, key: str | None) -> str | None:
    """The key within the names of whoever it is; `Refusal` for what can be none."""
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Refusal(422, "repeat-key")
    return hashlib.sha256(f"{whose} {key}".encode()).hexdigest()


def digest_of(what: str, **asked: Any) -> str:
    """What tells a request from others: files count by their bytes, the boundaries between parts do not."""
    plain = {
        name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value for name, value in asked.items()
    }
    return hashlib.sha256(json.dumps([what, plain], sort_keys=True, default=str).encode()).hexdigest()
