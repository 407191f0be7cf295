"""Speaking while the rest is still being thought: sentence by sentence, in order, in one voice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.pronouncing import AS_WRITTEN, Pronouncing
from core_pipeline.arabic.speakable import speakable
from core_pipeline.cloning.use import keep_render
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import join
from core_pipeline.media.peaks import peaks_of
from core_pipeline.thinking.pronouncing import pronouncing_of
from core_pipeline.thinking.voices import voice_of
from errors import Impossible, NeedsOwner, Retryable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.channel import Limits
    from core_pipeline.contracts.engines import Speech
    from core_pipeline.engines.router import For
    from core_pipeline.engines.wrap.fallback import FallbackTts
    from core_pipeline.engines.wrap.voiced import Voice
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.filming import Filming
    from tenants.policy import Policy


@dataclass(frozen=True)
class Script:
    """How an answer is spoken: in which language and voice (`choice` as the tenant made it), for which network.

    `own` is how the tenant's own words are pronounced.
    """

    language: str
    choice: str
    voice: Voice | None
    limits: Limits
    own: Pronouncing = AS_WRITTEN


async def script_of(deps: Deps, here: Here, policy: Policy, language: str) -> Script:
    """How this tenant's answers are spoken on this line, as of now."""
    limits = (await deps.lines.line(here.account_id)).limits
    voice = await voice_of(deps.db, deps.blobs, here.tenant_id, policy, language)
    own = await pronouncing_of(deps.db, here.tenant_id, language)
    return Script(language, policy.voice.get(language) or "", voice, limits, own)


class Speaking:
    """Speaks sentences in the background as they are said; `first_audio` is when the first sound was there.

    With `filming` each sentence is handed on to it as soon as it is spoken.
    """

    def __init__(self, deps: Deps, here: Here, order: For, script: Script, filming: Filming | None = None) -> None:
        self._deps, self._here, self._order, self._script = deps, here, order, script
        self._filming = filming
        self._said: asyncio.Queue[str | None] = asyncio.Queue()
        self._parts: list[Pcm] = []
        self.first_audio: float | None = None
        self._task = asyncio.create_task(self._run())

    def say(self, sentence: str) -> None:
        """Speak this after what was said before."""
        self._said.put_nowait(sentence)

    async def finish(self) -> dict[str, Any]:
        """Wait for the last word and keep the note: see `kept`; raises why it could not be spoken."""
        await self.spoken()
        return await kept(self._deps, self._here, self._order, self._script, self._parts)

    async def spoken(self) -> None:
        """Wait for the last word; raises why it could not be spoken."""
        self._said.put_nowait(None)
        await self._task

    async def abandon(self) -> None:
        """Say no more; what was spoken is dropped."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        engine = await self._deps.engines.tts(self._script.language, self._order, self._script.voice)
        voice: object = None
        while (sentence := await self._said.get()) is not None:
            async with self._deps.gate.hold(self._here.tenant_id):
                await self._speak(engine, sentence)
            served = getattr(engine, "served", None)
            if voice is not None and voice is not served:
                raise Retryable("voice-changed", "another engine took over in the middle; the note is spoken anew")
            voice = served
        if self._filming is not None:
            self._filming.over()

    async def _speak(self, engine: FallbackTts | Any, sentence: str) -> None:
        with self._order.ledger.timed("speakable"):
            language = self._script.language
            words = speakable(sentence, language, self._script.own)
        spoken: list[Speech] = []
        async with flowing(engine.speak(Saying(words, language, timed=self._filming is not None))) as parts:
            async for part in parts:
                self.first_audio = self.first_audio or perf_counter()
                spoken.append(part)
        self._parts += [part.pcm for part in spoken]
        if self._filming is not None:
            self._filming.add(sentence, spoken)


async def noted(deps: Deps, here: Here, script: Script, blob: str) -> None:
    """Note a recording in a voice by example, which goes when the voice is revoked; `Retryable` if it just was."""
    if script.voice is None or script.voice.clone is None:
        return
    try:
        await keep_render(deps.db, deps.blobs, here.tenant_id, script.voice.clone.id, blob)
    except NeedsOwner as error:
        raise Retryable(error.code, "the voice was revoked; another one speaks the answer") from error


async def kept(deps: Deps, here: Here, order: For, script: Script, parts: Sequence[Pcm]) -> dict[str, Any]:
    """Encode speech as this channel's voice note into our store: {"blob", "mime", "seconds", "fits", "peaks"}.

    Raises `Impossible("no-words")` when there is nothing to hear: then the text itself has to do.
    """
    if not parts:
        raise Impossible("no-words", "there is nothing in this answer that can be spoken")
    limits, whole = script.limits, join(parts)
    async with deps.gate.hold(here.tenant_id):
        with order.ledger.timed("encode"):
            data = await encode_voice(whole, limits.voice)
    blob = await deps.blobs.put(here.tenant_id, "spoken", data)
    await noted(deps, here, script, blob)
    shown = {"seconds": round(whole.seconds, 2), "peaks": peaks_of(whole)}
    return {"blob": blob, "mime": limits.voice.mime, "fits": len(data) <= limits.voice_bytes, **shown}
