"""An emulator of Cloud Text-to-Speech, for tests and rehearsals: every word is a tone as long as its letters."""

from __future__ import annotations

import base64
import math
import re
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.google_token_emulator import API_KEY, EmulatedAccounts, google_error
from core_pipeline.engines.tts.google import GoogleTtsConfig
from core_pipeline.media.wav import wav

_VOICES = ("ar-XA-Wavenet-B", "en-US-Wavenet-D", "ar-XA-Chirp3-HD-Charon")
_SECONDS_PER_LETTER = 0.05
_PAUSE = 0.1
_MARKED = re.compile(r'<mark name="([^"]*)"/>([^<]*)')
_SSML = re.compile(r"<speak>(.*)</speak>", re.DOTALL)


class EmulatedSynthesis:
    """Knows one API key, one service account and three voices, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.faults, self.accounts = Faults(), EmulatedAccounts()
        self.asked: list[dict[str, Any]] = []

    @asynccontextmanager
    async def serving(self, *, service_account: bool = False) -> AsyncIterator[GoogleTtsConfig]:
        """Serve while the block lasts; gives a configuration that points here, by key or by service account."""
        routes = [
            Route("/v1/text:synthesize", self._synthesize, methods=["POST"]),
            Route("/v1beta1/text:synthesize", self._synthesize, methods=["POST"]),
            Route("/v1/voices", self._list),
            self.accounts.route,
        ]
        async with serving(self.faults.around(Starlette(routes=routes))) as url:
            who = {"service_account": self.accounts.service_account(url)} if service_account else {"api_key": API_KEY}
            yield GoogleTtsConfig.model_validate({"base_url": url, "timeout": 5.0} | who)

    async def _list(self, request: Request) -> Response:
        voices = [{"name": name, "languageCodes": [name[:5]], "naturalSampleRateHertz": 24000} for name in _VOICES]
        return self.accounts.denied(request) or JSONResponse({"voices": voices})

    async def _synthesize(self, request: Request) -> Response:
        denied = self.accounts.denied(request)
        if denied:
            return denied
        asked: dict[str, Any] = await request.json()
        self.asked.append(asked)
        voice, given = asked["voice"], asked["input"]
        if voice["name"] not in _VOICES or voice["languageCode"] != voice["name"][:5]:
            return google_error(400, "INVALID_ARGUMENT")
        inside = _SSML.fullmatch(given.get("ssml", ""))
        if "ssml" in given and (inside is None or "Chirp" in voice["name"]):
            return google_error(400, "INVALID_ARGUMENT")
        marked = _MARKED.findall(inside[1]) if inside else [("", given["text"])]
        return JSONResponse(_answer(marked, asked))


def _answer(marked: list[tuple[str, str]], asked: dict[str, Any]) -> dict[str, Any]:
    rate = asked["audioConfig"]["sampleRateHertz"]
    points, sound = [], array("h")
    for name, text in marked:
        points.append({"markName": name, "timeSeconds": len(sound) / rate})
        for word in unescape(text).split():
            seconds = len(word) * _SECONDS_PER_LETTER / asked["audioConfig"].get("speakingRate", 1.0)
            sound.extend(_tone(seconds, rate))
            sound.extend([0] * int(_PAUSE * rate))
    answer: dict[str, Any] = {"audioContent": base64.b64encode(wav(Pcm(sound.tobytes(), rate))).decode()}
    return answer | ({"timepoints": points} if "enableTimePointing" in asked else {})


def _tone(seconds: float, rate: int) -> list[int]:
    step = 2 * math.pi * 200.0 / rate
    return [int(8_000 * math.sin(step * place)) for place in range(int(seconds * rate))]
