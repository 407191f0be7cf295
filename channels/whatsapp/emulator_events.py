"""The emulated vendor's webhook bodies."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from core_pipeline.contracts.messages import ReplyKind

_BUSINESS = "201000000000"


def encode(payload: dict[str, Any]) -> bytes:
    r"""Write JSON as the vendor does: \u00e9 and the like for everything beyond ASCII, \/ for slashes."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def bsuid(customer: str) -> str:
    """Return the business-scoped user id of an emulated customer, who may be named by one already."""
    return customer if "." in customer else f"EG.{hashlib.sha256(customer.encode()).hexdigest()[:20]}"


def message_event(account: str, customer: str, wamid: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return the event of one customer's message; `content` holds `type` and the object of that name."""
    person = {"profile": {"name": "Demo Customer"}, "user_id": bsuid(customer)}
    message = {"from_user_id": bsuid(customer), "id": wamid, "timestamp": _now(), **content}
    if "." not in customer:
        person["wa_id"] = message["from"] = customer
    return _envelope(account, {"contacts": [person], "messages": [message]})


def status_event(account: str, customer: str, wamid: str, status: str, key: str | None) -> dict[str, Any]:
    """Return the event that tells how far one of our messages got."""
    report = {"id": wamid, "status": status, "timestamp": _now(), "recipient_user_id": bsuid(customer)}
    if "." not in customer:
        report["recipient_id"] = customer
    if key is not None:
        report["biz_opaque_callback_data"] = key
    return _envelope(account, {"statuses": [report]})


def connect_event(account: str, customer: str, wacid: str, session: dict[str, str], direction: str) -> dict[str, Any]:
    """Return the event of a call: a customer's, with an offer, or one of ours, with the answer to our offer."""
    person = {"profile": {"name": "Demo Customer"}, "user_id": bsuid(customer), "wa_id": customer}
    call = {
        "id": wacid,
        "from": customer,
        "from_user_id": bsuid(customer),
        "to": _BUSINESS,
        "event": "connect",
        "timestamp": _now(),
        "direction": direction,
        "session": session,
    }
    return _envelope(account, {"contacts": [person], "calls": [call]}, "calls")


def terminate_event(account: str, customer: str, wacid: str, status: str, seconds: float | None) -> dict[str, Any]:
    """Return the event of a call's end; `seconds` is its length, None for one that was never taken."""
    call: dict[str, Any] = {
        "id": wacid,
        "from": customer,
        "to": _BUSINESS,
        "event": "terminate",
        "timestamp": _now(),
        "direction": "USER_INITIATED",
        "status": status,
    }
    if seconds is not None:
        call |= {"start_time": str(int(time.time() - seconds)), "end_time": _now(), "duration": round(seconds)}
    return _envelope(account, {"calls": [call]}, "calls")


def progress_event(account: str, customer: str, wacid: str, status: str) -> dict[str, Any]:
    """Return the event that tells how far a call of ours got."""
    report = {"id": wacid, "type": "call", "status": status, "timestamp": _now(), "recipient_id": customer}
    return _envelope(account, {"statuses": [report]}, "calls")


def statuses(kind: ReplyKind) -> tuple[str, ...]:
    """Return the statuses that a message of this kind goes through on an emulated phone."""
    return ("sent", "delivered", "read", "played") if kind is ReplyKind.VOICE else ("sent", "delivered", "read")


def _envelope(account: str, content: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": _BUSINESS, "phone_number_id": account},
        **content,
    }
    changes = [{"field": field, "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "200000000000002", "changes": changes}]}


def _now() -> str:
    return str(int(time.time()))
