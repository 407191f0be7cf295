"""Asks Google for speech sentence by sentence, with the times of the words where they are wanted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from math import log2
from typing import Any

import httpx

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.contracts.engines import Pcm, Saying, Speech
from core_pipeline.engines.cloning import refuse_clone
from core_pipeline.engines.google_token import Token
from core_pipeline.engines.tts.google import GoogleTtsConfig
from core_pipeline.engines.tts.google.marked import spoken, ssml
from core_pipeline.engines.vendor import object_of, whole
from core_pipeline.media.wav import unpacked
from errors import Impossible, NeedsOwner, Retryable

_VENDOR = "google"
_SLOWEST, _FASTEST = 0.25, 2.0
_LOWEST, _HIGHEST = -20.0, 20.0  # semitones
_SEMITONES = 12
_UNMARKED = ("Chirp", "Journey", "Studio", "Polyglot")  # families of voices that take no marks


class GoogleTts:
    """One account; each sentence is a request of its own, so that the first is heard before the last is made."""

    def __init__(self, config: GoogleTtsConfig, http: httpx.AsyncClient) -> None:
        self._config, self._http = config, http
        self._token = Token(config.api_key, config.service_account)

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text sentence by sentence, words timed when asked for and the voice takes marks.

        Raises Impossible for a language without a voice, a voice to clone or a text that is too long, and what
        `vendor` and `google_token` say.
        """
        voice = self._voice(saying)
        offset = 0.0
        for sentence in _sentences(saying.text):
            answer = await self._ask("POST", *self._asked(sentence, saying, voice))
            pcm = _sound(answer)
            words = spoken(sentence, answer.get("timepoints"), offset, pcm.seconds) if saying.timed else ()
            yield Speech(pcm, words)
            offset += pcm.seconds

    async def probe(self) -> None:
        """Raise why it can't be used now: asks which voices there are, which costs nothing."""
        answer = await self._ask("GET", "v1/voices")
        listed = answer.get("voices")
        there = {one.get("name") for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set()
        absent = sorted(set(self._config.voices.values()) - there)
        if absent:
            raise NeedsOwner("vendor-lacks", f"google has no voice {', '.join(absent)}; choose another")

    async def close(self) -> None:
        """Release nothing: the network client belongs to the installation."""

    def _voice(self, saying: Saying) -> str:
        refuse_clone(saying, "google")
        if saying.language not in self._config.voices:
            able = ", ".join(sorted(self._config.voices))
            raise Impossible("language", f"no voice is set for {saying.language}; these are: {able}")
        if len(saying.text) > self._config.longest_text:
            raise Impossible("text-too-long", f"{len(saying.text)} characters")
        voice = saying.voice or self._config.voices[saying.language]
        if not voice.isascii() or voice.count("-") < 2:
            raise NeedsOwner("unknown-voice", "a voice of Google's is named like ar-XA-Wavenet-B")
        if saying.voice and voice.partition("-")[0] != saying.language:
            own = self._config.voices[saying.language]
            raise Impossible("language", f"{voice} does not speak {saying.language}; {own} does")
        return voice

    def _asked(self, words: list[str], saying: Saying, voice: str) -> tuple[str, dict[str, Any]]:
        """Return the path and the body of the request for one sentence."""
        manner: dict[str, Any] = {"audioEncoding": "LINEAR16", "sampleRateHertz": self._config.sample_rate}
        if saying.rate != 1.0:
            manner["speakingRate"] = round(min(_FASTEST, max(_SLOWEST, saying.rate)), 2)
        if saying.pitch != 1.0:  # some voices refuse any pitch, so none is sent where none is wanted
            manner["pitch"] = round(min(_HIGHEST, max(_LOWEST, _SEMITONES * log2(max(0.1, saying.pitch)))), 1)
        code = "-".join(voice.split("-")[:2])
        body: dict[str, Any] = {"voice": {"languageCode": code, "name": voice}, "audioConfig": manner}
        if saying.timed and not any(family in voice for family in _UNMARKED):
            return "v1beta1/text:synthesize", body | {
                "input": {"ssml": ssml(words)},
                "enableTimePointing": ["SSML_MARK"],
            }
        return "v1/text:synthesize", body | {"input": {"text": " ".join(words)}}

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = await self._token.headers(self._http)
        url = f"{self._config.base_url.rstrip('/')}/{path}"
        request = self._http.build_request(method, url, headers=headers, json=body, timeout=self._config.timeout)
        try:
            return object_of(await whole(self._http, request, _VENDOR, seconds=self._config.timeout), _VENDOR)
        except NeedsOwner as error:
            if error.code == "vendor-denied":
                self._token.forget()
            raise


def _sentences(text: str) -> list[list[str]]:
    cutter = Sentences()
    cut = [sentence.split() for sentence in cutter.feed(text) + cutter.flush()]
    return [words for words in cut if any(sign.isalnum() for word in words for sign in word)]


def _sound(answer: dict[str, Any]) -> Pcm:
    try:
        return unpacked(base64.b64decode(answer["audioContent"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise Retryable("vendor-garbled", "google answered without sound") from None
