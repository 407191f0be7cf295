"""Who may come in, and how much they may bring."""

from __future__ import annotations

import hmac
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core_pipeline.engines.worker.answers import Refusal
from errors import Impossible, NeedsOwner

_CHUNK = 1 << 20
_MOST_FILES = 8


class Door:
    """Lets in who shows the token; without a token, only who comes by a unix socket."""

    def __init__(self, app: ASGIApp, token: SecretStr | None) -> None:
        self._app = app
        self._token = token.get_secret_value().encode() if token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it before its body is read."""
        if scope["type"] == "http" and not self._welcome(scope):
            refusal = Refusal(NeedsOwner("worker-token", "the worker knows another token: set the same on both sides"))
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _welcome(self, scope: Scope) -> bool:
        if not self._token:
            here = scope.get("server")
            return here is not None and here[1] is None  # a path, no port
        scheme, _, shown = Headers(scope=scope).get("authorization", "").partition(" ")
        return hmac.compare_digest(shown.encode(), self._token) and scheme.lower() == "bearer"


async def body_of(request: Request, most: int) -> bytes:
    """Return the request's body; `Impossible` when it is larger than `most` bytes."""
    _refuse_announced(request, most)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


async def json_of(request: Request, most: int) -> Any:
    """Return the request's JSON; `Impossible` when it is none."""
    return _parsed(await body_of(request, most))


async def files_of(request: Request, most: int, folder: Path) -> dict[str, Any]:
    """Return the part "order" of a multipart request as JSON; its files are in the folder, by their part's name.

    Raises `Impossible` when it is larger than `most` bytes or holds no order.
    """
    _refuse_announced(request, most)
    counted = Request(request.scope, _counted(request.receive, most))
    try:
        async with counted.form(max_files=_MOST_FILES, max_fields=1, max_part_size=_CHUNK) as form:
            order = form.get("order")
            for name, part in form.items():
                if isinstance(part, UploadFile):
                    await _save(part, folder / _plain(name))
    except HTTPException:
        raise Impossible("bad-request", "this is no multipart form of one order and a few files") from None
    told = _parsed(order.encode()) if isinstance(order, str) else None
    if not isinstance(told, dict):
        raise Impossible("bad-request", "wrong or missing: order")
    return told


def files_in(folder: Path) -> Mapping[str, Path]:
    """The saved files by the name of their part."""
    return {path.name: path for path in folder.iterdir()}


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of this request's own."""
    return tempfile.TemporaryDirectory(prefix="sawtak-worker-")


async def _save(part: UploadFile, path: Path) -> None:
    with path.open("xb") as file:
        while chunk := await part.read(_CHUNK):
            file.write(chunk)


def _plain(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise Impossible("bad-request", "a file's part must be named by a plain word")
    return name


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Impossible("bad-request", "this is no JSON") from None


def _refuse_announced(request: Request, most: int) -> None:
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > most:
        raise _too_large(most)


def _counted(receive: Receive, most: int) -> Receive:
    left = most

    async def counting() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large(most)
        return message

    return counting


def _too_large(most: int) -> Impossible:
    return Impossible("too-large", f"the worker takes at most {most} bytes")
