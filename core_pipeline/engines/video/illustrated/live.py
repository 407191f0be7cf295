"""A drawn face in a call, picture by picture."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from core_pipeline.engines.acting.live import LiveActing
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.frame import Stage
from errors import Impossible

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Face, Shape
    from core_pipeline.contracts.legs import Spoken
    from core_pipeline.engines.video.illustrated.canvas import Pixels

_seeds = itertools.count()


class LiveDrawing:
    """Draws what an acting face looks like; moves by itself with `clock` (seconds) in silence, too."""

    def __init__(self, face: Face, shape: Shape, clock: Callable[[], float] = time.monotonic) -> None:
        self.shape = shape
        self._face, self._clock, self._began = face, clock, clock()
        self._acting = LiveActing(face, shape, next(_seeds))
        self._stage: Stage | None = None
        self._drawing, self._closed = Lock(), False

    def say(self, spoken: Spoken, starts: float) -> None:
        """Have this sentence spoken from when `starts` seconds of the leg's sound were played."""
        self._acting.say(spoken, starts)

    def cut(self, at: float) -> None:
        """Shut the mouth: nothing of what was to be said is played from `at` seconds on."""
        self._acting.cut(at)

    def picture(self, played: float) -> Pixels:
        """Draw what goes with `played` seconds of sound, RGB of height × width × 3.

        Raises `Impossible`: "face-closed" after `close`, and what reading the face raises.
        """
        with self._drawing:
            if self._closed:
                raise Impossible("face-closed", "nobody is shown this face any more")
            if self._stage is None:
                self._stage = self._built()
            drawn = self._stage.draw(self._acting.pose(played, self._clock() - self._began))
            return np.ascontiguousarray(drawn[..., :3])

    def close(self) -> None:
        """Release everything, once what is being drawn is done; may be called again."""
        with self._drawing:
            self._closed = True
            if self._stage is not None:
                self._stage.close()
            self._stage = None

    def _built(self) -> Stage:
        if self._face.kind != "illustrated":
            raise Impossible("avatar-kind", "this engine shows drawn avatars only")
        return Stage(read(self._face), "square", self.shape, self._face.logo)
