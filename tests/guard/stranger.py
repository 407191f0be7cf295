"""A stranger's server on this machine: it answers byte for byte what a test tells it, and notes what it was asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Stranger:
    """Where it listens, the heads of the requests it got, and to which of its addresses they came."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/"


def reply(body: bytes = b"hello", status: str = "200 OK", mime: str = "text/plain", **headers: str) -> bytes:
    """A whole HTTP answer."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n{named}\r\n".encode() + body


@asynccontextmanager
async def stranger(
    answer: bytes | Answer, hosts: tuple[str, ...] = ("127.0.0.1",), tls: ssl.SSLContext | None = None
) -> AsyncIterator[Stranger]:
    """Serve during the block; `answer` is written to every request, or called with its first line."""
    known, open_ones = Stranger(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                known.heads.append(head)
                known.addresses.append(writer.get_extra_info("sockname")[0])
                if isinstance(answer, bytes):
                    writer.write(answer)
                else:
                    await answer(head.split("\r\n", 1)[0], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        open_ones.add(task)
        task.add_done_callback(open_ones.discard)

    servers = [await asyncio.start_server(accepted, hosts[0], 0, ssl=tls)]
    known.port = servers[0].sockets[0].getsockname()[1]
    servers += [await asyncio.start_server(accepted, host, known.port, ssl=tls) for host in hosts[1:]]
    try:
        yield known
    finally:
        for each in servers:
            each.close()
        for task in list(open_ones):
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
