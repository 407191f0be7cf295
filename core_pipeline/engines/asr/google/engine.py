"""Sends speech to Google, a minute at a time, and reads what was heard."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from core_pipeline.contracts.engines import Pcm, Transcript, Word
from core_pipeline.engines.asr.google import LOCALES, GoogleAsrConfig
from core_pipeline.engines.google_token import Token
from core_pipeline.engines.pieces import pieces
from core_pipeline.engines.vendor import object_of, whole
from core_pipeline.media.pcm import resample
from errors import Impossible, NeedsOwner

SAMPLE_RATE = 16_000
SHORTEST = 0.1  # seconds
LONGEST, SEARCHED = 55.0, 15.0  # seconds of a piece, and of its end where the cut is looked for
_VENDOR = "Google Speech"


class GoogleAsr:
    """One project at Google; keeps its access token."""

    def __init__(self, config: GoogleAsrConfig, http: httpx.AsyncClient) -> None:
        self._config, self._http = config, http
        self._token = Token(config.api_key, config.service_account)
        self._locales = LOCALES | config.locales

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`, which may be of any length.

        Raises Impossible for a language without a locale, NeedsOwner for missing or refused credentials, and what
        `vendor` says.
        """
        asked = (language,) if language else self._config.detect
        if missing := [one for one in asked if one not in self._locales]:
            raise Impossible("language", f"no Google locale is set for {', '.join(missing)}")
        heard: list[_Heard] = []
        for start, piece in pieces(resample(speech, SAMPLE_RATE), LONGEST, SEARCHED):
            if piece.seconds >= SHORTEST:
                heard += _results(await self._ask(piece, asked), start)
        text = " ".join(one.text for one in heard)
        words = tuple(word for one in heard for word in one.words)
        return Transcript(text, language or self._spoken(heard), _together(heard), words)

    async def close(self) -> None:
        """Release nothing: the network client belongs to the installation."""

    async def _ask(self, speech: Pcm, asked: tuple[str, ...]) -> dict[str, Any]:
        first, *others = (self._locales[one] for one in asked)
        config = {
            "encoding": "LINEAR16",
            "sampleRateHertz": speech.sample_rate,
            "languageCode": first,
            "enableWordTimeOffsets": True,
            "enableWordConfidence": True,
            "enableAutomaticPunctuation": True,
        }
        config |= {"alternativeLanguageCodes": others} if others else {}
        config |= {"model": self._config.model} if self._config.model else {}
        body = {"config": config, "audio": {"content": base64.b64encode(speech.data).decode()}}
        try:
            return await self._post(body)
        except NeedsOwner as error:
            if error.code == "vendor-denied":
                self._token.forget()  # the next request fetches a new one
            raise

    async def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        request = self._http.build_request(
            "POST",
            f"{self._config.base_url.rstrip('/')}/speech:recognize",
            headers=await self._token.headers(self._http),
            json=body,
            timeout=self._config.timeout,
        )
        return object_of(await whole(self._http, request, _VENDOR, seconds=self._config.timeout), _VENDOR)

    def _spoken(self, heard: list[_Heard]) -> str:
        """The language that Google names most, else the first that it chose from."""
        names = [one.locale.partition("-")[0].lower() for one in heard if one.locale]
        by_name = {locale.partition("-")[0].lower(): code for code, locale in self._locales.items()}
        known = [by_name[name] for name in names if name in by_name]
        return max(known, key=known.count) if known else self._config.detect[0]


class _Heard:
    """One result: a stretch of speech in one language; `trust` is None where Google gives none."""

    def __init__(self, best: dict[str, Any], locale: object, start: float) -> None:
        self.text = str(best.get("transcript") or "").strip()
        self.locale = locale if isinstance(locale, str) else ""
        trust = best.get("confidence")
        self.trust = float(trust) if isinstance(trust, int | float) and trust > 0 else None
        self.words = [_word(one, start) for one in _dicts(best.get("words"))]


def _results(answer: dict[str, Any], start: float) -> list[_Heard]:
    found = []
    for result in _dicts(answer.get("results")):
        best = _dicts(result.get("alternatives"))[:1]
        found += [_Heard(one, result.get("languageCode"), start) for one in best]
    return [one for one in found if one.text]


def _together(heard: list[_Heard]) -> float | None:
    """Weigh by words; 0.0 where nothing was heard, None where Google gave no confidence."""
    if not heard:
        return 0.0
    weighed = [(one.trust, len(one.text.split())) for one in heard if one.trust is not None]
    total = sum(count for _, count in weighed)
    return min(1.0, sum(trust * count for trust, count in weighed) / total) if total else None


def _word(found: dict[str, Any], start: float) -> Word:
    first, last = (start + _seconds(found.get(key)) for key in ("startTime", "endTime"))
    trust = found.get("confidence")
    sure = float(trust) if isinstance(trust, int | float) and 0 < trust <= 1 else None
    return Word(str(found.get("word") or ""), first, max(first, last), sure)


def _seconds(found: object) -> float:
    """Google writes durations as "1.300s", and leaves out zero."""
    try:
        return max(0.0, float(str(found).removesuffix("s")))
    except ValueError:
        return 0.0


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
