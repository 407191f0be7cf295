"""An emulator of D-ID's API, for tests and rehearsals: files, talks that take a while, films that only flicker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.video.did import DidConfig
from core_pipeline.engines.video.did.emulator_film import flickering
from core_pipeline.media.wav import unpacked

KEY = "ZGVtb0BleGFtcGxl:emulated-key"
_SHELVES = {"images": ("image", ("image/png", "image/jpeg")), "audios": ("audio", ("audio/wav", "audio/mpeg"))}


class EmulatedDid:
    """Knows one key; a talk is done when it was asked for `polls` times, and then ends in `state` if that is given.

    `files` and `talks` are what lies with it now, `received` and `ordered` all that ever came, `odd` what a client did
    that it should not. `result` replaces the address of the film; `begun` hears the name of each talk that is ordered.
    """

    def __init__(self, polls: int = 2) -> None:
        self.polls, self.credits = polls, 12.0
        self.state: dict[str, Any] | None = None
        self.result: str | None = None
        self.faults = Faults()
        self.files: dict[str, bytes] = {}
        self.talks: dict[str, dict[str, Any]] = {}
        self.received: list[bytes] = []
        self.ordered: list[dict[str, Any]] = []
        self.begun: Callable[[str], object] = str
        self.odd: list[str] = []
        self._asked: dict[str, int] = {}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[DidConfig]:
        """Serve while the block lasts; gives a configuration that points here and waits little."""
        routes = [
            Route("/{shelf:str}", self._upload, methods=["POST"]),
            Route("/talks/{talk}", self._tell),
            Route("/{shelf:str}/{name}", self._delete, methods=["DELETE"]),
            Route("/films/{talk}.mp4", self._film),
            Route("/credits", self._credits),
        ]
        ordering = Route("/talks", self._order, methods=["POST"])
        async with serving(self.faults.around(Starlette(routes=[ordering, *routes]))) as url:
            yield DidConfig.model_validate({"base_url": url, "api_key": KEY, "first_wait": 0.01, "silence": 5.0})

    async def _credits(self, request: Request) -> Response:
        told = {"credits": [], "remaining": self.credits, "total": 100}
        return _denied(request) or JSONResponse(told)

    async def _upload(self, request: Request) -> Response:
        field, kinds = _SHELVES.get(request.path_params["shelf"], ("", ()))
        if denied := _denied(request):
            return denied
        async with request.form() as form:
            file = form.get(field)
            if not isinstance(file, UploadFile) or file.content_type not in kinds:
                return _error(400, "ValidationError")
            data = await file.read()
        name = f"{field[:3]}_{uuid4().hex[:16]}"
        self.files[name] = data
        self.received.append(data)
        told = {"id": name, "url": f"s3://d-id-{request.path_params['shelf']}-prod/{name}"}
        return JSONResponse(told | ({"duration": unpacked(data).seconds} if field == "audio" else {}), 201)

    async def _order(self, request: Request) -> Response:
        if denied := _denied(request):
            return denied
        order = await request.json()
        script = order.get("script", {})
        named = (self._file(order.get("source_url")), self._file(script.get("audio_url")))
        if script.get("type") != "audio" or None in named:
            return _error(400, "ValidationError")
        if self.credits <= 0:
            return _error(402, "InsufficientCreditsError")
        name = f"tlk_{uuid4().hex[:16]}"
        self.ordered.append(order)
        self.talks[name] = {"image": named[0], "audio": named[1]}
        self.begun(name)
        return JSONResponse({"id": name, "object": "talk", "created_by": "emulator", "status": "created"}, 201)

    async def _tell(self, request: Request) -> Response:
        name = request.path_params["talk"]
        if denied := _denied(request):
            return denied
        if name not in self.talks:
            return _error(404, "NotFoundError")
        asked = self._asked[name] = self._asked.get(name, 0) + 1
        if asked < self.polls:
            return JSONResponse({"id": name, "status": "created" if asked == 1 else "started"})
        url = self.result or f"{str(request.base_url).rstrip('/')}/films/{name}.mp4"
        return JSONResponse({"id": name} | (self.state or {"status": "done", "result_url": url}))

    async def _film(self, request: Request) -> Response:
        if "authorization" in request.headers:
            self.odd.append("the key was shown to the film's store")
        talk = self.talks.get(request.path_params["talk"])
        if talk is None:
            return Response(status_code=403)
        film = await asyncio.to_thread(flickering, talk["image"], unpacked(talk["audio"]))
        return Response(film, media_type="video/mp4")

    async def _delete(self, request: Request) -> Response:
        if denied := _denied(request):
            return denied
        shelf, name = request.path_params["shelf"], request.path_params["name"]
        place: dict[str, Any] = self.talks if shelf == "talks" else self.files
        if place.pop(name, None) is None:
            self.odd.append(f"{shelf}/{name} is not here to be deleted")
            return _error(404, "NotFoundError")
        return JSONResponse({})

    def _file(self, url: object) -> bytes | None:
        return self.files.get(url.rpartition("/")[2]) if isinstance(url, str) else None


def _denied(request: Request) -> Response | None:
    fine = request.headers.get("authorization") == f"Basic {KEY}"
    return None if fine else _error(401, "AuthorizationError")


def _error(status: int, kind: str) -> Response:
    # Like the real one, the description repeats what it was sent.
    return JSONResponse({"kind": kind, "description": f"request by {KEY} failed"}, status)
