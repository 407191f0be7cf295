"""Sends speech to a server that speaks OpenAI's protocol, and reads what it heard."""

from __future__ import annotations

from typing import Any

import httpx

from core_pipeline.contracts.engines import Pcm, Transcript, Word
from core_pipeline.engines.asr.openai_compatible import OpenAiAsrConfig
from core_pipeline.engines.vendor import bearer, host_of, object_of, whole
from core_pipeline.engines.whisper import LANGUAGES, code_of, confidence
from core_pipeline.media.pcm import resample
from core_pipeline.media.wav import wav
from errors import Impossible, NeedsOwner

SAMPLE_RATE = 16_000
SHORTEST = 0.1  # seconds; OpenAI refuses less
_VERBOSE = {"response_format": "verbose_json", "timestamp_granularities[]": ["segment", "word"]}
_PLAIN = {"response_format": "json"}


class OpenAiAsr:
    """One server with one model; nothing is kept between requests but whether it tells word times."""

    def __init__(self, config: OpenAiAsrConfig, http: httpx.AsyncClient) -> None:
        self._config, self._http = config, http
        self._vendor = host_of(config.base_url)
        self._verbose = True

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`.

        Raises Impossible for a language that Whisper doesn't know or speech that is too long, and what `vendor` says.
        """
        if language is not None and language not in LANGUAGES:
            raise Impossible("language", f"Whisper does not hear {language}")
        if speech.seconds > self._config.longest_seconds:
            raise Impossible("too-long", f"{speech.seconds:.0f} s of speech")
        if speech.seconds < SHORTEST:
            return Transcript("", language or self._config.language, 0.0)
        return self._read(await self._ask(wav(resample(speech, SAMPLE_RATE)), language), language)

    async def probe(self) -> None:
        """Raise why it can't be used now: asks for the list of models, which costs nothing."""
        request = self._http.build_request("GET", self._url("models"), headers=bearer(self._config.api_key))
        try:
            answer = object_of(await whole(self._http, request, self._vendor, seconds=10.0), self._vendor)
        except NeedsOwner as error:
            if error.code == "vendor-lacks":
                return  # some servers list no models
            raise
        models = [model.get("id") for model in _dicts(answer.get("data"))]
        if models and self._config.model not in models:
            raise NeedsOwner("vendor-lacks", f"{self._vendor} has no model {self._config.model}; choose another")

    async def close(self) -> None:
        """Release nothing: the network client belongs to the installation."""

    async def _ask(self, file: bytes, language: str | None) -> dict[str, Any]:
        if not self._verbose:
            return await self._post(file, language, _PLAIN)
        try:
            return await self._post(file, language, _VERBOSE)
        except Impossible:
            answer = await self._post(file, language, _PLAIN)
            self._verbose = False  # it was the form that it refused, not the speech
            return answer

    async def _post(self, file: bytes, language: str | None, form: dict[str, Any]) -> dict[str, Any]:
        request = self._http.build_request(
            "POST",
            self._url("audio/transcriptions"),
            headers=bearer(self._config.api_key),
            data={"model": self._config.model, "temperature": "0"}
            | form
            | ({"language": language} if language else {}),
            files={"file": ("speech.wav", file, "audio/wav")},
            timeout=self._config.timeout,
        )
        return object_of(await whole(self._http, request, self._vendor, seconds=self._config.timeout), self._vendor)

    def _read(self, answer: dict[str, Any], language: str | None) -> Transcript:
        said = answer.get("language")
        known = code_of(said) if isinstance(said, str) else None
        text = str(answer.get("text") or "").strip()
        trust = _confidence(_dicts(answer.get("segments"))) if text else 0.0
        return Transcript(text, language or known or self._config.language, trust, _words(_dicts(answer.get("words"))))

    def _url(self, path: str) -> str:
        return f"{self._config.base_url.rstrip('/')}/{path}"


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _words(found: list[dict[str, Any]]) -> tuple[Word, ...]:
    words = []
    for one in found:
        start, end = _number(one.get("start")), _number(one.get("end"))
        text = str(one.get("word") or "").strip()
        if text and start is not None and end is not None:
            words.append(Word(text, start, max(start, end)))
    return tuple(words)


def _confidence(segments: list[dict[str, Any]]) -> float | None:
    """Weigh the segments by their length; None where the server tells no probabilities."""
    weighed = []
    for one in segments:
        sure, start, end = (_number(one.get(key)) for key in ("avg_logprob", "start", "end"))
        if sure is not None:
            seconds = max(0.01, (end or 0.0) - (start or 0.0))
            weighed.append((confidence(sure, _number(one.get("no_speech_prob")) or 0.0), seconds))
    total = sum(seconds for _, seconds in weighed)
    return sum(value * seconds for value, seconds in weighed) / total if weighed else None


def _number(found: object) -> float | None:
    return float(found) if isinstance(found, int | float) else None
