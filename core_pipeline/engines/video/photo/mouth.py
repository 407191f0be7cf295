"""The lower face moves: lips part along their own line, the jaw falls, the corners go in, out, up and down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.acting.pose import Mood
from core_pipeline.engines.acting.visemes import Lips
from core_pipeline.engines.video.photo.framing import Stage
from core_pipeline.engines.video.photo.gather import Floats, Packed
from core_pipeline.engines.video.photo.patch import Curve, bump, patch, ramp
from core_pipeline.engines.video.photo.tracing import lips_line
from core_pipeline.engines.video.photo.within import Within

# In units of the distance between the eyes: how far the lower lip, the upper lip and the chin go at most.
LOWER, UPPER, CHIN = 0.25, 0.045, 0.19
BITE, BITE_GAP = 0.043, 0.012
SMILE_OUT, SMILE_UP = 0.05, 0.062
SPREAD, PUCKER = 0.13, 0.3  # of the mouth's width
TUCKED, TUCKED_OVER = 0.02, 0.09  # the dark line of closed lips goes inside when they part
STEPS = 2048
SIDE = 1.15


class Mouth:
    """The mouth of one stage: what can be worked out before it moves."""

    def __init__(self, stage: Stage) -> None:
        self._found = found = stage.found
        at = found.at
        self._half = found.mouth_width / 2
        self._middle = (at["mouth_left"][0] + at["mouth_right"][0]) / 2
        level = (at["mouth_left"][1] + at["mouth_right"][1]) / 2
        beneath = at["chin"][1] - level
        above = max(at["nose_tip"][1] + 0.05, at["lip_top"][1] - 0.3)
        across = (self._middle - SIDE, self._middle + SIDE)
        self.patch = patch(stage, across, (above - 0.3, at["chin"][1] + 0.75))
        self._line_up(stage)
        self._fall(beneath, at["lip_bottom"][1] - level, level - above)
        self._draw_corners(level)
        self.within = Within(stage, self._middle, self._half)

    def _line_up(self, stage: Stage) -> None:
        """The line between the lips, and how each lip bends away from it, by u."""
        u, v = lips_line(stage.picture, self._found)
        all_u = np.linspace(self._middle - SIDE, self._middle + SIDE, STEPS)
        ends = (float(all_u[0]), float(all_u[-1]))
        share = np.clip(np.abs(all_u - self._middle) / (self._half * 0.93), 0, 1)
        self._line = Curve(*ends, np.interp(all_u, u, v))
        self._level = Curve(*ends, _even(all_u, u, v))
        self._lens = Curve(*ends, (1 - share**2.2) ** 0.8)
        self._near = Curve(*ends, ramp(np.abs(all_u - self._middle), self._half * 1.5, self._half * 0.6))
        self._cheek = Curve(*ends, ramp(np.abs(all_u - self._middle), SIDE * 0.95, 0.2))

    def _fall(self, beneath: float, lip: float, above: float) -> None:
        """How much of a lip's and of the chin's movement is felt at a distance from the edge of the lip."""
        far = np.linspace(0, 2.5, STEPS)
        self._with_lip = Curve(0, 2.5, ramp(far, beneath * 0.85, lip * 0.45))
        felt = ramp(far, 0.0, beneath * 0.8) * ramp(far, beneath + 0.7, beneath * 0.95)
        self._with_chin = Curve(0, 2.5, felt)
        self._with_upper = Curve(0, 2.5, ramp(far, max(above, 0.1), 0.02))
        self._edges = Curve(0, 2.5, np.exp(-far / TUCKED_OVER))
        self._thick = Curve(0, 2.5, np.exp(-((far / (self._found.lips_height * 0.55)) ** 2)))

    def _draw_corners(self, level: float) -> None:
        """How much of a pull at the corners, outwards and upwards, is felt at each pixel."""
        u, v = self.patch.u - np.float32(self._middle), self.patch.v - np.float32(level)
        half = self._half
        self._sideways = u * bump(u / (half * 1.35), v / 0.42)
        ends = bump((np.abs(u) - half * 1.05) / 0.36, (v + 0.02) / 0.3)
        self._upwards = ends * ramp(np.abs(u), 0.0, half)
        self._outwards = ends * np.sign(u) * ramp(np.abs(u), 0.0, half * 0.8)

    def draw(self, source: Packed, lips: Lips, mood: Mood, onto: Packed) -> None:
        """Draw the lower face of the still `source` so held into `onto`."""
        u, v = self._pulled(lips, mood)
        places = self._line.places(u)
        line, lens = self._line.look(places), self._lens.look(places)
        high, low = self._parted(lips)
        from_line = v - line
        upper, lower = lens * np.float32(-high), lens * np.float32(low)
        beneath = from_line - lower
        fallen = lower * self._with_lip(np.maximum(beneath, 0))
        fallen += self._jaw(lips) * self._cheek.look(places) * self._with_chin(np.maximum(beneath, 0))
        beyond = upper - from_line
        raised = upper * self._with_upper(np.maximum(beyond, 0))
        below = beneath > beyond
        held = np.where(below, np.maximum(from_line, lower) - fallen, np.minimum(from_line, upper) - raised)
        held *= 1 + np.float32(_thinness(lips, mood)) * self._near.look(places) * self._thick(np.abs(held))
        parted = np.float32(TUCKED * min(1.0, (high + low) / 0.05)) * lens * self._edges(np.abs(held))
        held += np.where(below, parted, -parted)
        drawn = self.patch.read(source, u, line + held)
        if high + low > 0.004:
            self.within.paint(drawn, lips, (u, from_line, upper, lower, v - self._level.look(places)))
        onto[self.patch.rows, self.patch.columns] = drawn

    def _pulled(self, lips: Lips, mood: Mood) -> tuple[Floats, Floats]:
        narrow = np.float32(PUCKER * lips.pucker - SPREAD * lips.spread * (1 - lips.pucker))
        smile = np.float32(mood.smile * (1 - 0.5 * lips.pucker))
        u = self.patch.u + narrow * self._sideways
        u -= smile * np.float32(SMILE_OUT) * self._outwards
        return u, self.patch.v + smile * np.float32(SMILE_UP) * self._upwards

    @staticmethod
    def _jaw(lips: Lips) -> np.float32:
        return np.float32(CHIN * lips.open * (1 - 0.9 * lips.press))

    @staticmethod
    def _parted(lips: Lips) -> tuple[float, float]:
        """Return how far the upper lip is raised and the lower one has fallen, in units."""
        free = (1 - lips.press) * (1 - lips.tuck)
        low = LOWER * lips.open * free + BITE_GAP * lips.tuck
        high = UPPER * min(1.0, 1.3 * lips.open) * (1 - 0.7 * lips.pucker) * free + BITE * lips.tuck * (1 - lips.press)
        return high, low


def _thinness(lips: Lips, mood: Mood) -> float:
    """Return how much thinner the lips are than at rest; negative for thicker."""
    return 0.4 * lips.press + 0.22 * mood.tight + 0.12 * lips.spread + 0.3 * lips.tuck - 0.22 * lips.pucker


def _even(at: NDArray[np.floating], u: Floats, v: Floats) -> NDArray[np.floating]:
    """Return the curve of the teeth: from corner to corner as deep as the line of the lips, without its waves."""
    share = np.clip((at - u[0]) / (u[-1] - u[0]), 0, 1)
    straight = v[0] + (v[-1] - v[0]) * np.linspace(0, 1, v.size)
    deep = 1.5 * float(np.mean(v - straight)) * (1 - (2 * share - 1) ** 2)
    return np.asarray(v[0] + (v[-1] - v[0]) * share + deep)
