"""A photographed face made ready to move, in one view and shape."""

from __future__ import annotations

from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.video.photo.eyes import Eyes
from core_pipeline.engines.video.photo.framing import Stage
from core_pipeline.engines.video.photo.gather import Packed, Rgb, packed, unpacked
from core_pipeline.engines.video.photo.head import Head
from core_pipeline.engines.video.photo.mouth import Mouth


class Puppet:
    """What was worked out about a stage; nothing in it changes, so that films may share it.

    `keep_clear` (left, top, width, height in pixels of the shape) holds the mouth however it is held.
    """

    def __init__(self, stage: Stage) -> None:
        self._still = packed(stage.picture)
        self._mouth, self._eyes, self._head = Mouth(stage), Eyes(stage), Head(stage)
        self.keep_clear = _mouth_box(stage)

    def stage(self) -> Packed:
        """Return a picture of one's own to move it on."""
        return self._still.copy()

    def picture(self, pose: Pose, stage: Packed) -> Rgb:
        """Return the face so held as RGBA of (height, width, 4); draws on `stage`, which one film keeps to itself."""
        self._eyes.draw(self._still, pose, stage)
        self._mouth.draw(self._still, pose.mouth, pose.mood, stage)
        return unpacked(self._head.show(stage, pose))


def _mouth_box(stage: Stage) -> tuple[float, float, float, float]:
    at = stage.found.at
    sides = (at["mouth_left"][0] - 0.12, at["mouth_right"][0] + 0.12)
    ends = (at["nose_tip"][1] + 0.1, at["lip_bottom"][1] + 0.3)
    xs, ys = zip(*(stage.found.axes.outside(u, v) for u in sides for v in ends), strict=True)
    left, top = (min(xs) - stage.x) / stage.fine, (min(ys) - stage.y) / stage.fine
    return left, top, (max(xs) - min(xs)) / stage.fine, (max(ys) - min(ys)) / stage.fine
