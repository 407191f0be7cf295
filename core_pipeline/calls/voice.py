"""Speaks sentences on one leg, at its rate, while they are still being made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from core_pipeline.calls.rates import Stream
from core_pipeline.contracts.engines import Pcm, Speech
from core_pipeline.contracts.legs import Spoken
from core_pipeline.engines.wrap.flowing import flowing

if TYPE_CHECKING:
    from core_pipeline.calls.host import Host, Line, Say
    from core_pipeline.calls.player import Player, Sentence

_SLICE = 0.2  # seconds of sound that are brought to the leg's rate at once: more would hold up other calls

OnSpoken: TypeAlias = Callable[[Spoken], None]
Filming: TypeAlias = Callable[[Spoken], Awaitable[bytes | None]]
Begin: TypeAlias = "Callable[[], Line | None]"
Started: TypeAlias = Callable[[], Awaitable[None]]


class Voice:
    """Speaks for one call.

    `on_spoken` is called with each whole sentence just before its first frame is played; `filming` makes the film that
    is played in its place (None: no film of this one). Whoever gives one of them waits for whole sentences; without
    them a sentence is played as soon as its first sound is made.
    """

    def __init__(
        self, host: Host, player: Player, rate: int, on_spoken: OnSpoken | None = None, filming: Filming | None = None
    ) -> None:
        self._host, self._player, self._rate = host, player, rate
        self._on_spoken, self._filming = on_spoken, filming
        self._one_at_a_time = asyncio.Lock()

    async def say(self, say: Say, begin: Begin, started: Started) -> None:
        """Queue the spoken sentence behind all others.

        `begin` is asked for its line once there is sound to be played (None: it is not wanted any more), `started`
        awaited just before that sound is handed over.
        """
        async with flowing(self._host.speak(say)) as parts:
            if self._on_spoken is None and self._filming is None:
                await self._stream(parts, begin, started)
            elif made := [part async for part in parts]:
                await self._whole(_spoken(say, made), begin, started)

    async def _stream(self, parts: AsyncIterator[Speech], begin: Begin, started: Started) -> None:
        first = await anext(parts, None)
        if first is None:
            return
        async with self._one_at_a_time:
            if (line := begin()) is None:
                return
            sentence = self._player.begin(line, started)
            stream = Stream(first.pcm.sample_rate, self._rate)
            await self._put(sentence, stream, first.pcm)
            async for part in parts:
                await self._put(sentence, stream, part.pcm)
            await self._end(sentence, stream)

    async def _whole(self, spoken: Spoken, begin: Begin, started: Started) -> None:
        film = await self._filming(spoken) if self._filming is not None else None

        async def starts() -> None:
            await started()
            if self._on_spoken is not None:
                self._on_spoken(spoken)

        async with self._one_at_a_time:
            if (line := begin()) is None:
                return
            sentence = self._player.begin(line, starts)
            stream = Stream(spoken.speech.sample_rate, self._rate)
            if film is not None:
                self._player.film(sentence, film, stream.feed(spoken.speech.data) + stream.flush())
                return
            await self._put(sentence, stream, spoken.speech)
            await self._end(sentence, stream)

    async def _put(self, sentence: Sentence, stream: Stream, pcm: Pcm) -> None:
        piece = 2 * int(_SLICE * pcm.sample_rate)
        for at in range(0, len(pcm.data), piece):
            await self._player.put(sentence, stream.feed(pcm.data[at : at + piece]))

    async def _end(self, sentence: Sentence, stream: Stream) -> None:
        await self._player.put(sentence, stream.flush())
        self._player.end(sentence)


def _spoken(say: Say, parts: list[Speech]) -> Spoken:
    """The parts of a sentence as one."""
    return Spoken(
        say.text,
        say.language,
        Pcm(b"".join(part.pcm.data for part in parts), parts[0].pcm.sample_rate),
        tuple(word for part in parts for word in part.words),
        tuple(sound for part in parts for sound in part.phonemes),
        say.emotion,
    )
