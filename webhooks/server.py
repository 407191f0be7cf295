"""Opens the front door on a port, and waits for the operator's signal to close it."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import uvicorn

from errors import NeedsOwner
from webhooks.sockets import PatientProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.applications import Starlette


WS_BYTES, PING_SECONDS = 4 * 1024 * 1024, 20.0


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again and cut our own clean-up short."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(web: Starlette, host: str, port: int) -> AsyncIterator[None]:
    """Answer requests on this address until the block ends; requests in flight are finished.

    Raises `NeedsOwner` when something else listens there.
    """
    config = uvicorn.Config(
        web,
        access_log=False,
        log_config=None,
        lifespan="off",
        ws=PatientProtocol,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_max_size=WS_BYTES,
        ws_per_message_deflate=False,
    )
    # Answers that go on for as long as somebody listens look at this: we wait for every answer to end.
    over = web.state.over = asyncio.Event()
    server = _Server(config)
    serving = asyncio.create_task(server.serve([_bound(host, port)]))
    while not server.started:
        await asyncio.sleep(0.01)
    # What was built to get here stays: left to the collector, each full round would stall every request by 40 ms.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        over.set()
        server.should_exit = True
        await serving


def _bound(host: str, port: int) -> socket.socket:
    """Take the address ourselves: uvicorn would end the whole process when it is taken."""
    # The protocol must be named: asyncio sends small pieces at once (TCP_NODELAY) only where a socket says it is TCP,
    # and an answer in two pieces would otherwise wait 40 ms until the other end acknowledges the first.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise NeedsOwner("address", f"can't listen on {host}:{port} ({error.strerror}); set HOST or PORT") from error
    return taken


async def until_told() -> None:
    """Return at SIGINT or SIGTERM."""
    told = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    await told.wait()
