"""A server that answers every connection with given bytes, then hangs up or falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core_pipeline.engines.worker.frames import MEDIA_TYPE

STREAM = f"HTTP/1.1 200 OK\r\ncontent-type: {MEDIA_TYPE}\r\n".encode()
UNTIL_CLOSED = STREAM + b"connection: close\r\n\r\n"
CHUNKED = STREAM + b"transfer-encoding: chunked\r\n\r\n"


@asynccontextmanager
async def liar(answer: bytes, *, silent: bool = False) -> AsyncIterator[str]:
    """Serve for the block: its address."""
    quiet = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if silent:
            await quiet.wait()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        quiet.set()
        server.close()
        await asyncio.sleep(0)
