"""What the platform, the zygote and its children say to each other.

Two kinds of socket, both AF_UNIX:

- control (SEQPACKET, platform to zygote, one message per packet): `Order`, with the child's socket attached when it
  starts one; back come `READY` once, then one `Verdict` per child that is gone;
- one STREAM pair per child: the file goes in until end-of-stream, one answer comes out (`frame`, `parse`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

READY = b"ready"
PACKET = 4096

DONE, REFUSED, BROKEN = 0, 1, 2
HEADER = struct.Struct("!BI")


class Refused(Exception):
    """The file itself is at fault; `code` is one that the sandbox knows, `detail` holds nothing from the file."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Order:
    """What the zygote shall do about child `number`: start it on its trade's `verb` with these details, or kill it."""

    number: int
    verb: str
    wall_seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    def pack(self) -> bytes:
        """Return the order as one packet."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, packet: bytes) -> Order:
        """Return the order in `packet`."""
        return cls(**json.loads(packet))


@dataclass(frozen=True)
class Verdict:
    """How child `number` ended: `late` = killed by the wall clock, `born` = it could be started at all."""

    number: int
    late: bool = False
    born: bool = True

    def pack(self) -> bytes:
        """Return the verdict as one packet."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, packet: bytes) -> Verdict:
        """Return the verdict in `packet`."""
        return cls(**json.loads(packet))


def frame(status: int, payload: bytes) -> bytes:
    """Return a child's answer as it goes over its socket."""
    return HEADER.pack(status, len(payload)) + payload


def expected(answer: bytes | bytearray) -> int:
    """Return how long the whole answer is, as far as its beginning tells."""
    if len(answer) < HEADER.size:
        return HEADER.size
    length: int = HEADER.unpack_from(answer)[1]
    return HEADER.size + length


def parse(answer: bytes) -> tuple[int, bytes] | None:
    """Return status and payload of a child's answer, None when it is incomplete or not one of ours."""
    if len(answer) < HEADER.size:
        return None
    status, length = HEADER.unpack_from(answer)
    payload = answer[HEADER.size :]
    return (status, payload) if len(payload) == length and status in {DONE, REFUSED, BROKEN} else None
