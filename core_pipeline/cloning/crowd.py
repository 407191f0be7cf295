"""Whether one person or more are heard in a recording: its stretches are sorted into two voices and these compared."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from core_pipeline.cloning.measures import FRAME_SECONDS, speech_frames
from core_pipeline.contracts.engines import Pcm, Speaker
from errors import Impossible

WINDOW_SECONDS = 2.5
_FEWEST_WINDOWS = 2
# No single cut may outvote the others.
_SUREST = 0.999


async def one_voice(pcm: Pcm, speaker: Speaker) -> float:
    """Return in 0..1 how surely all the speech is of one person; 1.0 when there is too little to compare.

    Three cuts are judged and their odds averaged: one stretch may hold so few sounds that its owner is not known in it.
    """
    cuts = await asyncio.to_thread(_cuts, pcm)
    found = [likeness for cut in cuts if (likeness := await _judged(cut, speaker)) is not None]
    return _averaged(found) if found else 1.0


async def _judged(cut: Sequence[Pcm], speaker: Speaker) -> float | None:
    """How alike the two parties of these windows are; None when there are not two."""
    known = [(window, found) for window in cut if (found := await _print(window, speaker)) is not None]
    if len(known) < _FEWEST_WINDOWS:
        return None
    windows, prints = [window for window, _ in known], [found for _, found in known]
    parties = await asyncio.to_thread(_parties, prints, speaker)
    first, second = [await speaker.voiceprint(_joined(windows, party)) for party in parties]
    return speaker.likeness(first, second)


def _averaged(likenesses: Sequence[float]) -> float:
    """The likeness whose log odds are the mean of theirs."""
    sure = np.clip(likenesses, 1 - _SUREST, _SUREST)
    return float(1 / (1 + np.exp(-np.log(sure / (1 - sure)).mean())))


async def _print(window: Pcm, speaker: Speaker) -> Sequence[float] | None:
    try:
        return await speaker.voiceprint(window)
    except Impossible:  # hardly a word in this stretch: it tells nothing of who speaks
        return None


def _cuts(pcm: Pcm) -> list[list[Pcm]]:
    """Cut the speech, freed of its pauses, into even stretches of about `WINDOW_SECONDS`, one more, and one less."""
    size = int(FRAME_SECONDS * pcm.sample_rate) * 2
    frames = [pcm.data[place * size : (place + 1) * size] for place in np.flatnonzero(speech_frames(pcm))]
    count = int(len(frames) * FRAME_SECONDS / WINDOW_SECONDS)
    if count < _FEWEST_WINDOWS:
        return []
    cuts = [np.array_split(np.arange(len(frames)), number) for number in (count - 1, count, count + 1)]
    return [[Pcm(b"".join(frames[index] for index in part), pcm.sample_rate) for part in parts] for parts in cuts]


def _parties(prints: Sequence[Sequence[float]], speaker: Speaker) -> tuple[list[int], list[int]]:
    """Sort the windows into two parties: those most alike are put together until two are left."""
    likeness = np.array([[speaker.likeness(one, other) for other in prints] for one in prints])
    parties = [[index] for index in range(len(prints))]
    while len(parties) > 2:
        pairs = [(a, b) for a in range(len(parties)) for b in range(a)]
        first, second = max(pairs, key=lambda pair: float(likeness[np.ix_(parties[pair[0]], parties[pair[1]])].mean()))
        parties[second] += parties.pop(first)
    return parties[0], parties[1]


def _joined(windows: Sequence[Pcm], party: Sequence[int]) -> Pcm:
    return Pcm(b"".join(windows[index].data for index in sorted(party)), windows[0].sample_rate)
