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


async def one_voice(pcm: Pcm, speaker: Speaker) -> float:
    """Return in 0..1 how surely all the speech is of one person; 1.0 when there is too little to compare."""
    known = [
        (window, found)
        for window in await asyncio.to_thread(_windows, pcm)
        if (found := await _print(window, speaker)) is not None
    ]
    if len(known) < _FEWEST_WINDOWS:
        return 1.0
    windows, prints = [window for window, _ in known], [found for _, found in known]
    parties = await asyncio.to_thread(_parties, prints, speaker)
    first, second = [await speaker.voiceprint(_joined(windows, party)) for party in parties]
    return speaker.likeness(first, second)


async def _print(window: Pcm, speaker: Speaker) -> Sequence[float] | None:
    try:
        return await speaker.voiceprint(window)
    except Impossible:  # hardly a word in this stretch: it tells nothing of who speaks
        return None


def _windows(pcm: Pcm) -> list[Pcm]:
    """Cut the speech, freed of its pauses, into even stretches of about `WINDOW_SECONDS`."""
    size = int(FRAME_SECONDS * pcm.sample_rate) * 2
    frames = [pcm.data[place * size : (place + 1) * size] for place in np.flatnonzero(speech_frames(pcm))]
    count = int(len(frames) * FRAME_SECONDS / WINDOW_SECONDS)
    parts = np.array_split(np.arange(len(frames)), count) if count else []
    return [Pcm(b"".join(frames[index] for index in part), pcm.sample_rate) for part in parts]


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
