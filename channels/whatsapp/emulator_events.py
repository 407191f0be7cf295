"""The emulated vendor's webhook bodies."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from core_pipeline.contracts.messages import ReplyKind


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


def statuses(kind: ReplyKind) -> tuple[str, ...]:
    """Return the statuses that a message of this kind goes through on an emulated phone."""
    return ("sent", "delivered", "read", "played") if kind is ReplyKind.VOICE else ("sent", "delivered", "read")


def _envelope(account: str, content: dict[str, Any]) -> dict[str, Any]:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "201000000000", "phone_number_id": account},
        **content,
    }
    changes = [{"field": "messages", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "200000000000002", "changes": changes}]}


def _now() -> str:
    return str(int(time.time()))
