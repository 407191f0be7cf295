"""What is said often, kept as sound: greetings, fillers, ready words; never an answer."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from core_pipeline.contracts.engines import Speech
    from core_pipeline.engines.wrap.voiced import Voice

MOST_BYTES = 32 * 2**20
# Longer than any ready words: an announcement of minutes would drive out everything else.
LONGEST_BYTES = 2 * 2**20
# A tenant may have set up a voice otherwise since.
LASTS_SECONDS = 3600.0


@dataclass(frozen=True)
class Words:
    """Ready words of one tenant, as they sound: `engines` is the tenant's own chain of voices ("": ours)."""

    tenant_id: str
    text: str
    language: str
    engines: str = ""
    engine: str | None = None
    voice: str | None = None
    clone_id: str | None = None
    timed: bool = False


def words_of(tenant_id: str, text: str, language: str, voice: Voice | None, engines: str, *, timed: bool) -> Words:
    """The words as this voice says them; a voice that may not speak any more is None here, and finds nothing of its."""
    if voice is None:
        return Words(tenant_id, text, language, engines, timed=timed)
    clone_id = voice.clone.id if voice.clone else None
    return Words(tenant_id, text, language, engines, voice.engine, voice.name, clone_id, timed)


class Sounds:
    """The sounds of all tenants in one process, `most` bytes of them: what was used longest ago goes first.

    After an hour words are spoken anew.
    """

    def __init__(self, most: int = MOST_BYTES, clock: Callable[[], float] = monotonic) -> None:
        self._most, self._clock = most, clock
        self._kept: OrderedDict[Words, tuple[Speech, float]] = OrderedDict()
        self.size = 0

    def get(self, words: Words) -> Speech | None:
        """The words as sound, if they are kept."""
        speech, since = self._kept.get(words, (None, 0.0))
        if speech is None or self._clock() - since > LASTS_SECONDS:
            self._drop(words)
            return None
        self._kept.move_to_end(words)
        return speech

    def put(self, words: Words, speech: Speech) -> None:
        """Keep the words as sound, unless they are too long."""
        self._drop(words)
        if len(speech.pcm.data) > min(LONGEST_BYTES, self._most):
            return
        self._kept[words] = speech, self._clock()
        self.size += len(speech.pcm.data)
        while self.size > self._most:
            self._drop(next(iter(self._kept)))

    def forget(self, clone_id: str) -> None:
        """Drop all that was said in this voice by example; call it when the voice is revoked."""
        for words in [one for one in self._kept if one.clone_id == clone_id]:
            self._drop(words)

    def _drop(self, words: Words) -> None:
        if words in self._kept:
            speech, _ = self._kept.pop(words)
            self.size -= len(speech.pcm.data)
