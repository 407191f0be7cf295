"""How the lips move while something is said: curves of their parts, from timed phonemes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Word
from core_pipeline.engines.acting.visemes import PARTS, Lips, Sound, sounds

HZ = 100
LEAD = 0.02  # seconds by which lips are ahead of the sound, as people's are
_REST_AFTER = 0.12  # a shorter gap between two sounds is none: the lips go from one to the other
# How far a part reaches into its neighbours, as the deviation of a bell in steps: rounding is slow, closing quick.
_REACH = Lips(open=4, spread=5, pucker=6, press=2, tuck=3, tongue=3, lift=4, teeth=5)
_OPEN, _PRESS, _TUCK = (PARTS.index(part) for part in ("open", "press", "tuck"))
_TUCKED_OPEN = 0.16
_SOFT, _LOUD, _VOICE_REACH = 0.5, 0.6, 3.0  # a whisper opens the jaw half as far as a shout
_SHORTEST, _LONGEST = 2, 5  # half a closure in steps: one picture at least must show it

Curves = NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """`curves` has a row of `PARTS` for each hundredth of a second."""

    curves: Curves

    def lips(self, seconds: float) -> Lips:
        """Return the lips that go with the sound at this time; at rest before and after all of it."""
        place = (seconds + LEAD) * HZ
        if not 0 <= place <= len(self.curves) - 1:
            return Lips()
        before = int(place)
        after, share = min(before + 1, len(self.curves) - 1), place - before
        row = self.curves[before] * (1 - share) + self.curves[after] * share
        return Lips(*(float(part) for part in row))

    def voiced(self, loudness: NDArray[np.float32]) -> Track:
        """Return the track with a jaw that falls as far as the sound is loud (0..1, as `Heard.loudness`)."""
        steps = len(self.curves)
        loud = smooth(np.pad(loudness, (0, max(0, steps - loudness.size)))[:steps], _VOICE_REACH)
        curves = self.curves.copy()
        curves[:, _OPEN] *= np.minimum(1.0, _SOFT + _LOUD * loud)
        return Track(curves)

    @property
    def opening(self) -> NDArray[np.float32]:
        """The jaw's fall, 0..1."""
        return self.curves[:, _OPEN]


@dataclass(frozen=True)
class _Stretch:
    """A sound from a step up to another."""

    first: int
    last: int
    sound: Sound


def from_phonemes(phonemes: Iterable[Word], seconds: float) -> Track:
    """Return the track of phonemes (IPA) over a speech of this length; times beyond it are cut to it."""
    steps = int(seconds * HZ) + 1
    stretches = _borrowed(_stretches(phonemes, seconds))
    targets = np.zeros((steps, len(PARTS)), np.float32)
    for one in stretches:
        targets[one.first : one.last] = [getattr(one.sound.lips, part) for part in PARTS]
    curves = np.stack([smooth(targets[:, number], getattr(_REACH, part)) for number, part in enumerate(PARTS)], axis=1)
    _close(curves, _mask(stretches, "MBP", steps, 1))
    _tuck(curves, _mask(stretches, "FV", steps, 2))
    return Track(np.clip(curves, 0, 1))


def smooth(curve: NDArray[np.float32], reach: float) -> NDArray[np.float32]:
    """Return a curve under a bell of this deviation in steps; before and after it all is 0."""
    wide = int(3 * reach)
    bell = np.exp(-0.5 * (np.arange(-wide, wide + 1) / reach) ** 2)
    return np.convolve(np.pad(curve, wide), bell / bell.sum(), "valid").astype(np.float32)


def _stretches(phonemes: Iterable[Word], seconds: float) -> list[_Stretch]:
    timed = sorted(
        (word for word in phonemes if isfinite(word.start) and isfinite(word.end)), key=lambda word: word.start
    )
    found: list[_Stretch] = []
    for number, word in enumerate(timed):
        start, end = (min(max(0.0, time), seconds) for time in (word.start, word.end))
        following = timed[number + 1].start if number + 1 < len(timed) else end
        if 0 < following - end < _REST_AFTER:
            end = min(following, seconds)
        targets = sounds(word.text)
        edges = [
            round((start + (max(start, end) - start) * part / max(1, len(targets))) * HZ)
            for part in range(len(targets) + 1)
        ]
        found += [
            _Stretch(edges[part], max(edges[part + 1], edges[part] + 1), sound) for part, sound in enumerate(targets)
        ]
    return found


def _borrowed(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Let the sounds of the throat take the lips of the vowels beside them: they have none of their own."""
    return [
        replace(one, sound=_lent(one.sound, stretches[max(0, number - 1) : number + 2])) if one.sound.breath else one
        for number, one in enumerate(stretches)
    ]


def _lent(breath: Sound, near: Sequence[_Stretch]) -> Sound:
    vowels = [one.sound.lips for one in near if one.sound.vowel]
    if not vowels:
        return breath
    mean = {part: sum(getattr(lips, part) for lips in vowels) / len(vowels) for part in PARTS}
    return replace(breath, lips=Lips(**{**mean, "open": 0.85 * max(lips.open for lips in vowels)}))


def _mask(stretches: Iterable[_Stretch], viseme: str, steps: int, reach: float) -> NDArray[np.float32]:
    held = np.zeros(steps, np.float32)
    for one in stretches:
        if one.sound.viseme == viseme:
            middle, half = (one.first + one.last) // 2, min(_LONGEST, max(_SHORTEST, (one.last - one.first) // 2))
            held[max(0, middle - half) : middle + half + 1] = 1
    return np.asarray(np.minimum(1, smooth(held, reach) * 1.2), np.float32)


def _close(curves: Curves, held: NDArray[np.float32]) -> None:
    curves[:, _OPEN] *= 1 - held
    curves[:, _PRESS] = np.maximum(curves[:, _PRESS], held)


def _tuck(curves: Curves, held: NDArray[np.float32]) -> None:
    opening = curves[:, _OPEN]
    curves[:, _OPEN] = opening * (1 - held) + np.minimum(opening, _TUCKED_OPEN) * held
    curves[:, _TUCK] = np.maximum(curves[:, _TUCK], held)
