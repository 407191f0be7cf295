"""What each refusal of the vendor's REST API means for us, by its error codes."""

from __future__ import annotations

from typing import Any

import httpx

from channels.wild import table, whole
from errors import Impossible, NeedsOwner, Retryable, SawtakError

_OWNER = {
    20003: "the account SID or its auth token is wrong, or the account is suspended",
    20005: "the account is not active",
    13227: "calls to this country are not switched on (Voice geographic permissions)",
    21210: "the number is not the account's own",
    21212: "the number is not the account's own",
    21215: "calls to this country are not switched on (Voice geographic permissions)",
    21219: "a trial account calls verified numbers only",
    21408: "SMS to this country are not switched on",
    21606: "the number can't send SMS",
    21608: "a trial account writes to verified numbers only",
    21659: "the number is not the account's own",
}

_NEVER = {
    20404: "no such call, recording or number",
    21211: "the customer's number is not one",
    21214: "the customer's number can't be reached",
    21216: "calls to this number are not allowed",
    21217: "the customer's number is not one",
    21220: "the call is over",
    21610: "the customer stopped these messages",
    21614: "the customer's number takes no SMS",
    21617: "the text is too long",
}


def lost(error: httpx.HTTPError, *, lands: bool) -> Retryable:
    """Return the error for a call that got no answer; `lands` = the call has an effect once it is written."""
    unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return Retryable("phone-unreachable", type(error).__name__, after=2.0, landed=lands and not unsent)


def refusal(response: httpx.Response, payload: Any, *, lands: bool) -> SawtakError:
    """Return the error for an answer that is no success; vendor texts stay out, they quote numbers."""
    code = whole(table(payload).get("code"))
    name = f"phone-{code}"
    if code in _OWNER:
        return NeedsOwner(name, _OWNER[code])
    if code in _NEVER:
        return Impossible(name, _NEVER[code])
    return _by_status(response, lands=lands)


def _by_status(response: httpx.Response, *, lands: bool) -> SawtakError:
    status = response.status_code
    name = f"phone-http-{status}"
    if status in {401, 403}:
        return NeedsOwner(name, "the account SID or its auth token is refused")
    if status in {408, 429} or response.is_server_error:
        after = float(whole(response.headers.get("retry-after")) or 5)
        return Retryable(name, after=after, landed=lands and response.is_server_error)
    return Impossible(name)
