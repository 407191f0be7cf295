"""One scene as a face plays it: a pose for each of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import Emotion, Scene
from core_pipeline.engines.acting.emotions import mood_of
from core_pipeline.engines.acting.heard import Heard, from_sound, hear
from core_pipeline.engines.acting.motion import MANNERS, moment
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.acting.track import HZ, Track, from_phonemes, smooth
from core_pipeline.engines.acting.visemes import sounds, stressed

_NOD, _BROW = 5.2, 0.42  # what a stressed sound does at most: units of the head's nod, share of the brows' rise
_NOD_REACH = 9.0  # steps
_FADE = 25  # steps at either end in which sound moves no head, so that stretches join
_BETWEEN_NODS = 0.32


class Performance:
    """What is seen of a scene; the same for the same scene, and smooth from one scene of a film to the next."""

    def __init__(self, scene: Scene) -> None:
        speech = whole(scene.speech)
        heard = hear(speech)
        timed = [word for word in scene.phonemes if sounds(word.text)]
        told = from_phonemes(timed, speech.seconds).voiced(heard.loudness) if timed else None
        self.track: Track = told or from_sound(heard)
        self._nods = _nods(timed, heard)
        self._first, self._fps, self._seed = scene.first, scene.shape.fps, scene.seed
        self._emotion: Emotion = scene.emotion

    def pose(self, number: int) -> Pose:
        """Return the face in the scene's picture of this number."""
        held = posed(self._emotion, self._seed, (self._first + number + 0.5) / self._fps)
        return self.on(held, (number + 0.5) / self._fps)

    def on(self, held: Pose, seconds: float) -> Pose:
        """Return a silent face as it looks when it says what is heard at this time of the scene."""
        nod = float(np.interp(seconds * HZ, np.arange(len(self._nods)), self._nods))
        mood = replace(held.mood, raised=min(1.0, held.mood.raised + _BROW * nod))
        return replace(held, lips=self.track.lips(seconds), mood=mood, y=held.y + _NOD * nod * (1 - held.mood.bow))


def posed(emotion: Emotion, seed: int, seconds: float) -> Pose:
    """Return a silent face with a feeling, this long after the film's beginning."""
    now, mood = moment(seed, seconds, MANNERS[emotion]), mood_of(emotion)
    settled = stance(Pose(mood=replace(mood, raised=mood.raised + now.brow)))
    return replace(
        settled,
        lid=now.lid,
        look=(now.look[0], now.look[1] + 0.2 * now.bow),
        x=settled.x + now.x,
        y=settled.y + now.y + 5.0 * now.bow,
        roll=settled.roll + now.roll,
        yaw=now.yaw,
        breath=now.breath,
        sway=now.sway,
    )


def stance(pose: Pose) -> Pose:
    """Return a pose with its head held as its mood holds it."""
    mood = pose.mood
    return replace(pose, x=pose.x + 2.0 * mood.lean, y=pose.y + 5.0 * mood.bow, roll=pose.roll + 3.2 * mood.lean)


def whole(speech: Pcm) -> Pcm:
    """Return a speech of whole samples: half a sample at its end is nothing."""
    return speech if len(speech.data) % 2 == 0 else replace(speech, data=speech.data[:-1])


def _nods(phonemes: Sequence[Word], heard: Heard) -> NDArray[np.float32]:
    """Return how far the head nods, 0..1: on stressed sounds, as far as they are loud; 0 at both ends."""
    loud = heard.loudness
    beats = np.zeros_like(loud)
    for step in _beats(phonemes, loud):
        beats[step] = loud[step]
    nods = smooth(beats, _NOD_REACH) * (_NOD_REACH * np.sqrt(2 * np.pi))
    return np.asarray(np.clip(nods, 0, 1) * _window(loud.size), np.float32)


def _beats(phonemes: Sequence[Word], loud: NDArray[np.float32]) -> list[int]:
    """Return the steps that carry a nod: stressed sounds, or peaks of loudness where none is told."""
    told = [
        int(word.start * HZ) + 3 for word in phonemes if stressed(word.text) and 0 <= word.start * HZ < loud.size - 4
    ]
    chosen: list[int] = []
    for step in told or _peaks(loud):
        if not chosen or step - chosen[-1] >= _BETWEEN_NODS * HZ:
            chosen.append(step)
    return chosen


def _peaks(loud: NDArray[np.float32]) -> list[int]:
    even = smooth(loud, 6.0)
    inner = np.flatnonzero((even[1:-1] > even[:-2]) & (even[1:-1] >= even[2:]) & (even[1:-1] > 0.55)) + 1
    return [int(step) for step in inner]


def _window(steps: int) -> NDArray[np.float32]:
    from_end = np.minimum(np.arange(steps), np.arange(steps)[::-1])
    share = np.clip(from_end / _FADE, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)
