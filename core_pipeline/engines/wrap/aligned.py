"""Times the words of a voice that doesn't: a voice that does speaks the same text, and its times are laid over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Tts, Word
from core_pipeline.engines.wrap.warping import HOP, Sound, Way, align, listen, top_of
from core_pipeline.media.pcm import join
from errors import SawtakError

log = logging.getLogger(__name__)

LONGEST = 60.0  # seconds; a saying is a sentence
DOUBT = 0.9  # measured by bench/timing.py: the same text has 0.88 at most, another one 0.93 at least


@dataclass(frozen=True)
class Times:
    """When words and phonemes (IPA) are said, in seconds from the start of the saying."""

    words: tuple[Word, ...] = ()
    phonemes: tuple[Word, ...] = ()


class AlignedTts:
    """Speaks as `voice` does; of a saying that is to be timed, `guide` tells what the voice did not.

    All parts but the last are passed on at once: what was found comes with the last one. Where the guide can't speak
    the text, or its reading doesn't fit what was heard, nothing is timed.
    """

    def __init__(self, voice: Tts, guide: Tts) -> None:
        self.voice, self.guide = voice, guide

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text."""
        if not saying.timed:
            async for part in self.voice.speak(saying):
                yield part
            return
        heard: list[Speech] = []
        async for part in self.voice.speak(saying):
            if heard:
                yield heard[-1]
            heard.append(part)
        if heard:
            yield await self._completed(saying, heard)

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""

    async def _completed(self, saying: Saying, heard: Sequence[Speech]) -> Speech:
        """Return the last part with what no part told."""
        last = heard[-1]
        words, phonemes = (any(told) for told in zip(*((part.words, part.phonemes) for part in heard), strict=True))
        if words and phonemes:
            return last
        found = await self._find(saying, join([part.pcm for part in heard]))
        return replace(
            last, words=last.words if words else found.words, phonemes=last.phonemes if phonemes else found.phonemes
        )

    async def _find(self, saying: Saying, speech: Pcm) -> Times:
        if speech.seconds > LONGEST:
            return Times()
        try:
            told = [part async for part in self.guide.speak(replace(saying, voice=None, clone=None, pitch=1.0))]
        except SawtakError as error:
            log.info("nothing is timed: the guide failed with %s", error.code)
            return Times()
        return await asyncio.to_thread(laid_over, speech, told) if told else Times()


def laid_over(speech: Pcm, told: Sequence[Speech]) -> Times:
    """Return when the words and phonemes that `told` times are said in `speech`; none when the two don't fit."""
    guide = join([part.pcm for part in told])
    top = top_of(speech, guide)
    heard, read = listen(speech, top), listen(guide, top)
    way = align(heard, read) if heard and read else None
    if not (way and heard and read) or way.torn or way.doubt > DOUBT:
        return Times()
    clock = _Clock(heard, read, way)
    return Times(
        tuple(clock.of(word) for part in told for word in part.words),
        tuple(clock.of(phoneme) for part in told for phoneme in part.phonemes),
    )


class _Clock:
    """Turns moments of the guide into moments of the speech; what is earlier stays earlier."""

    def __init__(self, heard: Sound, read: Sound, way: Way) -> None:
        places, which = np.unique(way.places, return_inverse=True)
        frames = np.bincount(which, weights=np.arange(way.places.size)) / np.bincount(which)
        self._from = read.start + places * HOP
        self._to = heard.start + frames * HOP

    def of(self, word: Word) -> Word:
        start, end = np.interp([word.start, word.end], self._from, self._to)
        return Word(word.text, float(start), float(end))
