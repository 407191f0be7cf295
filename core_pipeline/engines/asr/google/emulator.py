"""An emulator of Google's speech server, for tests and rehearsals."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core_pipeline.engines.asr.google import GoogleAsrConfig
from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.google_token_emulator import API_KEY, EmulatedAccounts, google_error

_MOST_BYTES = 60 * 16_000 * 2
_LOUD = 300  # of 32,768: what is not silence


class EmulatedSpeech:
    """Hears `says` in every sound that is not silence, for a known key or service account; keeps what it was asked.

    It answers in the first language that it is asked for, or in `speaks` if that is among those to choose from.
    """

    def __init__(self, says: str = "أهلا وسهلا بكم", *, speaks: str = "") -> None:
        self.says, self.speaks = says, speaks
        self.faults, self.accounts = Faults(), EmulatedAccounts()
        self.asked: list[dict[str, Any]] = []

    @asynccontextmanager
    async def serving(self, *, with_account: bool = False) -> AsyncIterator[GoogleAsrConfig]:
        """Serve while the block lasts; gives the configuration that points here, with a key or a service account."""
        routes = [Route("/v1/speech:recognize", self._recognize, methods=["POST"]), self.accounts.route]
        async with serving(self.faults.around(Starlette(routes=routes))) as url:
            proof = {"service_account": self.accounts.service_account(url)} if with_account else {"api_key": API_KEY}
            yield GoogleAsrConfig.model_validate({"base_url": f"{url}/v1", "timeout": 5.0, **proof})

    async def _recognize(self, request: Request) -> Response:
        if refusal := self.accounts.denied(request):
            return refusal
        asked = json.loads(await request.body())
        sound = base64.b64decode(asked["audio"]["content"])
        if len(sound) > _MOST_BYTES:
            return google_error(400, "INVALID_ARGUMENT")
        self.asked.append(asked["config"])
        return JSONResponse({**self._answer(sound, asked["config"]), "totalBilledTime": "15s", "requestId": "1"})

    def _answer(self, sound: bytes, config: dict[str, Any]) -> dict[str, Any]:
        if max((abs(sample) for sample in memoryview(sound).cast("h")), default=0) <= _LOUD:
            return {}
        said, seconds = self.says.split(), len(sound) / 2 / config["sampleRateHertz"]
        each = seconds / len(said)
        words = [
            {"startTime": f"{i * each:.3f}s", "endTime": f"{(i + 1) * each:.3f}s", "word": word, "confidence": 0.9}
            for i, word in enumerate(said)
        ]
        offered = [config["languageCode"], *config.get("alternativeLanguageCodes", [])]
        locale = self.speaks if self.speaks in offered else offered[0]
        best = {"transcript": f" {self.says}", "confidence": 0.91, "words": words}
        return {"results": [{"alternatives": [best], "languageCode": locale.lower()}]}
