"""A worker as a web application: engines of ours behind the protocol of README.md."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from core_pipeline.engines.worker import door, verbs, wire
from core_pipeline.engines.worker.answers import Answer, Refusal, Terms
from core_pipeline.engines.worker.clones import Clones
from core_pipeline.engines.worker.frames import VERSION
from core_pipeline.engines.worker.jobs import Desk, Limits
from errors import Impossible, SawtakError

Handler = Callable[[Request], Awaitable[Response]]
_PAGE = 4096


@dataclass(frozen=True)
class About:
    """What a worker says of itself; `sample_rate` in Hz, 0 when it depends on the voice."""

    engine: str
    version: str = ""
    languages: tuple[str, ...] = ()
    clones: bool = False
    sample_rate: int = 0


def worker_app(
    engines: Mapping[str, Any], about: About, token: SecretStr | None = None, limits: Limits | None = None
) -> ASGIApp:
    """Serve the engines, by kind: asr, tts, llm, embed, speaker, and makers of files as video and upscale.

    Without a token only callers by a unix socket are served.
    """
    counter = _Counter(engines, about, limits or Limits())
    verbs_of: dict[str, dict[str, Handler]] = {
        "asr": {"/transcribe": counter.transcribe},
        "tts": {"/speak": counter.speak},
        "llm": {"/answer": counter.answer},
        "embed": {"/embed": counter.embed},
        "speaker": {"/voiceprint": counter.voiceprint},
        "video": {"/animate": partial(counter.make, "video")},
        "upscale": {"/upscale": partial(counter.make, "upscale")},
    }
    routes = [Route(path, handler, methods=["POST"]) for kind in engines for path, handler in verbs_of[kind].items()]
    routes += [
        Route("/health", counter.health, methods=["GET"]),
        Route("/cancel/{name:path}", counter.cancel, methods=["POST"]),
        Route("/clones/{name:path}", counter.forget, methods=["DELETE"]),
    ]
    handlers: dict[Any, Any] = {SawtakError: _refused, HTTPException: _unknown, ClientDisconnect: _gone}
    return door.Door(Starlette(routes=routes, exception_handlers=handlers), token)


class _Counter:
    """Takes requests in and hands them to the engines."""

    def __init__(self, engines: Mapping[str, Any], about: About, limits: Limits) -> None:
        self._engines, self._about, self._limits = engines, about, limits
        self._desk = Desk(limits)
        self._clones = Clones(limits.clones)

    async def transcribe(self, request: Request) -> Response:
        speech = await self._speech(request)
        work = verbs.transcribe(self._engines["asr"], speech, request.query_params.get("language"))
        return self._answer(request, work, framed=False)

    async def voiceprint(self, request: Request) -> Response:
        work = verbs.voiceprint(self._engines["speaker"], await self._speech(request))
        return self._answer(request, work, framed=False)

    async def embed(self, request: Request) -> Response:
        told = await door.json_of(request, self._limits.body)
        texts = wire.understood(list[str], told.get("texts") if isinstance(told, dict) else None)
        return self._answer(request, verbs.embed(self._engines["embed"], texts), framed=False)

    async def speak(self, request: Request) -> Response:
        saying, clone = wire.saying_from(await door.json_of(request, self._limits.body))
        if clone is not None:
            saying = replace(saying, clone=self._clones.find(clone))
        return self._answer(request, verbs.speak(self._engines["tts"], saying), framed=True)

    async def answer(self, request: Request) -> Response:
        ask = wire.ask_from(await door.json_of(request, self._limits.body))
        return self._answer(request, verbs.answer(self._engines["llm"], ask), framed=True)

    async def make(self, kind: str, request: Request) -> Response:
        folder = door.new_folder()
        try:
            order = await door.files_of(request, self._limits.file, Path(folder.name))
        except BaseException:
            folder.cleanup()
            raise
        work = verbs.make(self._engines[kind], order, door.files_in(Path(folder.name)))
        return self._answer(request, work, framed=True, after=folder.cleanup)

    async def health(self, request: Request) -> Response:
        del request
        told = {"ready": True, "protocol": VERSION, **asdict(self._about), "kinds": sorted(self._engines)}
        told |= {
            "busy": self._desk.busy,
            "waiting": self._desk.waiting,
            "at_once": self._limits.at_once,
            "largest": self._limits.body,
        }
        return JSONResponse(told | {"memory": _memory(), "gpu_memory": _gpu_memory()})

    async def cancel(self, request: Request) -> Response:
        found = self._desk.take_back(request.path_params["name"])
        return JSONResponse({"cancelled": found})

    async def forget(self, request: Request) -> Response:
        name = request.path_params["name"]
        self._clones.forget(name)
        for engine in {id(engine): engine for engine in self._engines.values()}.values():
            if forget := getattr(engine, "forget", None):
                await forget(name)
        return Response(status_code=204)

    async def _speech(self, request: Request) -> Any:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        data = await door.body_of(request, self._limits.body)
        return verbs.speech_of(data, kind, request.query_params.get("rate"))

    def _answer(
        self, request: Request, work: verbs.Work, *, framed: bool, after: Callable[[], None] | None = None
    ) -> Answer:
        terms = Terms(request.headers.get("sawtak-request", ""), _seconds(request), after or (lambda: None))
        return Answer(self._desk, work, terms, framed=framed)


def _seconds(request: Request) -> float | None:
    text = request.headers.get("sawtak-deadline")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise Impossible("bad-request", "wrong or missing: sawtak-deadline")
    return seconds


def _memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def _gpu_memory() -> int:
    """Bytes that torch holds on the GPU; 0 when there is no torch or no GPU. It imports nothing."""
    torch: Any = sys.modules.get("torch")
    return int(torch.cuda.memory_reserved()) if torch is not None and torch.cuda.is_initialized() else 0


async def _refused(_: Request, error: SawtakError) -> Response:
    return Refusal(error)


async def _unknown(_: Request, error: HTTPException) -> Response:
    return JSONResponse({"detail": "no such work here"}, error.status_code)


async def _gone(_: Request, error: ClientDisconnect) -> Response:
    del error
    return Response(status_code=400)
