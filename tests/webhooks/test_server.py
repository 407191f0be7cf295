"""The port that we open: small pieces of an answer go out at once."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from errors import NeedsOwner
from webhooks.server import listening
from webhooks.simulate import free_port


async def test_a_connection_waits_for_nobody_to_acknowledge_the_piece_before() -> None:
    found: list[int] = []

    async def door(scope: Any, receive: Any, send: Any) -> None:
        # The server hands its own cycle's method on: beside it lies the connection that was accepted.
        taken = receive.__self__.transport.get_extra_info("socket")
        found.append(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await PlainTextResponse("there")(scope, receive, send)

    port = free_port()
    async with listening(Starlette(routes=[Mount("/", door)]), "127.0.0.1", port), httpx.AsyncClient() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).text == "there"
        with pytest.raises(NeedsOwner, match="address"):
            async with listening(Starlette(), "127.0.0.1", port):
                pass
    assert found == [1]
