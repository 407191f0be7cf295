"""Speaking an answer in the tenant's voice, without keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.arabic.speakable import speakable
from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import join
from core_pipeline.thinking.pronouncing import pronouncing_of
from core_pipeline.thinking.voices import voice_of
from errors import Impossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.engines import Pcm, Speech, Tts
    from core_pipeline.engines.router import For
    from core_pipeline.tryout.tried import Stand
    from tenants.policy import Policy

OGG = VoiceFormat("ogg", "libopus", 48000, 32000, "audio/ogg")


async def spoken(
    stand: Stand, order: For, tenant_id: str, policy: Policy, text: str, language: str, *, timed: bool = False
) -> list[tuple[str, list[Speech]]]:
    """Each sentence with its sound; `timed` with the times of words and sounds. `Impossible("no-words")` for none."""
    voice = await voice_of(stand.db, stand.blobs, tenant_id, policy, language)
    own = await pronouncing_of(stand.db, tenant_id, language)
    engine, cut = await stand.engines.tts(language, order, voice), Sentences()
    parts: list[tuple[str, list[Speech]]] = []
    for sentence in [*cut.feed(f"{text} "), *cut.flush()]:
        with order.ledger.timed("speakable"):
            saying = Saying(speakable(sentence, language, own), language, timed=timed)
        async with stand.gate.hold(tenant_id):
            parts.append((sentence, await _said(engine, saying)))
    parts = [(sentence, said) for sentence, said in parts if said]
    if not parts:
        raise Impossible("no-words", "there is nothing in this text that can be spoken")
    return parts


async def encoded(stand: Stand, order: For, parts: Sequence[Pcm]) -> tuple[bytes, float]:
    """The sound as an OGG file, and its seconds."""
    async with stand.gate.hold(order.tenant_id):
        with order.ledger.timed("encode"):
            data = await encode_voice(join(parts), OGG)
    return data, round(sum(part.seconds for part in parts), 2)


async def _said(engine: Tts, saying: Saying) -> list[Speech]:
    async with flowing(engine.speak(saying)) as parts:
        return [part async for part in parts]
