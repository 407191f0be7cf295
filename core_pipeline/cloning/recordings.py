"""Recordings as we keep them: plain WAV, mono, 16 bit; written and read by us only."""

from __future__ import annotations

import numpy as np

from core_pipeline.cloning.measures import FRAME_SECONDS, speech_frames
from core_pipeline.contracts.engines import Pcm

SAMPLE_RATE = 24_000
LONGEST_SAMPLE = 30.0
_SOONEST_CUT = 20.0


def shortened(pcm: Pcm) -> Pcm:
    """Return the first half minute at most, ended in its last pause: engines learn no more from longer ones."""
    if pcm.seconds <= LONGEST_SAMPLE:
        return pcm
    frames = slice(int(_SOONEST_CUT / FRAME_SECONDS), int(LONGEST_SAMPLE / FRAME_SECONDS))
    resting = np.flatnonzero(~speech_frames(pcm)[frames])
    end = frames.start + int(resting[-1]) if len(resting) else frames.stop
    return Pcm(pcm.data[: 2 * int(end * FRAME_SECONDS * pcm.sample_rate)], pcm.sample_rate)
