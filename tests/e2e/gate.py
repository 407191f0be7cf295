"""One port before several server processes: each connection goes to the next of them, as a plain balancer does it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 64 << 10


@dataclass
class Gate:
    """The open port; `passed` counts the connections by the port that they were led to."""

    behind: Sequence[int]
    port: int = 0
    passed: Counter[int] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        """Where browsers knock."""
        return f"http://127.0.0.1:{self.port}"

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a caller to the next process until either hangs up."""
        port = self.behind[self.passed.total() % len(self.behind)]
        self.passed[port] += 1
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", port)
            ways = [asyncio.create_task(_carry(reader, ours)), asyncio.create_task(_carry(theirs, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            ours.close()
        finally:
            writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def gate(behind: Sequence[int]) -> AsyncIterator[Gate]:
    """Open a port before these."""
    opened = Gate(behind)
    server = await asyncio.start_server(opened.lead, "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    async with server:
        yield opened
