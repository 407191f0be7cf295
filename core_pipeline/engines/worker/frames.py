"""The frames of a streamed answer: told apart by type, their lengths before them, never without an end."""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from core_pipeline.engines.worker.faults import fault_from
from errors import NeedsOwner, Retryable

MEDIA_TYPE = "application/vnd.sawtak.frames"
VERSION = 1
_PREFIX = struct.Struct("!BBII")  # version, type, length of the header, length of the body
_LARGEST_HEADER, _LARGEST_BODY = 4 << 20, 16 << 20


class Type(IntEnum):
    """What a frame is; END and ERROR are the last of their stream."""

    PART = 1
    PROGRESS = 2
    END = 3
    ERROR = 4


@dataclass(frozen=True)
class Frame:
    """A JSON header and raw bytes."""

    type: Type
    header: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def pack(self) -> bytes:
        """Return it as it travels."""
        header = json.dumps(self.header, ensure_ascii=False).encode()
        return _PREFIX.pack(VERSION, self.type, len(header), len(self.body)) + header + self.body


async def unpacked(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Frame, None]:
    """Yield the frames before the END frame out of chunks cut anywhere.

    Raises what an ERROR frame carries, Retryable when the stream ends without an END frame or makes no sense,
    NeedsOwner when the other side speaks another version.
    """
    buffer = bytearray()
    async for chunk in chunks:
        buffer += chunk
        while (frame := _taken(buffer)) is not None:
            if frame.type is Type.END:
                return
            if frame.type is Type.ERROR:
                raise fault_from(frame.header)
            yield frame
    raise Retryable("half-sent", "the worker's answer stopped before its end", after=1.0)


def _taken(buffer: bytearray) -> Frame | None:
    if buffer and buffer[0] != VERSION:
        raise NeedsOwner("worker-version", f"the worker speaks version {buffer[0]}, we speak {VERSION}: update it")
    if len(buffer) < _PREFIX.size:
        return None
    _, kind, header, body = _PREFIX.unpack_from(buffer)
    if header > _LARGEST_HEADER or body > _LARGEST_BODY:
        raise Retryable("worker-garbled", "a frame is absurdly long", after=1.0)
    end = _PREFIX.size + header + body
    if len(buffer) < end:
        return None
    rest = bytes(buffer[_PREFIX.size : end])
    del buffer[:end]
    try:
        return Frame(Type(kind), json.loads(rest[:header]), rest[header:])
    except ValueError as error:
        raise Retryable("worker-garbled", "a frame makes no sense", after=1.0) from error
