"""The zygote: warmed once, it forks one locked-up child per file and never touches a file itself.

Run as `python -m core_pipeline.media.zygote TRADE` with the control socket as standard input. TRADE is the module that
knows how to read files. It has one thread, waits in one `poll`, and ends when the platform's end of the socket closes.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from core_pipeline.media import jail
from core_pipeline.media.wire import BROKEN, DONE, PACKET, READY, REFUSED, Order, Refused, Verdict, frame

CHUNK = 1 << 18


class Trade(Protocol):
    """A module that reads one kind of files; `SUBJECT` begins its error codes, a child gets `CPU_SECONDS`."""

    SUBJECT: str
    CPU_SECONDS: int

    def warm(self) -> None:
        """Load all that `work` may ever need: no file can be opened later."""

    def work(self, verb: str, details: Mapping[str, Any], data: bytes) -> bytes:
        """Return what comes out of a file; raises `Refused`, or anything, when that is the file's fault."""


@dataclass
class _Child:
    number: int
    deadline: float
    late: bool = False


class Zygote:
    """Starts children as ordered, kills late ones, buries all and reports each."""

    def __init__(self, control: socket.socket, trade: Trade) -> None:
        self._control = control
        self._trade = trade
        self._children: dict[int, _Child] = {}
        self._bell = _death_bell()

    def serve(self) -> None:
        """Obey orders until the platform hangs up."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        self._control.send(READY)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(self._patience())}
            if self._bell in ready:
                os.read(self._bell, PACKET)
            if self._control.fileno() in ready and not self._obey():
                return self._end()
            self._kill_late()
            self._bury()

    def _end(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)

    def _patience(self) -> float | None:
        deadlines = [child.deadline for child in self._children.values() if not child.late]
        return max(0.0, min(deadlines) - time.monotonic()) * 1000 + 1 if deadlines else None

    def _obey(self) -> bool:
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._control, PACKET, 1)
        except ConnectionResetError:
            return False
        if not packet:
            return False
        order = Order.unpack(packet)
        if order.verb == "kill":
            self._kill(order.number)
        for descriptor in descriptors:
            self._bear(order, descriptor)
            os.close(descriptor)
        return True

    def _bear(self, order: Order, descriptor: int) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            self._control.send(Verdict(order.number, born=False).pack())
            return
        if pid == 0:
            _live(self._trade, order, descriptor, parent)
        self._children[pid] = _Child(order.number, time.monotonic() + order.wall_seconds)

    def _kill(self, number: int) -> None:
        for pid, child in self._children.items():
            if child.number == number:
                os.kill(pid, signal.SIGKILL)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for pid, child in self._children.items():
            if now >= child.deadline and not child.late:
                child.late = True
                os.kill(pid, signal.SIGKILL)

    def _bury(self) -> None:
        while self._children:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            self._control.send(Verdict(child.number, late=child.late).pack())


def _death_bell() -> int:
    """Return a descriptor that turns readable whenever a child dies."""
    bell, rope = os.pipe()
    os.set_blocking(rope, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(rope, warn_on_full_buffer=False)
    return bell


def _live(trade: Trade, order: Order, descriptor: int, parent: int) -> None:
    """Be the child: lock up, read the file, answer, die. Never returns."""
    signal.set_wakeup_fd(-1)
    os.dup2(descriptor, 0)
    try:
        jail.enter(parent, trade.CPU_SECONDS)
    except (OSError, ValueError):
        _write(frame(BROKEN, b""))
        os._exit(1)
    try:
        answer = frame(DONE, trade.work(order.verb, order.details, _read()))
    except Refused as refused:
        answer = _refusal(refused)
    except Exception as error:  # noqa: BLE001 : whatever a stranger's file provokes is that file's fault
        answer = _refusal(Refused(f"{trade.SUBJECT}-unreadable", type(error).__name__))
    _write(answer)
    os._exit(0)


def _refusal(refused: Refused) -> bytes:
    return frame(REFUSED, f"{refused.code}\n{refused.detail}".encode())


def _read() -> bytes:
    data = bytearray()
    while chunk := os.read(0, CHUNK):
        data += chunk
    return bytes(data)


def _write(answer: bytes) -> None:
    rest = memoryview(answer)
    with contextlib.suppress(OSError):
        while rest:
            rest = rest[os.write(0, rest) :]


def _learnt(name: str) -> Trade:
    """Import a trade, but not the front pages of the rooms around it: they bring along threads and weight."""
    room = ""
    for part in name.split(".")[:-1]:
        room = f"{room}.{part}".lstrip(".")
        spec = importlib.util.find_spec(room) if room not in sys.modules else None
        if spec is not None:
            sys.modules[room] = importlib.util.module_from_spec(spec)
    return cast("Trade", importlib.import_module(name))


def main() -> None:
    """Warm up, shut the doors that can be shut for good, and serve."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=0)
    # Libraries that take numpy along where it is there must do without: it brings threads, which a fork cuts off.
    sys.modules["numpy"] = None  # type: ignore[assignment]  # None is how Python says "not to be had"
    trade = _learnt(sys.argv[1])
    trade.warm()
    jail.leave_network()
    jail.die_with_parent(parent)
    jail.be_first_victim()
    gc.freeze()
    Zygote(control, trade).serve()


if __name__ == "__main__":
    main()
