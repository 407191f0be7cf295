"""What a server's refusal says about the request: which field it does not know, or that it is too long."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from core_pipeline.engines.prompt.conversation import TooLongError
from core_pipeline.engines.vendor import refused
from errors import SawtakError

# Optional fields by what a refusal says of them, most telling first.
_OPTIONAL = {
    "stream_options": "stream_options",
    "max_completion_tokens": "max_tokens",
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "tool": "tools",
    "function": "tools",
}
_TOO_LONG = re.compile(
    r"context.{0,20}(?:length|size|window|exceed)|exceed.{0,40}context|too many tokens|prompt is too long"
)
_TELLING = frozenset({400, 404, 413, 422, 500, 501})
# Servers repeat what they were sent: what comes after the first words may be the customer's.
_FIRST_WORDS, _MOST = 200, 64 << 10


class StrangeFieldError(Exception):
    """The server does not know an optional field of the request; `refusal` is what to raise if that is no help."""

    def __init__(self, field: str, refusal: SawtakError) -> None:
        super().__init__(field)
        self.field, self.refusal = field, refusal


@asynccontextmanager
async def accepted(http: httpx.AsyncClient, request: httpx.Request, vendor: str) -> AsyncIterator[httpx.Response]:
    """Send and give the 2xx answer, unread; `StrangeFieldError` or `TooLongError` where another request may do."""
    response = await http.send(request, stream=True)
    try:
        if not response.is_success:
            raise _meaning(response, await _beginning(response), request, vendor)
        yield response
    finally:
        await response.aclose()


def _meaning(response: httpx.Response, body: bytes, request: httpx.Request, vendor: str) -> Exception:
    refusal = refused(response, body, vendor)
    if response.status_code not in _TELLING:
        return refusal
    said = _said(body)
    if _TOO_LONG.search(said):
        return TooLongError(vendor)
    sent = json.loads(request.content)
    for word, field in _OPTIONAL.items():
        names = {field, "max_completion_tokens"} if field == "max_tokens" else {field}
        if word in said and names & sent.keys():
            return StrangeFieldError(field, refusal)
    return refusal


def _said(body: bytes) -> str:
    """The field and the first words that the refusal names, in lower case."""
    try:
        found = json.loads(body)
    except ValueError:
        return body[:_FIRST_WORDS].decode(errors="replace").lower()
    error = found.get("error", found) if isinstance(found, dict) else found
    parts = (
        [error.get(key) for key in ("param", "code", "type", "message", "detail")]
        if isinstance(error, dict)
        else [error]
    )
    return " ".join(str(part)[:_FIRST_WORDS] for part in parts if part).lower()


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _MOST:
            break
    return bytes(body)
