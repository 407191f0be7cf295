"""Requests to strangers' servers: bounded in bytes and seconds, whatever the server does."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Collection
from dataclasses import dataclass

import httpx

from core_pipeline.guard.client import GuardedClient
from errors import Impossible, Retryable

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AUTO = 47  # zlib finds out by itself whether it is gzip or deflate
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_BUSY = 429
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Answered:
    """What a server answered: `body` unpacked, `whole` False when more than the limit came or it can't be unpacked."""

    status: int
    mime: str
    body: bytes
    whole: bool
    headers: httpx.Headers


@dataclass(frozen=True)
class Fetched:
    """A page or file: `url` is where it lay after redirects."""

    url: str
    status: int
    mime: str
    body: bytes


async def exchange(client: GuardedClient, request: httpx.Request, *, limit: int, timeout: float) -> Answered:
    """Send one request; at most `limit` bytes are read and `timeout` seconds spent in all, redirects not followed.

    Raises `Impossible("url-forbidden")`, and `Retryable` when there is no answer: "url-slow" or "url-unreachable",
    `landed` unless the request surely was not sent.
    """
    request.headers["Accept-Encoding"] = "gzip"
    try:
        async with asyncio.timeout(timeout):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                body, whole = await _body(response, limit)
            finally:
                await response.aclose()
    except _UNSENT as error:
        raise Retryable("url-unreachable", type(error).__name__, after=5.0) from error
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Retryable("url-slow", f"no whole answer within {timeout:g} s", after=5.0, landed=True) from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise Retryable("url-unreachable", type(error).__name__, after=5.0, landed=True) from error
    mime = response.headers.get("content-type", "").partition(";")[0].strip().lower() or "application/octet-stream"
    return Answered(response.status_code, mime, body, whole, response.headers)


async def fetch(client: GuardedClient, url: str, *, limit: int, timeout: float, kinds: Collection[str] = ()) -> Fetched:
    """Get a page or file of at most `limit` bytes within `timeout` seconds; follows three redirects, each checked.

    `kinds` names the MIME types that are wanted ("text/html", "text/*"), all if empty. Raises `Impossible`:
    "url-forbidden", "url-redirects", "url-status", "url-kind", "url-too-large"; `Retryable`: "url-slow",
    "url-unreachable", "url-busy".
    """
    try:
        async with asyncio.timeout(timeout):
            place, answer = await _followed(client, client.rules.checked(url), limit, timeout)
    except TimeoutError as error:
        raise Retryable("url-slow", f"no whole answer within {timeout:g} s", after=5.0) from error
    _check(answer, limit, kinds)
    return Fetched(str(place), answer.status, answer.mime, answer.body)


async def _followed(client: GuardedClient, url: httpx.URL, limit: int, timeout: float) -> tuple[httpx.URL, Answered]:
    for _ in range(_MOST_REDIRECTS + 1):
        answer = await exchange(client, client.build_request("GET", url), limit=limit, timeout=timeout)
        target = answer.headers.get("location")
        if answer.status not in _REDIRECTS or not target:
            return url, answer
        url = client.rules.checked(url.join(target))
    raise Impossible("url-redirects", f"the address leads on more than {_MOST_REDIRECTS} times; give the last one")


def _check(answer: Answered, limit: int, kinds: Collection[str]) -> None:
    if answer.status >= 500 or answer.status == _BUSY:
        raise Retryable("url-busy", f"the server answers {answer.status}", after=30.0)
    if not 200 <= answer.status < 300:
        raise Impossible("url-status", f"the server answers {answer.status}; check the address")
    if kinds and answer.mime not in kinds and f"{answer.mime.partition('/')[0]}/*" not in kinds:
        raise Impossible("url-kind", f"this is {answer.mime[:80]}; wanted: {', '.join(sorted(kinds))}")
    if not answer.whole:
        raise Impossible("url-too-large", f"it is larger than {limit} bytes, or packed in a way that we can't read")


async def _body(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """Read at most `limit` bytes, counted as they are unpacked: a small packed body may hold a huge one."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in {*_PACKED, "identity", ""}:
        return b"", False
    unpack = zlib.decompressobj(_AUTO) if packing in _PACKED else None
    got = bytearray()
    async for chunk in response.aiter_raw():
        try:
            got += unpack.decompress(chunk, limit + 1 - len(got)) if unpack else chunk
        except zlib.error:
            return bytes(got), False
        if len(got) > limit:
            return bytes(got[:limit]), False
    return bytes(got), unpack is None or unpack.eof or not got
