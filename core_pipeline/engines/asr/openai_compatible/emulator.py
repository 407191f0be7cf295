"""An emulator of OpenAI's transcription endpoint, for tests and rehearsals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.asr.openai_compatible import OpenAiAsrConfig
from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.whisper import NAMES
from core_pipeline.media.wav import unpacked

_LOUD = 300  # of 32,768: what is not silence
_KEY = "emulated-key"


class EmulatedTranscriptions:
    """Knows one key and one model, hears `says` in every sound that is not silence, and keeps the forms it got."""

    def __init__(self, says: str = "أهلا وسهلا بكم", *, model: str = "whisper-1", verbose: bool = True) -> None:
        self.says, self.model, self.verbose = says, model, verbose
        self.faults = Faults()
        self.forms: list[dict[str, list[str]]] = []
        self.heard: list[Pcm] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[OpenAiAsrConfig]:
        """Serve while the block lasts; gives the configuration that points here."""
        routes = [
            Route("/v1/audio/transcriptions", self._transcribe, methods=["POST"]),
            Route("/v1/models", self._models),
        ]
        async with serving(self.faults.around(Starlette(routes=routes))) as url:
            yield OpenAiAsrConfig.model_validate(
                {"base_url": f"{url}/v1", "api_key": _KEY, "model": self.model, "timeout": 5.0}
            )

    async def _models(self, request: Request) -> Response:
        data = [{"id": self.model, "object": "model", "owned_by": "emulator"}]
        return _denied(request) or JSONResponse({"object": "list", "data": data})

    async def _transcribe(self, request: Request) -> Response:
        denied = _denied(request)
        if denied:
            return denied
        async with request.form() as form:
            given = {key: [str(one) for one in form.getlist(key)] for key in form if key != "file"}
            file = form["file"]
            data = b"" if isinstance(file, str) else await file.read()
        self.forms.append(given)
        if given.get("model") != [self.model]:
            return _error(404, "invalid_request_error", "model_not_found")
        if given.get("response_format") == ["verbose_json"] and not self.verbose:
            return _error(400, "invalid_request_error", "unsupported_value")
        try:
            speech = unpacked(data)
        except ValueError:
            return _error(400, "invalid_request_error", "invalid_file")
        self.heard.append(speech)
        return JSONResponse(self._answer(speech, given))

    def _answer(self, speech: Pcm, form: dict[str, list[str]]) -> dict[str, object]:
        said = self.says.split() if _loudest(speech) > _LOUD else []
        if form.get("response_format") != ["verbose_json"]:
            return {"text": " ".join(said)}
        each = speech.seconds / max(1, len(said))
        segment = {"id": 0, "start": 0.0, "end": speech.seconds, "avg_logprob": -0.2, "no_speech_prob": 0.02}
        return {
            "task": "transcribe",
            "language": NAMES[form.get("language", ["ar"])[0]],
            "duration": speech.seconds,
            "text": " ".join(said),
            "words": [{"word": word, "start": i * each, "end": (i + 1) * each} for i, word in enumerate(said)],
            "segments": [segment] if said else [],
        }


def _loudest(speech: Pcm) -> int:
    return max((abs(sample) for sample in memoryview(speech.data).cast("h")), default=0)


def _denied(request: Request) -> Response | None:
    if request.headers.get("authorization") == f"Bearer {_KEY}":
        return None
    return _error(401, "invalid_request_error", "invalid_api_key")


def _error(status: int, kind: str, code: str) -> Response:
    # Like the real one, the message repeats what it was sent.
    message = f"Incorrect request: {_KEY}"
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
