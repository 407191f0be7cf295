"""How a call of the Bot API is read and refused by the emulated server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from channels.emulation.faults import Fault
from channels.wild import table

Params: TypeAlias = Mapping[str, Any]

_ATTACHED = "attach://"


class BotError(Exception):
    """A refusal in the vendor's form."""

    def __init__(self, status: int, text: str, after: float | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.after = status, text, after


@dataclass(frozen=True)
class Upload:
    """A file that came as a part of a call."""

    data: bytes
    mime: str | None


async def parameters(request: Request) -> Params:
    """Return a call's parameters from query, form, multipart or JSON; files are `Upload`s."""
    params: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**params, **table(json.loads(await request.body()))}
    async with request.form() as form:
        for name, value in form.items():
            params[name] = Upload(await value.read(), value.content_type) if isinstance(value, UploadFile) else value
    return params


def file_in(params: Params, name: str) -> Upload | None:
    """Return the file that a parameter is, or names as another part of the same call; None if there is none."""
    value = params.get(name)
    if isinstance(value, str) and value.startswith(_ATTACHED):
        value = params.get(value.removeprefix(_ATTACHED))
    return value if isinstance(value, Upload) else None


def injected(fault: Fault) -> BotError:
    """Return the refusal that a test asked for."""
    return BotError(fault.status, fault.text or "Injected by a test", fault.after)


async def refuse(_: Request, error: Exception) -> Response:
    """Answer in the vendor's form; what is no refusal is raised again."""
    if not isinstance(error, BotError):
        raise error
    body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.text}
    if error.after is not None:
        body["parameters"] = {"retry_after": int(error.after)}
    return JSONResponse(body, error.status)
