"""WhatsApp's adapter over a transport that answers as told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from channels.whatsapp import SPEC
from core_pipeline.contracts.channel import Channel
from tests.channels.bench import BARE_TLS, opening

Handler = Callable[[httpx.Request], httpx.Response]


def channel_on(handler: Handler, **platform: Any) -> tuple[Channel, list[httpx.Request]]:
    """The real adapter over a transport that answers as told, and what it sent."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return handler(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=True, verify=BARE_TLS)
    return SPEC.open(opening(SPEC, http, **platform)), sent


def returning(response: httpx.Response) -> Handler:
    return lambda _: response


def resolved(url: str, **more: str) -> httpx.Response:
    return httpx.Response(200, json={"url": url, "id": "1", **more})


async def streamed(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
