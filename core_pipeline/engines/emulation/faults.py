"""Failures on demand, between a client and an emulated vendor."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Fault:
    """What befalls one request: first `delay` seconds pass; then it is answered with `status`, `headers` and `body`.

    Without a `status` the emulator itself answers. With `cut_after`, the connection breaks after that many bytes of
    the answer's body, whoever gave it.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    cut_after: int | None = None


class Faults:
    """The failures that wait for the next requests, and in `calls` every request that came ("POST /path")."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._waiting: list[tuple[str | None, Fault]] = []

    def next(self, fault: Fault, *, times: int = 1, path: str | None = None) -> None:
        """Let the next `times` requests meet `fault`; with `path`, only requests to that path."""
        self._waiting += [(path, fault)] * times

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an app that answers as `app` does, except where a fault waits."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            self.calls.append(f"{scope['method']} {scope['path']}")
            fault = self._met(scope["path"])
            if fault is None:
                await app(scope, receive, send)
            else:
                await _befall(fault, app, scope, receive, send)

        return faulty

    def _met(self, path: str) -> Fault | None:
        for index, (only, fault) in enumerate(self._waiting):
            if only in {None, path}:
                del self._waiting[index]
                return fault
        return None


class _CutError(Exception):
    """Enough of the answer was sent."""


async def _befall(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.delay)
    left = fault.cut_after

    async def until_cut(message: Message) -> None:
        nonlocal left
        if left is None or message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")[:left]
        left -= len(body)
        await send({**message, "body": body, "more_body": True})
        if left <= 0 or not message.get("more_body", False):
            raise _CutError

    try:
        if fault.status is None:
            await app(scope, receive, until_cut)
        else:
            await _all(receive)
            await _refuse(fault, until_cut)
    except _CutError:
        return  # the server finds the answer unfinished and breaks the connection


async def _all(receive: Receive) -> None:
    """Read the whole request: closing before that would reset the connection, and nobody would see the answer."""
    while (await receive()).get("more_body", False):
        pass


async def _refuse(fault: Fault, send: Send) -> None:
    given = {"content-type": "application/json", **fault.headers, "content-length": str(len(fault.body))}
    headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": fault.body})
