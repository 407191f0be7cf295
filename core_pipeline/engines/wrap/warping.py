"""Lays one reading of a text over another: cepstra of both, and the cheapest way through them in step (DTW)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import samples

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

HOP = 0.01
_WINDOW = 0.025
_LOWEST, _HIGHEST = 80.0, 7_600.0
_BANDS, _CEPSTRA = 32, 9  # few cepstra: the finer shape of the spectrum is the speaker's, not the sound's
_LOUDNESS, _CHANGE = 1.8, 2.5  # weights of loudness and of slopes among the features
_CLIP = 3.0
_SOUND, _SPEECH = 1e-4, 1e-3  # of the loudest frame's energy: what is not silence, and what surely is speech
_FAINTEST = 1e-9
_QUIETEST, _ABOVE_HISS, _LOUDEST_HISS = 0.05, 3.0, 0.02  # a voice that hisses does so in its pauses, too
_SLOPE = ((1, 0.1), (2, 0.2))  # frames on each side, weight
# While the speech goes on by a frame, the guide goes on by three, two or one, or stands still.
_STEPS = np.array([0.6, 0.25, 0.0, 0.35], dtype=np.float32)[:, None, None]
_FURTHEST = len(_STEPS) - 1
_SHARE, _LEAST, _MOST = 0.18, 60, 300  # how far the two may run apart: of the guide's length; frames
_MOMENT, _RUSH = 25, 2.1  # frames; the guide's speech in them, over theirs
_WHILE, _STAND, _SOUNDING = 40, 0.3, 0.75  # frames; the guide's progress in them; the share of them that is no pause
_BLOCK = 32
_SMALL = 250_000  # multiplications that a library for matrices does in the thread that asks
_NEVER = np.float32(np.inf)


@dataclass(frozen=True)
class Sound:
    """What sounds of a reading: (frames, features) at every 10 ms, which frames are surely no pause, where it starts.

    `start` is in seconds.
    """

    features: Floats
    loud: NDArray[np.bool_]
    start: float

    @property
    def frames(self) -> int:
        """Length in frames."""
        return len(self.features)


@dataclass(frozen=True)
class Way:
    """Which frame of the guide each frame of the speech is, and how much better the guide fits than nonsense does.

    `doubt` is the cost of the way through the guide, divided by the lesser cost of two guides that say nothing of the
    kind: itself backwards, and with its halves swapped. About 1 for another text, clearly less for the same. `torn` is
    whether one of the two says something for a while that the other does not.
    """

    places: Places
    doubt: float
    torn: bool


def listen(pcm: Pcm, top: float = _HIGHEST) -> Sound | None:
    """Return what sounds in it up to `top` Hz, with level and voice evened out; None when nothing does."""
    sound, window = samples(pcm), round(_WINDOW * pcm.sample_rate)
    count = int((sound.size - window) / (HOP * pcm.sample_rate)) + 1
    if sound.size < window:
        return None
    starts = np.rint(np.arange(count) * (HOP * pcm.sample_rate)).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[starts]
    energy = np.mean(frames**2, axis=1)
    most = float(energy.max())
    hiss = min(_ABOVE_HISS * float(np.quantile(energy, _QUIETEST)), _LOUDEST_HISS * most)
    loud = np.flatnonzero(energy > max(most * _SOUND, hiss, _FAINTEST))
    if not loud.size:
        return None
    kept = slice(int(loud[0]), int(loud[-1]) + 1)
    sure = energy[kept] > max(most * _SPEECH, hiss)
    return Sound(_features(frames[kept], pcm.sample_rate, top, sure), sure, kept.start * HOP)


def align(speech: Sound, guide: Sound) -> Way | None:
    """Return the cheapest way from start to end of both; None when one is more than three times the other's length."""
    if not 1 / _FURTHEST < speech.frames / guide.frames < _FURTHEST:
        return None
    guides = np.stack([guide.features, _backwards(guide.features), np.roll(guide.features, guide.frames // 2, axis=0)])
    low, width = _corridor(speech.frames, guide.frames)
    total, came = _forward(speech.features, guides, low, width)
    last = guide.frames - 1 - int(low[-1])
    costs = total[:, last]
    if not np.isfinite(costs[0]):
        return None
    places = _back(came, low, last)
    nonsense = float(costs[1:].min())
    doubt = float(costs[0]) / nonsense if nonsense > 0 else math.inf
    return Way(places, doubt, torn=_rushes(places, guide) or _stands(places, speech))


def _rushes(places: Places, guide: Sound) -> bool:
    """Whether the speech passes much of what the guide says, pauses not counted, in no time."""
    said = np.cumsum(guide.loud)[places]
    return bool(np.any(said[_MOMENT:] - said[:-_MOMENT] > _RUSH * _MOMENT))


def _stands(places: Places, speech: Sound) -> bool:
    """Whether the guide hardly goes on while the speech does, pauses not counted."""
    said = np.cumsum(speech.loud)
    goes_on = said[_WHILE:] - said[:-_WHILE] > _SOUNDING * _WHILE
    return bool(np.any(goes_on & (places[_WHILE:] - places[:-_WHILE] < _STAND * _WHILE)))


def _forward(speech: Floats, guides: Floats, low: Places, width: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return the costs of arriving at each place of the last frame, per guide, and the first guide's steps."""
    came = np.zeros((len(speech), width), dtype=np.intp)
    total = np.full((len(guides), width + 2 * _FURTHEST + 1), _NEVER, dtype=np.float32)
    inner = total[:, _FURTHEST : _FURTHEST + width]
    inner[:, -low[0] - 1] = 0.0  # the place before the first
    reach = np.lib.stride_tricks.sliding_window_view(total, width, axis=1).transpose(1, 0, 2)
    before = int(low[0])
    for first in range(0, len(speech), _BLOCK):
        last = min(first + _BLOCK, len(speech))
        left = int(low[first])
        costs = _costs(speech[first:last], guides, left, int(low[last - 1]) + width)
        for row in range(first, last):
            shift, before = int(low[row]) - before, int(low[row])
            choices = reach[shift : shift + _FURTHEST + 1] + _STEPS
            choices[:, 0].argmin(axis=0, out=came[row])
            np.add(choices.min(axis=0), costs[:, row - first, before - left :][:, :width], out=inner)
    return inner, came


def _costs(speech: Floats, guides: Floats, left: int, right: int) -> Floats:
    """Return (guides, frames, places) distances for the places from `left` to `right`; outside the guide, never."""
    inside = slice(max(0, left), min(right, guides.shape[1]))
    part = guides[:, inside]
    squares = (speech**2).sum(axis=1)[None, :, None] + (part**2).sum(axis=2)[:, None, :]
    near = np.sqrt(np.maximum(squares - 2 * speech @ part.transpose(0, 2, 1), 0) / speech.shape[1])
    margins = ((0, 0), (0, 0), (inside.start - left, right - inside.stop))
    found: Floats = np.pad(near, margins, constant_values=_NEVER)
    return found


def _corridor(frames: int, places: int) -> tuple[Places, int]:
    """Return the lowest place that each frame may be, and how many places it may be from there on."""
    half = int(min(_MOST, max(_LEAST, _SHARE * places)))
    middle = np.rint(np.arange(frames) * ((places - 1) / max(1, frames - 1))).astype(np.int64)
    return middle - half, 2 * half + 1


def _back(came: NDArray[np.intp], low: Places, last: int) -> Places:
    places = np.zeros(len(came), dtype=np.int64)
    place = int(low[-1]) + last
    for row in range(len(came) - 1, -1, -1):
        places[row] = place
        place -= _FURTHEST - int(came[row, place - int(low[row])])
    return places


def _features(frames: Floats, rate: int, top: float, sure: NDArray[np.bool_]) -> Floats:
    size = 1 << (frames.shape[1] - 1).bit_length()
    shaped = frames * np.hamming(frames.shape[1]).astype(np.float32)
    power = np.abs(np.fft.rfft(shaped, size)) ** 2
    heard = _product(power, _bank(rate, size, top))
    cepstra = _product(np.log(np.maximum(heard, heard.max() * 1e-6)), _cosines())
    level, spread = cepstra[sure].mean(axis=0), cepstra[sure].std(axis=0)
    even = np.clip((cepstra - level) / (spread + 1e-3), -_CLIP, _CLIP)
    even[:, 0] *= _LOUDNESS
    return np.hstack([even, _CHANGE * _slopes(even)]).astype(np.float32)


def _product(rows: Floats, matrix: Floats) -> Floats:
    """Return rows @ matrix, done in parts: a large product is shared among threads, which wait for busy cores."""
    found = np.empty((len(rows), matrix.shape[1]), dtype=np.float32)
    step = max(1, _SMALL // matrix.size)
    for first in range(0, len(rows), step):
        np.matmul(rows[first : first + step], matrix, out=found[first : first + step])
    return found


def _slopes(values: Floats) -> Floats:
    reach = _SLOPE[-1][0]
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    count = len(values)
    found: Floats = sum(
        (weight * (padded[reach + by :][:count] - padded[reach - by :][:count]) for by, weight in _SLOPE),
        start=np.zeros_like(values),
    )
    return found


def _backwards(features: Floats) -> Floats:
    turned = features[::-1].copy()
    turned[:, _CEPSTRA:] *= -1
    return turned


@lru_cache(maxsize=16)
def _bank(rate: int, size: int, top: float) -> Floats:
    """Return (bins, bands) triangles that are equally wide to the ear; weighted so that high sounds count."""
    ear = np.linspace(_mel(_LOWEST), _mel(top), _BANDS + 2)
    edges = 700 * (10 ** (ear / 2595) - 1)
    hertz = np.fft.rfftfreq(size, 1 / rate)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    emphasis = 1 + (hertz / 1_000) ** 2
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * emphasis, dtype=np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    bands, orders = np.arange(_BANDS)[:, None] + 0.5, np.arange(_CEPSTRA)[None, :]
    return np.asarray(np.cos(np.pi * orders * bands / _BANDS), dtype=np.float32)


def top_of(*pcms: Pcm) -> float:
    """Return the highest frequency in Hz that all of them carry and that is worth hearing."""
    return min(_HIGHEST, *(0.475 * pcm.sample_rate for pcm in pcms))
