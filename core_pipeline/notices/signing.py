"""Signatures of the Standard Webhooks scheme (standardwebhooks.com, version 1.0.0, symmetric)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode

PREFIX = "whsec_"
_KEY_BYTES = 32


def new_secret() -> str:
    """A fresh signing secret, as receivers' libraries take it."""
    return PREFIX + b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def signature(secret: str, notice_id: str, timestamp: int, body: bytes) -> str:
    """Sign one delivery; `timestamp` is in Unix seconds."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{notice_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{b64encode(signed.digest()).decode()}"


def headers(secret: str, notice_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which the receiver knows that we sent this, and whether it had it before."""
    return {
        "content-type": "application/json",
        "webhook-id": notice_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, notice_id, timestamp, body),
    }
