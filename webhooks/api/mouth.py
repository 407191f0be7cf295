"""Speaking a text for a caller: in the voice that they name or the tenant has chosen, into our store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.arabic.speakable import speakable
from core_pipeline.cloning.use import keep_render
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import join
from core_pipeline.thinking.pronouncing import pronouncing_of
from core_pipeline.thinking.voices import voice_named, voice_of
from errors import Impossible, Retryable
from webhooks.api.desk import bills

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Tts
    from core_pipeline.engines.router import For
    from core_pipeline.engines.wrap.voiced import Voice
    from webhooks.api.access import Caller
    from webhooks.api.desk import Desk


@dataclass(frozen=True)
class Mouth:
    """Speaks for one caller."""

    desk: Desk
    caller: Caller

    async def speak(self, text: str, language: str, choice: str | None) -> dict[str, Any]:
        """The sound as {"blob", "mime", "seconds", "language", "usage"}; `Impossible` for what can't be spoken so."""
        needs, tenant_id = self.desk.needs, self.caller.tenant_id
        voice = await self._voice(choice, language)
        fmt = self.desk.accounts.spec.limits.voice
        async with self.desk.metered(self.caller, "speak") as order:
            parts = await self._spoken(text, language, voice, order)
            async with needs.gate.hold(tenant_id):
                with order.ledger.timed("encode"):
                    data = await encode_voice(join(parts), fmt)
        blob = await needs.blobs.put(tenant_id, "spoken", data)
        if voice is not None and voice.clone is not None:
            await keep_render(needs.db, needs.blobs, tenant_id, voice.clone.id, blob)
        seconds = round(sum(part.seconds for part in parts), 2)
        usage = [bill.model_dump() for bill in bills(order)]
        return {"blob": blob, "mime": fmt.mime, "seconds": seconds, "language": language, "usage": usage}

    async def _spoken(self, text: str, language: str, voice: Voice | None, order: For) -> list[Pcm]:
        engine, sentences = await self.desk.needs.engines.tts(language, order, voice), Sentences()
        own = await pronouncing_of(self.desk.needs.db, self.caller.tenant_id, language)
        parts: list[Pcm] = []
        served: object = None
        for sentence in [*sentences.feed(f"{text} "), *sentences.flush()]:
            async with self.desk.needs.gate.hold(self.caller.tenant_id):
                parts += await _said(engine, Saying(speakable(sentence, language, own), language))
            now = getattr(engine, "served", None)
            if served is not None and now is not served:
                raise Retryable("voice-changed", "another engine took over in the middle", after=1.0)
            served = now
        if not parts:
            raise Impossible("no-words", "there is nothing in this text that can be spoken")
        return parts

    async def _voice(self, choice: str | None, language: str) -> Voice | None:
        needs, tenant_id = self.desk.needs, self.caller.tenant_id
        if choice is None:
            _, policy = await self.desk.tenant(tenant_id)
            return await voice_of(needs.db, needs.blobs, tenant_id, policy, language)
        return await voice_named(needs.db, needs.blobs, needs.engines, tenant_id, choice, language)


async def _said(engine: Tts, saying: Saying) -> list[Pcm]:
    async with flowing(engine.speak(saying)) as parts:
        return [part.pcm async for part in parts]
