"""Errors as they travel between us and a worker: {code, kind, detail, after, landed}, and back into our tree."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errors import Impossible, NeedsOwner, Retryable, SawtakError

_STATUS = {"retryable": 503, "needs_owner": 424, "impossible": 422}
_SPECIAL = {"unknown-clone": 409, "deadline": 504, "worker-token": 401, "too-large": 413, "bad-request": 400}
_KINDS: dict[str, type[SawtakError]] = {"retryable": Retryable, "needs_owner": NeedsOwner, "impossible": Impossible}
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
_LONGEST_DETAIL = 500


def known(error: BaseException) -> SawtakError:
    """Return the error, or for one outside our tree what may be told of it: its class and where it was raised."""
    if isinstance(error, SawtakError):
        return error
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return Retryable("engine-broken", f"the engine raised {type(error).__name__}{place}", after=1.0)


def fault(error: SawtakError) -> dict[str, Any]:
    """Return the error as JSON."""
    kind = next((name for name, kind in _KINDS.items() if isinstance(error, kind)), "impossible")
    after, landed = (error.after, error.landed) if isinstance(error, Retryable) else (0.0, False)
    return {"code": error.code, "kind": kind, "detail": error.detail, "after": after, "landed": landed}


def status_of(told: Mapping[str, Any]) -> tuple[int, dict[str, str]]:
    """Return the HTTP status and headers under which a fault is sent."""
    after = math.ceil(told["after"])
    status = _SPECIAL.get(told["code"], _STATUS[told["kind"]])
    return status, {"retry-after": str(after)} if status == _STATUS["retryable"] else {}


def fault_from(told: Any, status: int = 200) -> SawtakError:
    """Return the error of our tree that a worker, or what stands before it, has told of."""
    if not isinstance(told, Mapping) or told.get("kind") not in _STATUS:
        return _unspoken(status)
    code, detail = str(told.get("code")), str(told.get("detail", ""))[:_LONGEST_DETAIL]
    code = code if _CODE.fullmatch(code) else "worker"
    if told["kind"] != "retryable":
        return _KINDS[told["kind"]](code, detail)
    return Retryable(code, detail, after=_seconds(told.get("after")), landed=told.get("landed") is True)


def _unspoken(status: int) -> SawtakError:
    if status >= 500 or status == 429:
        return Retryable("worker-down", f"HTTP {status} from what answers at the worker's address", after=1.0)
    return NeedsOwner("no-worker", f"HTTP {status}: what answers at this address is no worker for this kind of work")


def _seconds(value: Any) -> float:
    try:
        return min(3600.0, max(0.0, float(value)))
    except (TypeError, ValueError):
        return 0.0
