"""Asks a server that speaks OpenAI's protocol for speech, and passes it on as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx

from core_pipeline.contracts.engines import Pcm, Saying, Speech
from core_pipeline.engines.cloning import refuse_clone
from core_pipeline.engines.tts.openai_compatible import OpenAiTtsConfig
from core_pipeline.engines.tts.openai_compatible.wave_stream import Waves
from core_pipeline.engines.vendor import answering, bearer, host_of, object_of, whole
from errors import Impossible, NeedsOwner, Retryable

_SLOWEST, _FASTEST = 0.25, 4.0
_PART = 4_800  # bytes: a tenth of a second at 24 kHz
_NO_SAMPLES = ("application/json", "text/", "audio/mpeg", "audio/ogg", "audio/aac", "audio/flac")


class OpenAiTts:
    """One server with one model; nothing is kept between sayings."""

    def __init__(self, config: OpenAiTtsConfig, http: httpx.AsyncClient) -> None:
        self._config, self._http = config, http
        self._vendor = host_of(config.base_url)

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text as it comes; nothing when there is nothing to say. No words are timed.

        Raises Impossible for a language without a voice, a voice to clone or a text that is too long, and what
        `vendor` says.
        """
        asked = self._asked(saying)
        if not saying.text.strip():
            return
        request = self._http.build_request(
            "POST", self._url("audio/speech"), headers=bearer(self._config.api_key), json=asked,
            timeout=self._config.timeout,
        )  # fmt: skip
        async with answering(self._http, request, self._vendor) as response:
            self._check(response)
            async with aclosing(self._parts(response)) as parts:
                async for part in parts:
                    yield part

    async def probe(self) -> None:
        """Raise why it can't be used now: asks for the list of models, which costs nothing."""
        request = self._http.build_request("GET", self._url("models"), headers=bearer(self._config.api_key))
        try:
            listed = object_of(await whole(self._http, request, self._vendor, seconds=10.0), self._vendor).get("data")
        except NeedsOwner as error:
            if error.code == "vendor-lacks":
                return  # some servers list no models
            raise
        models = [model.get("id") for model in listed if isinstance(model, dict)] if isinstance(listed, list) else []
        if models and self._config.model not in models:
            raise NeedsOwner("vendor-lacks", f"{self._vendor} has no model {self._config.model}; choose another")

    async def close(self) -> None:
        """Release nothing: the network client belongs to the installation."""

    async def _parts(self, response: httpx.Response) -> AsyncGenerator[Speech]:
        waves, given = Waves(self._config.sample_rate), 0
        try:
            async for piece in response.aiter_bytes(_PART):
                if data := waves.feed(piece):
                    given += len(data)
                    yield Speech(Pcm(data, waves.sample_rate))
        except ValueError as error:
            raise NeedsOwner("vendor-lacks", f"{self._vendor} does not give mono 16-bit sound: {error}") from None
        if not given:
            raise Retryable("vendor-garbled", f"{self._vendor} answered without sound")

    def _check(self, response: httpx.Response) -> None:
        kind = response.headers.get("content-type", "")
        if kind.startswith(_NO_SAMPLES):
            detail = f"{self._vendor} answers with {kind.partition(';')[0]}, not {self._config.format}"
            raise NeedsOwner("vendor-lacks", f"{detail}: choose a server that gives pcm or wav")

    def _asked(self, saying: Saying) -> dict[str, Any]:
        refuse_clone(saying, "openai_compatible")
        config = self._config
        if saying.language not in config.voices:
            able = ", ".join(sorted(config.voices))
            raise Impossible("language", f"no voice is set for {saying.language}; these are: {able}")
        if len(saying.text) > config.longest_text:
            raise Impossible("text-too-long", f"{len(saying.text)} characters")
        asked: dict[str, Any] = {
            "model": config.model,
            "input": saying.text,
            "voice": saying.voice or config.voices[saying.language],
            "response_format": config.format,
        }
        if saying.rate != 1.0:
            asked["speed"] = round(min(_FASTEST, max(_SLOWEST, saying.rate)), 2)
        return asked | ({"instructions": config.instructions} if config.instructions else {})

    def _url(self, path: str) -> str:
        return f"{self._config.base_url.rstrip('/')}/{path}"
