"""Has D-ID make a portrait talk: files up, a talk ordered, asked for until done, the film down, all deleted."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from time import monotonic
from typing import Any

import httpx

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Emotion, Face, Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.vendor import translated
from core_pipeline.engines.video.did import DidConfig
from core_pipeline.engines.video.did.api import DidApi, Sent, moderated
from core_pipeline.media.pcm import resample
from core_pipeline.media.wav import wav
from errors import Impossible, NeedsOwner, Retryable, SawtakError

log = logging.getLogger(__name__)

PORTRAIT = "portrait.png"
SAMPLE_RATE = 16_000  # at which the vendor keeps sounds anyway
MOST_SOUND = 6_000_000
MOST_PORTRAIT = 10_000_000
_GROWTH, _LONGEST = 1.5, 10.0
_TIDYING_SECONDS = 10.0
_KIND = re.compile(r"[A-Za-z]{1,60}")
# The vendor knows four expressions.
_EXPRESSIONS: dict[Emotion, tuple[str, float]] = {
    "happy": ("happy", 0.8),
    "thankful": ("happy", 0.5),
    "sad": ("serious", 0.6),
    "worried": ("serious", 0.4),
    "angry": ("serious", 1.0),
}


class DidVideo:
    """One account; nothing is kept between scenes, neither here nor there."""

    def __init__(self, config: DidConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        self._api = DidApi(http, config.base_url, config.api_key, config.silence)

    async def animate(self, scene: Scene) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the film as the vendor made it: of its own size, with sound; a stranger's bytes.

        Raises Impossible for a face without a portrait, what is too large and what the vendor's moderation refuses,
        and what `vendor` says.
        """
        portrait, sound = _portrait(scene.face), _sound(scene.speech)
        async with self._tidied() as sent:
            image = await _noted(sent, self._api.upload("images", "image", ("portrait.png", portrait, "image/png")))
            audio = await _noted(sent, self._api.upload("audios", "audio", ("speech.wav", sound, "audio/wav")))
            talk = await _noted(sent, self._api.begin(self._order(scene, image, audio)))
            yield Progress("D-ID", 0, scene.frames)
            url = await self._done(talk)
            async with aclosing(self._api.film(url, self._config.most_bytes)) as parts:
                async for part in parts:
                    yield part

    async def probe(self) -> None:
        """Raise why it can't be used now: asks for the account's credits, which costs none."""
        if await self._api.credits() <= 0:
            raise NeedsOwner("vendor-unpaid", f"{self._api.vendor}: the account has no credits left")

    async def close(self) -> None:
        """Release nothing: the network client belongs to the installation."""

    def _order(self, scene: Scene, image: Sent, audio: Sent) -> dict[str, Any]:
        config: dict[str, Any] = {"stitch": self._config.stitch, "result_format": "mp4"}
        if self._config.expressive and scene.emotion in _EXPRESSIONS:
            expression, intensity = _EXPRESSIONS[scene.emotion]
            shown = {"start_frame": 0, "expression": expression, "intensity": intensity}
            config["driver_expressions"] = {"expressions": [shown]}
        script = {"type": "audio", "audio_url": audio.url}
        return {"source_url": image.url, "script": script, "config": config}

    async def _done(self, talk: Sent) -> str:
        """Ask with growing waits until the film is there; its address. What fails now and then is asked again."""
        wait, until = self._config.first_wait, monotonic() + self._config.timeout
        while monotonic() + wait < until:
            await asyncio.sleep(wait)
            wait = min(wait * _GROWTH, self._config.first_wait * _LONGEST)
            try:
                state = await self._api.state(talk)
            except Retryable as error:
                # The film is paid for already, and the vendor may answer again.
                wait = max(wait, error.after)
                continue
            if url := _finished(state, self._api.vendor):
                return url
        raise Retryable("vendor-slow", f"{self._api.vendor} made no film within {self._config.timeout:g} seconds")

    @asynccontextmanager
    async def _tidied(self) -> AsyncIterator[list[Sent]]:
        """Delete what the block sent, whatever way it is left: a face and a voice stay with nobody."""
        sent: list[Sent] = []
        try:
            yield sent
        finally:
            await asyncio.gather(*(self._dropped(one) for one in reversed(sent)))

    async def _dropped(self, one: Sent) -> None:
        try:
            with translated(self._api.vendor):
                async with asyncio.timeout(_TIDYING_SECONDS):
                    await self._api.drop(one)
        except SawtakError as error:
            log.warning("what was sent to %s could not be deleted there (%s)", self._api.vendor, error.code)


async def _noted(sent: list[Sent], asking: Coroutine[Any, Any, Sent]) -> Sent:
    """Note what was sent, also when nobody waits for it any more: what we don't know the name of can't be deleted."""
    asked = asyncio.ensure_future(asking)
    asked.add_done_callback(lambda done: sent.append(done.result()) if _went_well(done) else None)
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        await asyncio.wait([asked], timeout=_TIDYING_SECONDS)
        asked.cancel()
        raise


def _went_well(done: asyncio.Future[Any]) -> bool:
    return not done.cancelled() and done.exception() is None


def _finished(state: dict[str, Any], vendor: str) -> str | None:
    """The film's address, None while it is in the making; raises what became of it otherwise."""
    status = state.get("status")
    if status == "rejected":
        raise moderated(vendor)
    if status == "error":
        raise _failure(state.get("error"), vendor)
    if status != "done":
        return None
    url = state.get("result_url")
    if not isinstance(url, str) or not url:
        raise Retryable("vendor-garbled", f"{vendor} finished a film and named no address")
    return url


def _failure(told: object, vendor: str) -> SawtakError:
    """What the vendor's word on a failed film means; only its kind gets into ours, its description may quote us."""
    kind = told.get("kind") if isinstance(told, dict) else None
    name = kind if isinstance(kind, str) and _KIND.fullmatch(kind) else "unknown"
    if "Moderation" in name or "Celebrity" in name:
        return moderated(vendor)
    if "Face" in name or "Image" in name or "Validation" in name:
        return Impossible("vendor-refused", f"{vendor} can't animate this portrait ({name}): take another picture")
    return Retryable("vendor-down", f"{vendor} failed to make the film ({name})")


def _portrait(face: Face) -> bytes:
    portrait = face.files.get(PORTRAIT) if face.kind == "photo" else None
    if not portrait:
        raise Impossible("face-kind", f"D-ID animates photo avatars with a {PORTRAIT}")
    if len(portrait) > MOST_PORTRAIT:
        raise Impossible("portrait-too-large", f"more than {MOST_PORTRAIT} bytes")
    return portrait


def _sound(speech: Pcm) -> bytes:
    sound = wav(resample(speech, SAMPLE_RATE))
    if len(sound) > MOST_SOUND:
        raise Impossible("speech-too-long", f"more than {MOST_SOUND // SAMPLE_RATE // 2} seconds at a time")
    return sound
