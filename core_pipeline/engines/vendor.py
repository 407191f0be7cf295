"""Speaking to vendors over HTTP: one translation of their refusals and of the network's moods into our errors.

Use `whole` for an answer that is read at once, `answering` for one that is streamed; both raise only our errors:

====================================================  =========================================
401 403, a key or an account that is refused          NeedsOwner("vendor-denied")
402, a quota that is used up                          NeedsOwner("vendor-unpaid")
404 405 3xx, a model that it lacks                    NeedsOwner("vendor-lacks")
429                                                   Retryable("vendor-busy", after=Retry-After)
5xx 408 409 425, no connection                        Retryable("vendor-down", after=Retry-After)
nothing for too long                                  Retryable("vendor-slow")
an answer that breaks off, or makes no sense          Retryable("vendor-garbled")
any other 4xx                                         Impossible("vendor-refused")
====================================================  =========================================

Vendors repeat what they were sent in their messages: only their machine-readable codes get into ours.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import SecretStr

from errors import Impossible, NeedsOwner, Retryable, SawtakError

LONGEST_WAIT = 3600.0
MOST_BYTES = 16 << 20
_MOST_COMPLAINT = 64 << 10
_DENIED = frozenset({"invalid_api_key", "api_key_invalid", "account_deactivated", "permission_denied", "invalid_grant"})
_UNPAID = frozenset({"insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "billing_disabled"})
_LACKS = frozenset({"model_not_found", "service_disabled", "unsupported_model"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,59}")


async def whole(
    http: httpx.AsyncClient, request: httpx.Request, vendor: str, *, seconds: float, most: int = MOST_BYTES
) -> bytes:
    """Send and return the whole body of a 2xx answer; it must be there within `seconds` and have `most` bytes."""
    with translated(vendor):
        async with asyncio.timeout(seconds), answering(http, request, vendor) as response:
            return await _read(response, vendor, most)


@asynccontextmanager
async def answering(http: httpx.AsyncClient, request: httpx.Request, vendor: str) -> AsyncIterator[httpx.Response]:
    """Send and give the 2xx answer, unread, for streaming; what fails while the block reads is translated, too."""
    with translated(vendor):
        response = await http.send(request, stream=True)
        try:
            if not response.is_success:
                raise refused(response, await _complaint(response), vendor)
            yield response
        finally:
            await response.aclose()


def object_of(body: bytes | str, vendor: str) -> dict[str, Any]:
    """Return the JSON object in `body`; Retryable when it holds none."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _garbled(vendor)
    return found


def host_of(base_url: str) -> str:
    """Return the host that the log may name; NeedsOwner when the address is none."""
    with translated("the engine"):
        return httpx.URL(base_url).host


def bearer(key: SecretStr) -> dict[str, str]:
    """Return the header that authorises with `key`; none for an empty key, as servers of one's own want none."""
    plain = key.get_secret_value().strip()
    if not (plain.isascii() and plain.isprintable()):
        raise NeedsOwner("vendor-denied", "the key holds characters that no key has: enter it anew")
    return {"authorization": f"Bearer {plain}"} if plain else {}


@contextmanager
def translated(vendor: str) -> Iterator[None]:
    """Turn whatever httpx raises in the block into our errors; `vendor` is whom the log shall name."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Retryable("vendor-slow", f"{vendor} did not answer in time") from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise NeedsOwner("vendor-lacks", f"the address set for {vendor} is no http(s) address") from error
    except (httpx.ReadError, httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise _garbled(vendor) from error
    except httpx.HTTPError as error:
        raise Retryable("vendor-down", f"{vendor} can't be reached ({type(error).__name__})") from error


def refused(response: httpx.Response, body: bytes, vendor: str) -> SawtakError:
    """Return what the refusal with this `body` means to us."""
    status, codes = response.status_code, codes_of(body)
    said = f"{vendor} answered {status}" + (f" ({', '.join(sorted(codes))})" if codes else "")
    low = {code.lower() for code in codes}
    if status == 402 or low & _UNPAID:
        return NeedsOwner("vendor-unpaid", f"{said}: its account needs credit or a higher quota")
    if status == 429:
        return Retryable("vendor-busy", said, after=wait_of(response))
    if status in {401, 403} or low & _DENIED:
        return NeedsOwner("vendor-denied", f"{said}: check the key and its permissions")
    if status < 400 or status in {404, 405} or low & _LACKS:
        return NeedsOwner("vendor-lacks", f"{said}: check the address and the model's name")
    if status >= 500 or status in {408, 409, 425}:
        return Retryable("vendor-down", said, after=wait_of(response))
    return Impossible("vendor-refused", said)


def wait_of(response: httpx.Response) -> float:
    """Return the seconds that Retry-After asks for, an hour at most; 0.0 when it asks for none."""
    asked = response.headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        seconds = _until(asked)
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else 0.0  # noqa: PLR0124 - false for NaN only


def codes_of(body: bytes) -> set[str]:
    """Return the machine-readable codes in an error's JSON: OpenAI's and Google's forms, and what resembles them."""
    try:
        found = json.loads(body)
    except ValueError:
        return set()
    found = found[0] if isinstance(found, list) and found else found
    error = found.get("error", found) if isinstance(found, dict) else {}
    places: list[Any] = [error, *_details(error)]
    given = [error] + [place.get(key) for place in places if isinstance(place, dict) for key in _KEYS]
    return {code for code in given if isinstance(code, str) and _CODE.fullmatch(code)}


_KEYS = ("code", "type", "status", "reason")


def _details(error: object) -> list[Any]:
    details = error.get("details") if isinstance(error, dict) else None
    return details if isinstance(details, list) else []


def _until(asked: str) -> float:
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    return (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()


def _garbled(vendor: str) -> Retryable:
    return Retryable("vendor-garbled", f"the answer of {vendor} broke off or makes no sense")


async def _read(response: httpx.Response, vendor: str, most: int) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > most:
            raise Impossible("vendor-too-much", f"{vendor} answered with more than {most} bytes")
    return bytes(body)


async def _complaint(response: httpx.Response) -> bytes:
    """The beginning of a refusal's body; a refusal is one even if its body breaks off."""
    body = bytearray()
    try:
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _MOST_COMPLAINT:
                break
    except httpx.HTTPError:
        return b""
    return bytes(body)
