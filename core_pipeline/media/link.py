"""The platform's end of one living zygote."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

from core_pipeline.media.wire import PACKET, READY, Order, Verdict, expected, parse
from errors import Retryable

READY_SECONDS = 30.0
GRACE_SECONDS = 5.0
CHUNK = 1 << 18

_log = logging.getLogger(__name__)
_numbers = count(1)


class ZygoteGone(Exception):
    """The zygote died or hung before it could tell how the child ended."""


class Link:
    """One zygote process: hands it files, brings back the children's answers, knows when it is gone."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self.alive = True
        self.pid = process.pid
        self._process = process
        self._control = control
        self._verdicts: dict[int, asyncio.Future[Verdict | None]] = {}
        self._ready = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, trade: str) -> Link:
        """Start a zygote of this trade (a module's name) and return once it is warm.

        Raises `Retryable` "sandbox-down" when it can't start.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs, ExitStack() as undo:
            undo.callback(ours.close)
            process = await _launch(theirs, trade)
            undo.pop_all()
        link = cls(process, ours)
        await link._warm_up()
        if not link.alive:
            raise Retryable("sandbox-down", "the zygote did not start", after=5.0)
        return link

    async def run(self, order: Order, data: bytes, most: int) -> tuple[int, bytes] | Verdict:
        """Return status and payload of the child's answer (at most `most` bytes), or how it died without one.

        Raises `ZygoteGone` when nobody can tell.
        """
        verdict = self._verdicts[order.number] = asyncio.get_running_loop().create_future()
        answer = None
        try:
            async with asyncio.timeout(order.wall_seconds + GRACE_SECONDS):
                answer = parse(await self._exchange(order, data, most))
                return answer or await self._autopsy(order.number, verdict)
        except (TimeoutError, ZygoteGone):
            if self.alive:
                self.kill()  # whatever is left of it: the next file must not meet this one again
            raise ZygoteGone from None
        finally:
            del self._verdicts[order.number]
            if answer is None:
                self._abandon(order.number)

    def kill(self) -> None:
        """Kill the zygote; its children die with it."""
        self.alive = False
        with suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """Hang up, wait until the zygote has buried its children and gone."""
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        self._lose()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    async def _warm_up(self) -> None:
        """Wait for the zygote's first word; without it, leave no process behind."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_SECONDS):
                    await self._ready.wait()
        finally:
            if not (self.alive and self._ready.is_set()):
                self.kill()
                await self.close()

    async def _exchange(self, order: Order, data: bytes, most: int) -> bytes:
        """Give the file to a new child, return what it says; a short answer means that it died."""
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)
            with theirs:
                self._send(order, theirs)
            return await _converse(ours, data, most)

    def _send(self, order: Order, child_end: socket.socket) -> None:
        try:
            socket.send_fds(self._control, [order.pack()], [child_end.fileno()])
        except OSError:
            raise ZygoteGone from None

    async def _autopsy(self, number: int, verdict: asyncio.Future[Verdict | None]) -> Verdict:
        self._abandon(number)
        found = await verdict if self.alive else None
        if found is None:
            raise ZygoteGone
        return found

    def _abandon(self, number: int) -> None:
        with suppress(OSError):
            self._control.send(Order(number, "kill").pack())

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while packet := await loop.sock_recv(self._control, PACKET):
                if packet == READY:
                    self._ready.set()
                else:
                    self._settle(Verdict.unpack(packet))
        _log.warning("the zygote %d is gone", self.pid)
        self._lose()

    def _settle(self, verdict: Verdict) -> None:
        waiting = self._verdicts.get(verdict.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(verdict)

    def _lose(self) -> None:
        self.alive = False
        self._ready.set()
        self._control.close()
        for waiting in self._verdicts.values():
            if not waiting.done():
                waiting.set_result(None)


def next_number() -> int:
    """Return a number that no child of this process has had."""
    return next(_numbers)


async def _launch(control: socket.socket, trade: str) -> asyncio.subprocess.Process:
    """Start the zygote with nothing of ours but `control`: no secret from the environment, no other descriptor."""
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "core_pipeline.media.zygote", trade),
            stdin=control.fileno(),
            stdout=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": _import_path()},
            start_new_session=True,
        )
    except OSError as error:
        raise Retryable("sandbox-down", "the zygote could not be launched", after=5.0) from error


def _import_path() -> str:
    return os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)


async def _converse(ours: socket.socket, data: bytes, most: int) -> bytes:
    loop = asyncio.get_running_loop()
    answer = bytearray()
    with suppress(OSError):
        await loop.sock_sendall(ours, data)
        ours.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        # A whole answer is enough: the child's memory is torn down while we already work on.
        while len(answer) < min(expected(answer), most) and (chunk := await loop.sock_recv(ours, CHUNK)):
            answer += chunk
    return bytes(answer)
