"""An emulator of OpenAI's speech endpoint, for tests and rehearsals: it hums a tone for as long as the text is."""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.tts.openai_compatible import OpenAiTtsConfig
from core_pipeline.media.wav import wav

SAMPLE_RATE = 24_000
SECONDS_PER_CHARACTER = 0.06
_HERTZ = {"nova": 220.0, "onyx": 110.0}
_KEY = "emulated-key"
_PIECE = 3_001  # odd, so that samples are cut in two


class EmulatedSpeech:
    """Knows one key, one model and two voices, and keeps what it was asked for."""

    def __init__(self, model: str = "tts-1", *, always_wav: bool = False) -> None:
        self.model, self._always_wav = model, always_wav
        self.faults = Faults()
        self.asked: list[dict[str, Any]] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[OpenAiTtsConfig]:
        """Serve while the block lasts; gives the configuration that points here."""
        routes = [Route("/v1/audio/speech", self._speak, methods=["POST"]), Route("/v1/models", self._models)]
        async with serving(self.faults.around(Starlette(routes=routes))) as url:
            yield OpenAiTtsConfig.model_validate({"base_url": f"{url}/v1", "api_key": _KEY, "timeout": 5.0})

    async def _models(self, request: Request) -> Response:
        data = [{"id": self.model, "object": "model", "owned_by": "emulator"}]
        return _denied(request) or JSONResponse({"object": "list", "data": data})

    async def _speak(self, request: Request) -> Response:
        denied = _denied(request)
        if denied:
            return denied
        asked: dict[str, Any] = await request.json()
        self.asked.append(asked)
        if asked.get("model") != self.model:
            return _error(404, "model_not_found")
        hertz = _HERTZ.get(str(asked.get("voice")))
        if hertz is None or not str(asked.get("input")).strip():
            return _error(400, "invalid_value")
        pcm = tone(len(asked["input"]) * SECONDS_PER_CHARACTER / asked.get("speed", 1.0), hertz)
        if asked.get("response_format") == "wav" or self._always_wav:
            return StreamingResponse(_pieces(wav(pcm)), media_type="audio/wav")
        return StreamingResponse(_pieces(pcm.data), media_type="audio/pcm")


def tone(seconds: float, hertz: float) -> Pcm:
    """Return a tone at the emulator's sample rate."""
    step = 2 * math.pi * hertz / SAMPLE_RATE
    samples = array("h", (int(8_000 * math.sin(step * place)) for place in range(int(seconds * SAMPLE_RATE))))
    return Pcm(samples.tobytes(), SAMPLE_RATE)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]


def _denied(request: Request) -> Response | None:
    return None if request.headers.get("authorization") == f"Bearer {_KEY}" else _error(401, "invalid_api_key")


def _error(status: int, code: str) -> Response:
    # Like the real one, the message repeats what it was sent.
    error = {"message": f"Incorrect request: {_KEY}", "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": error}, status)
