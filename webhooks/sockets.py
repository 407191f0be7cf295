"""The websocket of a web server as the channels know it, and what becomes of one that nobody reads any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from core_pipeline.contracts.channel import WebhookRequest

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

MESSAGE_BYTES = 256 * 1024
CLOSE_SECONDS = 1.0
LINGER_SECONDS = 10.0

TOO_BIG = 1009
GONE = (WebSocketDisconnect, RuntimeError, OSError)


class StarletteSocket:
    """A `Socket` over Starlette's; `address` is our public one (https://…), `most` the bytes that one message may have.

    Who sends a longer message is cut off. `peer` is the address of the other end, as far as proxies tell it.
    """

    def __init__(self, socket: WebSocket, address: str, most: int = MESSAGE_BYTES) -> None:
        self._socket = socket
        self._most = most
        self._closed = asyncio.Event()
        self._waiting: asyncio.Timeout | None = None
        self.peer = socket.client.host if socket.client else ""
        self.request = WebhookRequest(
            method="GET",
            headers={name.lower(): value for name, value in socket.headers.items()},
            query=dict(socket.query_params),
            body=b"",
            url=_public(socket, address),
        )

    async def accept(self, subprotocol: str | None = None) -> None:
        """Agree to talk."""
        with suppress(*GONE):
            await self._socket.accept(subprotocol)

    async def refuse(self) -> None:
        """Answer the handshake with 403."""
        await self.close()

    async def receive(self) -> str | bytes | None:
        """The next message; None once the other end has gone, we closed, or a message was too long."""
        if self._closed.is_set():
            return None
        try:
            async with asyncio.timeout(None) as self._waiting:
                message = await self._socket.receive()
        except (*GONE, TimeoutError):
            self._over()
            return None
        if message["type"] == "websocket.disconnect":
            self._over()
            return None
        sound: bytes | None = message.get("bytes")
        data: str | bytes = sound if sound is not None else message.get("text") or ""
        if len(data) > self._most:
            await self.close(TOO_BIG)
            return None
        return data

    async def send(self, data: str | bytes) -> None:
        """Send one message, waiting while the other end is slow; nothing happens when it has gone."""
        with suppress(*GONE):
            await (self._socket.send_text(data) if isinstance(data, str) else self._socket.send_bytes(data))

    async def close(self, code: int = 1000) -> None:
        """End it within a second, whether or not the other end reads that; may be called again."""
        with suppress(*GONE, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close(code)
        self._over()

    async def gone(self) -> None:
        """Return once either end has closed it and somebody knows: a server keeps a socket as long as its handler."""
        await self._closed.wait()

    def _over(self) -> None:
        self._closed.set()
        if self._waiting is not None and not self._waiting.expired():
            # Who waits for a message waits no longer: of a client that reads nothing, no end is ever told.
            with suppress(RuntimeError):
                self._waiting.reschedule(asyncio.get_running_loop().time())


class PatientProtocol(WebSocketsSansIOProtocol):
    """uvicorn's websockets, but a connection that nobody reads is cut once what served it has ended.

    Without this, what was written waits for a reader as long as TCP does: for ever.
    """

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Give the last words some time to arrive."""
        super().on_task_complete(task)
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _public(socket: WebSocket, address: str) -> str:
    scope: dict[str, Any] = dict(socket.scope)
    raw: bytes = scope.get("raw_path") or str(scope["path"]).encode()
    query: bytes = scope["query_string"]
    path = raw.partition(b"?")[0] + (b"?" + query if query else b"")
    return address.rstrip("/").replace("http", "ws", 1) + path.decode("latin-1")
