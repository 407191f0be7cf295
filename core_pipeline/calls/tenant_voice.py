"""Speaking for one tenant: in the voice that they chose and that may speak now, ready words from what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.speakable import speakable
from core_pipeline.calls.relayed import relayed
from core_pipeline.calls.sounds import words_of
from core_pipeline.contracts.engines import Saying, Speech
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.media.pcm import join
from core_pipeline.thinking.pronouncing import pronouncing_of
from core_pipeline.thinking.voices import voice_of
from errors import NeedsOwner
from tenants import voices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core_pipeline.arabic.pronouncing import Pronouncing
    from core_pipeline.calls.lobby import Lobby, Share
    from core_pipeline.calls.shelter import Shelter
    from core_pipeline.engines.wrap.meter import Ledger
    from core_pipeline.engines.wrap.voiced import Voice
    from tenants.policy import Policy


class TenantVoice:
    """Speaks a tenant's sentences; `timed` has the times of words and sounds told, for a face.

    `clones` are the ids of the voices by example that were used so far.
    """

    def __init__(
        self, lobby: Lobby, share: Share, policy: Policy, shelter: Shelter, *, timed: bool = False, urgent: bool = True
    ) -> None:
        self._lobby, self._share, self._policy, self._shelter = lobby, share, policy, shelter
        self._timed, self._priority = timed, Priority.CALL if urgent else Priority.NOTE
        self._voices: dict[str, Voice | None] = {}
        self._own: dict[str, Pronouncing] = {}
        self.clones: set[str] = set()

    async def say(self, text: str, language: str, ledger: Ledger) -> AsyncIterator[Speech]:
        """Stream a sentence as it is spoken; a slow listener holds up no engine."""
        voice, words = await self._as_spoken(text, language)

        async def speaking(tell: Callable[[Speech], None]) -> None:
            await self._speak(words, language, voice, ledger, tell)

        async with flowing(relayed(speaking)) as parts:
            async for part in parts:
                yield part

    async def recite(self, text: str, language: str, ledger: Ledger) -> AsyncIterator[Speech]:
        """Stream ready words: at once and in one piece where they were said before, else as they are spoken."""
        voice, words = await self._as_spoken(text, language)
        engines, sounds = self._policy.engines.get("tts", ""), self._lobby.sounds
        ready = words_of(self._share.tenant_id, words, language, voice, engines, timed=self._timed)
        if (known := sounds.get(ready)) is not None:
            yield known
            return

        async def speaking(tell: Callable[[Speech], None]) -> None:
            if spoken := await self._speak(words, language, voice, ledger, tell):
                sounds.put(ready, _whole(spoken))

        async with flowing(relayed(speaking)) as parts:
            async for part in parts:
                yield part

    async def _speak(
        self, words: str, language: str, voice: Voice | None, ledger: Ledger, tell: Callable[[Speech], None]
    ) -> list[Speech]:
        """Speak these words, and give all of it; nothing when another engine than the first had to help out."""
        order = For(ledger, self._share.tenant_id, self._priority)
        engine = await self._shelter.keep(self._lobby.engines.tts(language, order, voice))
        saying = Saying(words, language, timed=self._timed)
        spoken: list[Speech] = []
        async with self._share.place("tts"), flowing(engine.speak(saying)) as parts:
            async for part in parts:
                spoken.append(part)
                tell(part)
        return [] if _helped_out(engine) else spoken

    async def _as_spoken(self, text: str, language: str) -> tuple[Voice | None, str]:
        """The voice for this language, and the text as it is said: with the tenant's own words as of the first call."""
        voice = await self._shelter.keep(self._voice(language))
        if language not in self._own:
            looked_up = pronouncing_of(self._lobby.db, self._share.tenant_id, language)
            self._own[language] = await self._shelter.keep(looked_up)
        return voice, speakable(text, language, self._own[language])

    async def _voice(self, language: str) -> Voice | None:
        """The voice for this language; one by example is looked at each time, for it may be revoked by now."""
        voice = self._voices.get(language)
        if language not in self._voices or (voice and voice.clone and not await self._may_speak(voice.clone.id)):
            db, blobs, tenant_id = self._lobby.db, self._lobby.blobs, self._share.tenant_id
            voice = self._voices[language] = await voice_of(db, blobs, tenant_id, self._policy, language)
        if voice and voice.clone:
            self.clones.add(voice.clone.id)
        return voice

    async def _may_speak(self, clone_id: str) -> bool:
        try:
            async with self._lobby.db.tenant(self._share.tenant_id, reads=True) as session:
                await voices.speaking(session, clone_id)
        except NeedsOwner:
            self._lobby.sounds.forget(clone_id)
            return False
        return True


def _whole(parts: list[Speech]) -> Speech:
    words = tuple(word for part in parts for word in part.words)
    phonemes = tuple(phoneme for part in parts for phoneme in part.phonemes)
    return Speech(join([part.pcm for part in parts]), words, phonemes)


def _helped_out(engine: Any) -> bool:
    """Whether a later engine of the chain spoke: with a voice that is not the tenant's, and only this once."""
    served = getattr(engine, "served", None)
    return served is not None and served is not engine.engines[0]
