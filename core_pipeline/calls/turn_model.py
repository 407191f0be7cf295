"""Smart-turn's network, which hears whether somebody who paused has finished; an operator may provide its file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core_pipeline.calls.vad import session
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import resample, samples
from errors import NeedsOwner

RATE = 16_000
SECONDS = 8
_WINDOW, _HOP, _BANDS = 400, 160, 80
_LINEAR_UNTIL, _LINEAR_STEP = 1000.0, 200.0 / 3
_LOG_STEP = np.log(6.4) / 27


class TurnModel:
    """Looks at the last 8 seconds of an utterance; takes some 70 ms, so ask it in a thread."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NeedsOwner("no-turn-model", f"there is no file {path.name} where the model of turns was said to lie")
        self._network = session(path)

    def finished(self, speech: Pcm) -> float:
        """Return how surely the speaker has finished, in 0..1."""
        tail = Pcm(speech.data[-2 * SECONDS * speech.sample_rate :], speech.sample_rate)
        sound = samples(resample(tail, RATE))[-SECONDS * RATE :]
        (sure,) = self._network.run(None, {"input_features": features(sound)[None]})[:1]
        return float(np.asarray(sure).ravel()[0])


def features(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-mel picture (80 × 800) of the last 8 s at 16 kHz, silence before what is shorter.

    The sound is brought to mean 0 and variance 1 first, as the network was trained (Whisper's features).
    """
    full = np.zeros(SECONDS * RATE, np.float32)
    if sound.size:
        full[-sound.size :] = sound
    full = (full - full.mean()) / np.sqrt(full.var() + 1e-7)
    padded = np.pad(full, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:-1]
    turning = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames * turning, axis=1)))
    loud = np.log10(np.maximum(_filters() @ power.T, 1e-10))
    picture: NDArray[np.float32] = ((np.maximum(loud, loud.max() - 8.0) + 4.0) / 4.0).astype(np.float32)
    return picture


@cache
def _filters() -> NDArray[np.float64]:
    """Triangles of equal area on Slaney's mel scale, up to 8 kHz (80 × 201)."""
    mels = np.linspace(0.0, _mel(RATE / 2), _BANDS + 2)
    edges = np.where(
        mels < _mel(_LINEAR_UNTIL),
        mels * _LINEAR_STEP,
        _LINEAR_UNTIL * np.exp(_LOG_STEP * (mels - _mel(_LINEAR_UNTIL))),
    )
    pitch = np.linspace(0, RATE / 2, _WINDOW // 2 + 1)
    rising = (pitch - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - pitch) / np.diff(edges)[1:, None]
    return np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]


def _mel(hertz: float) -> float:
    if hertz < _LINEAR_UNTIL:
        return hertz / _LINEAR_STEP
    return float(_LINEAR_UNTIL / _LINEAR_STEP + np.log(hertz / _LINEAR_UNTIL) / _LOG_STEP)
