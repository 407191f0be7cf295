"""A web server on this machine only, in the running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI

_GRACE = 2.0
_TICK = 0.005


class _Server(uvicorn.Server):
    """Ends within milliseconds: the library's own ticks of 0.1 s add up over hundreds of tests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let the main loop return."""
        self._ended.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process that runs the emulator."""
        yield

    async def main_loop(self) -> None:
        """Wait for the end."""
        await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the calls that are under way, then close; whoever takes longer is cut off."""
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                while self.server_state.connections or self.server_state.tasks:
                    await asyncio.sleep(_TICK)
        for task in list(self.server_state.tasks):
            task.cancel()


@contextlib.asynccontextmanager
async def served(app: FastAPI, port: int = 0) -> AsyncIterator[int]:
    """Serve `app` on 127.0.0.1 (port 0 = any free one) and give the port."""
    server = _Server(uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False))
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not (server.started or serving.done()):
            await asyncio.sleep(_TICK)
        try:
            yield listener.getsockname()[1]
        finally:
            server.end()
            await serving
