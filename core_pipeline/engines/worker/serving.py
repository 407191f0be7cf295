"""Serves a worker on a TCP port or a unix socket until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from errors import NeedsOwner

_GRACE = 2  # seconds for answers that are under way when we are told to end
_BACKLOG = 128


@dataclass(frozen=True)
class Listen:
    """Where to listen: a unix socket, or a TCP port (0: any free one) with TLS when it has a certificate."""

    uds: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None

    def refuse_open_door(self, token: SecretStr | None) -> None:
        """Raise NeedsOwner for a TCP port without a token."""
        if self.uds is None and not (token and token.get_secret_value()):
            raise NeedsOwner("worker-token", "a worker on a TCP port needs a token; only a unix socket goes without")


@dataclass(frozen=True)
class Served:
    """A server at work: where it can be reached; `ended` is done when it was told to end by a signal."""

    address: str
    ended: asyncio.Task[None]


async def serve(app: ASGIApp, listen: Listen, ready: Callable[[str], None]) -> None:
    """Call `ready` with the address once callers can connect, and serve until SIGTERM or SIGINT."""
    async with serving(app, listen) as served:
        ready(served.address)
        await asyncio.wait([served.ended])


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listen: Listen) -> AsyncIterator[Served]:
    """Serve for the block, or until SIGTERM or SIGINT."""
    with contextlib.closing(_bound(listen)) as bound, _signals_only_end_serving():
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
            ssl_certfile=listen.certificate,
            ssl_keyfile=listen.key,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            yield Served(_address(listen, bound), task)
        finally:
            server.should_exit = True
            await asyncio.wait([task])


@contextlib.contextmanager
def _signals_only_end_serving() -> Iterator[None]:
    """Uvicorn raises the signal that ended it once more; by then it has done its work."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bound(listen: Listen) -> socket.socket:
    """A listening socket: whoever connects before the server runs waits in its queue."""
    family = socket.AF_UNIX if listen.uds else socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if listen.uds:
            bound.bind(str(listen.uds))
            listen.uds.chmod(0o600)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((listen.host, listen.port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise NeedsOwner("worker-address", "the address to listen at is taken or not ours") from error
    return bound


def _address(listen: Listen, bound: socket.socket) -> str:
    if listen.uds:
        return str(listen.uds)
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"{'https' if listen.certificate else 'http'}://{host}:{bound.getsockname()[1]}"
