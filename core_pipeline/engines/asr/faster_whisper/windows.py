"""Finds the speech in a recording and packs it into windows that Whisper hears at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE = 16_000
LONGEST = 30 * RATE
_PAUSE = 3 * RATE  # a longer one is no part of a window: silence is what Whisper dreams in
_VAD = VadOptions(max_speech_duration_s=28.0, min_silence_duration_ms=500, speech_pad_ms=200)


def windows(sound: Samples) -> list[slice]:
    """Return consecutive stretches of at most 30 s at 16 kHz that hold all the speech; none for silence."""
    if sound.size < RATE // 10:
        return []
    return packed((one["start"], one["end"]) for one in get_speech_timestamps(sound, _VAD, RATE))


def packed(stretches: Iterable[tuple[int, int]]) -> list[slice]:
    """Join rising stretches (first, last sample) into as few windows as fit, not across a long pause."""
    found: list[slice] = []
    for start, end in stretches:
        if found and end - found[-1].start <= LONGEST and start - found[-1].stop <= _PAUSE:
            found[-1] = slice(found[-1].start, end)
        else:
            found.append(slice(start, min(end, start + LONGEST)))
    return found
