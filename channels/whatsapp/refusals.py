"""What each refusal of the Graph API means for us, by the vendor's error codes."""

from __future__ import annotations

from typing import Any

import httpx

from channels.wild import table, whole
from errors import Impossible, NeedsOwner, Retryable, SawtakError

PAIR_LIMIT = "whatsapp-131056"

# Seconds to wait before the same call is worth repeating.
_WAIT = {
    1: 10.0,
    2: 10.0,
    4: 300.0,
    80007: 300.0,
    130429: 5.0,
    131000: 5.0,
    131016: 15.0,
    131056: 4.0,
    131057: 300.0,
    138002: 30.0,
    138004: 2.0,
    138005: 60.0,
}

_OWNER = {
    0: "the access token is invalid",
    3: "the app lacks a capability",
    10: "the app lacks a permission",
    190: "the access token is invalid or has expired",
    368: "the account is blocked for violating policies",
    131005: "access denied",
    131030: "a test number may only write to its allow-list",
    131031: "the account is locked",
    131037: "the display name is not approved",
    131042: "the payment method fails",
    131045: "the number is not registered with a certificate",
    131048: "the number is limited because of spam reports",
    133010: "the number is not registered",
    133016: "the number was registered too often",
    138000: "calls are not switched on for this number: install the webhook again with calls on",
}

_NEVER = {
    33: "unknown id",
    100: "invalid parameter or expired id",
    130472: "the customer is part of an experiment",
    130497: "messages to this country are not allowed",
    131008: "a parameter is missing",
    131009: "a parameter is invalid",
    131021: "recipient and sender are the same",
    131026: "the message cannot be delivered to this customer",
    131047: "the 24 hour window is closed",
    131049: "the network's cap for this customer is reached",
    131050: "the customer stopped these messages",
    131051: "unsupported message type",
    131052: "the customer's file cannot be downloaded",
    131053: "the uploaded file was refused",
    138001: "the customer cannot be called",
    138003: "the customer is being called already",
    138006: "the customer has not allowed calls: ask them first",
    138007: "the call was not connected in time",
    138009: "the customer was asked for permission too often",
    138012: "the customer was called too often today",
    138013: "customers of this country cannot be called",
    138017: "the customer allows calls already",
    131062: "this message kind needs the customer's phone number",
}


def lost(error: httpx.HTTPError, *, lands: bool) -> Retryable:
    """Return the error for a call that got no answer; `lands` = the call has an effect once it is written."""
    unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return Retryable("whatsapp-unreachable", type(error).__name__, after=2.0, landed=lands and not unsent)


def refusal(response: httpx.Response, payload: Any, *, lands: bool) -> SawtakError:
    """Return the error for an answer that is no success; vendor texts stay out, they may quote customers."""
    code = whole(table(table(payload).get("error")).get("code"))
    known = _by_code(code, response, lands=lands) if code is not None else None
    return known or _by_status(response, lands=lands)


def _by_code(code: int, response: httpx.Response, *, lands: bool) -> SawtakError | None:
    name = f"whatsapp-{code}"
    if code in _WAIT:
        return Retryable(name, after=_after(response, _WAIT[code]), landed=lands and response.is_server_error)
    if code in _OWNER:
        return NeedsOwner(name, _OWNER[code])
    if code in range(200, 300):
        return NeedsOwner(name, "the app lacks a permission")
    if code in range(132000, 133000):
        return NeedsOwner(name, "the message template is missing, paused or wrong")
    if code in range(138000, 139000):
        return Impossible(name, _NEVER.get(code, "the call was refused: look the code up among the calling errors"))
    return Impossible(name, _NEVER[code]) if code in _NEVER else None


def _by_status(response: httpx.Response, *, lands: bool) -> SawtakError:
    status = response.status_code
    name = f"whatsapp-http-{status}"
    if status in {401, 403}:
        return NeedsOwner(name, "the access token is refused")
    if status in {408, 429} or response.is_server_error:
        return Retryable(name, after=_after(response, 10.0), landed=lands and response.is_server_error)
    return Impossible(name)


def _after(response: httpx.Response, usual: float) -> float:
    return float(whole(response.headers.get("retry-after")) or usual)
