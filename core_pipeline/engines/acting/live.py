"""A face in a call: told what is about to be played, it is held at every moment as what is heard then wants it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TypeAlias

from core_pipeline.contracts.faces import Emotion, Face, Scene, Shape
from core_pipeline.contracts.legs import Spoken
from core_pipeline.engines.acting.performance import Performance, posed
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.acting.visemes import PARTS, Lips

_EASING = 0.4  # seconds from one mood to the next
_CALM_AFTER = 4.0  # seconds of silence after which the face is neutral again
_SHUTTING = 0.08  # seconds in which a mouth shuts that is broken into
_STALLED = 0.06  # seconds without any sound played after which the mouth does not wait open for it
_AT_REST = Lips()


@dataclass(frozen=True)
class _Line:
    """A sentence from when to when it is played, in seconds of played sound."""

    starts: float
    ends: float
    emotion: Emotion
    performance: Performance


News: TypeAlias = "tuple[Spoken, float] | float"  # a sentence with its start, or from when on there is none


class LiveActing:
    """The poses of one face; `say` and `cut` may be called from any thread, `pose` from one only."""

    def __init__(self, face: Face, shape: Shape, seed: int = 0) -> None:
        self._face, self._shape, self._seed = face, shape, seed
        self._news: deque[News] = deque()
        self._lines: list[_Line] = []
        self._emotion: Emotion = "neutral"
        self._before: Emotion = "neutral"
        self._eased_at = self._spoke_at = float("-inf")
        self._at, self._moved_at, self._last_at = -1.0, 0.0, 0.0
        self._lips = _AT_REST

    def say(self, spoken: Spoken, starts: float) -> None:
        """Have a sentence spoken from when so many seconds were played."""
        self._news.append((spoken, starts))

    def cut(self, at: float) -> None:
        """Have nothing spoken from then on, until the next `say`."""
        self._news.append(float(at))

    def pose(self, at: float, now: float) -> Pose:
        """Return how the face is held when `at` seconds were played; `now` is any clock that goes on in silence."""
        self._heed()
        if at > self._at:
            self._at, self._moved_at = at, now
        self._lines = [line for line in self._lines if line.ends > at]
        line = next((line for line in self._lines if line.starts <= at), None)
        if line is not None and now - self._moved_at > _STALLED:
            line = None
        self._feel(line, now)
        held = self._held(now)
        if line is None:
            held = held.saying(self._shutting(now - self._last_at))
        else:
            held = line.performance.on(held, at - line.starts)
        self._lips, self._last_at = held.lips, now
        return held

    def _heed(self) -> None:
        while self._news:
            news = self._news.popleft()
            if isinstance(news, float):
                kept = (line for line in self._lines if line.starts < news)
                self._lines = [replace(line, ends=min(line.ends, news)) for line in kept]
            else:
                self._lines.append(self._rehearsed(*news))

    def _rehearsed(self, spoken: Spoken, starts: float) -> _Line:
        scene = Scene(
            self._face,
            "square",
            self._shape,
            spoken.speech,
            words=spoken.words,
            phonemes=spoken.phonemes,
            emotion=spoken.emotion,
            seed=self._seed,
        )
        return _Line(starts, starts + spoken.speech.seconds, spoken.emotion, Performance(scene))

    def _feel(self, line: _Line | None, now: float) -> None:
        """Change the mood with what is said, and back some time after."""
        if line is not None:
            self._spoke_at = now
        wanted = line.emotion if line is not None else self._emotion
        if line is None and now - self._spoke_at > _CALM_AFTER:
            wanted = "neutral"
        if wanted != self._emotion:
            self._before, self._emotion, self._eased_at = self._emotion, wanted, now

    def _held(self, now: float) -> Pose:
        held, share = posed(self._emotion, self._seed, now), (now - self._eased_at) / _EASING
        return (
            held if share >= 1 else posed(self._before, self._seed, now).towards(held, share * share * (3 - 2 * share))
        )

    def _shutting(self, passed: float) -> Lips:
        left = max(0.0, 1 - passed / _SHUTTING)
        if not left or self._lips == _AT_REST:
            return _AT_REST
        return Lips(*(left * getattr(self._lips, part) for part in PARTS))
