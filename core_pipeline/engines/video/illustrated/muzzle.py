"""Draws an animal's mouth: two soft arcs under the nose, and a jaw that falls beneath them."""

from __future__ import annotations

from avatars.manifest import Mouth
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.video.illustrated.colours import mixed
from core_pipeline.engines.video.illustrated.mouth import DRAWN
from core_pipeline.engines.video.illustrated.strokes import (
    clipped,
    curve,
    ellipse,
    falling,
    filled,
    line,
    mirrored,
    onwards,
    placed,
)


class Muzzle:
    """A mouth without lips."""

    def __init__(self, mouth: Mouth, skin: str) -> None:
        self._mouth = mouth
        self._rim = mixed(mouth.lower, skin, 0.35)
        deep = mixed(mouth.line, "#120305", 0.45)
        self.defs = (
            falling("cavity", (0, deep), (1, mixed(mouth.line, mouth.upper, 0.25)))
            + falling("tongue", (0, "#f08e8e"), (1, "#cf5f68"))
            + falling("teeth", (0, "#e8dfd6"), (1, "#fffdf8"))
        )

    def drawn(self, pose: Pose) -> str:
        """Return the mouth as this pose holds it."""
        lips, mood = pose.mouth, pose.mood
        half = DRAWN * (1 + 0.12 * lips.spread + 0.08 * max(0.0, mood.smile)) * (1 - 0.34 * lips.pucker)
        half *= 1 - 0.16 * mood.tight
        corner = -(10.0 if mood.smile > 0 else 13.0) * mood.smile * (1 - 0.4 * lips.pucker)
        sag = (6.0 + 6.5 * min(0.3, mood.smile)) * (1 - 0.5 * lips.press) + 2.5 * lips.open
        fall = lips.open * self._mouth.drop * DRAWN / self._mouth.width * 1.9 * (1 - 0.7 * lips.tuck)
        left = ((-half * 0.86, corner + sag * 1.2), (-half * 0.3, sag * 1.4), (0.0, 0.0))
        arcs = curve((-half, corner), *left, *mirrored(*left)[1:], (half, corner))
        low = sag + fall + 2 * lips.open
        jaw = 0.62 + 0.16 * lips.pucker
        under = ((half * 0.84, corner + sag + fall * 0.5), (half * jaw, low), (0.0, low))
        inside = arcs + onwards(*under, *mirrored(*under)[1:], (-half, corner)) + "Z"
        parts = []
        if fall > 0.6:
            rim = line(
                curve((half * 0.9, corner + 2), *under, *mirrored(*under)[1:], (-half * 0.9, corner + 2)), self._rim, 5
            )
            parts = [
                rim,
                filled(inside, "url(#cavity)"),
                clipped("inside", inside, self._within(pose, half, low, fall)),
            ]
        width = 3.0 + 0.8 * lips.press
        parts.append(line(arcs, self._mouth.line, width))
        parts.append(line("M0,0L0,-7", self._mouth.line, width * 0.8))
        if lips.tuck > 0.05:
            parts.append(self._front_teeth(half, lips.tuck))
        return placed(*self._mouth.at, "".join(parts), self._mouth.width / DRAWN)

    def _within(self, pose: Pose, half: float, low: float, fall: float) -> str:
        lips = pose.mouth
        rise = fall * (0.42 + 0.45 * max(lips.lift, lips.tongue)) + 2
        tongue = ellipse(0, low + 1, half * 0.46, rise, "url(#tongue)")
        tongue += line(f"M0,{low - rise * 0.8:.2f}L0,{low:.2f}", "#b84d58", 1.4, 0.5)
        return tongue + (self._front_teeth(half, 0.8 * lips.teeth) if lips.teeth > 0.3 else "")

    def _front_teeth(self, half: float, seen: float) -> str:
        wide, tall = half * 0.17, 6.3 * seen
        return "".join(
            f'<rect x="{x:.2f}" y="-0.5" width="{wide:.2f}" height="{tall + 1.5:.2f}" rx="4" fill="url(#teeth)"'
            f' stroke="{self._mouth.line}" stroke-width="0.8" stroke-opacity="0.35"/>'
            for x in (-wide - 0.4, 0.4)
        )
