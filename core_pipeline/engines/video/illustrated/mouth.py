"""Draws a mouth with lips: drawn for one 34 units wide from its middle to a corner, and scaled."""

from __future__ import annotations

from dataclasses import dataclass

from avatars.manifest import Mouth
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.video.illustrated.colours import mixed, shade
from core_pipeline.engines.video.illustrated.strokes import (
    Point,
    clipped,
    curve,
    ellipse,
    falling,
    filled,
    glowing,
    line,
    mirrored,
    onwards,
    placed,
)

DRAWN = 34.0


@dataclass(frozen=True, slots=True)
class Held:
    """The measures of a mouth in one pose: half its width, where the corners, the middle and the inner edges are."""

    half: float
    corner: float
    top: float
    bottom: float
    middle: float
    upper: float
    lower: float

    @classmethod
    def of(cls, mouth: Mouth, pose: Pose) -> Held:
        """Return the measures for a mouth in a pose."""
        lips, mood = pose.mouth, pose.mood
        smile = mood.smile * (1 - 0.45 * lips.pucker) * (1 - 0.2 * lips.open)
        half = DRAWN * (1 + 0.13 * lips.spread + 0.16 * max(0.0, smile) - 0.2 * mood.tight)
        half *= (1 - 0.37 * lips.pucker) * (1 - 0.05 * lips.open)
        fall = mouth.drop * DRAWN / mouth.width * 1.7
        middle = 2.6 * smile + 0.6 * lips.open
        top = middle - lips.open * 6.2 * (1 - 0.5 * lips.tuck) - 3.4 * lips.tuck
        bottom = middle + lips.open * fall * (1 - 0.16 * lips.pucker) * (1 - 0.86 * lips.tuck)
        thick = (1 - 0.42 * lips.press) * (1 - 0.34 * mood.tight) * (1 + 0.26 * lips.pucker) * mouth.fullness
        upper = 7.4 * thick * (1 - 0.2 * lips.open) * (1 - 0.2 * max(0.0, smile))
        lower = 10.4 * thick * (1 - 0.14 * lips.open) * (1 - 0.22 * lips.tuck)
        return cls(
            half, middle - (12.5 if smile > 0 else 10.5) * smile + 0.8 * lips.open, top, bottom, middle, upper, lower
        )

    @property
    def gap(self) -> float:
        """How far the lips are apart."""
        return self.bottom - self.top


class LipMouth:
    """A mouth with lips."""

    def __init__(self, mouth: Mouth) -> None:
        self._mouth = mouth
        deep = mixed(mouth.line, "#120305", 0.62)
        shadow = mixed(mouth.line, "#1a0c0a", 0.55)  # its own dark: right on skin, on dark and on white hair
        self._line = mouth.line
        self.defs = (
            falling("lip-up", (0, shade(mouth.upper, "light")), (0.35, mouth.upper), (1, shade(mouth.upper, "dark")))
            + falling(
                "lip-low",
                (0, shade(mouth.lower, "dark")),
                (0.4, mouth.lower),
                (0.75, shade(mouth.lower, "light")),
                (1, mouth.lower),
            )
            + falling("cavity", (0, deep), (1, mixed(mouth.line, deep, 0.45)))
            + falling("teeth", (0, "#d9cbc4"), (0.3, "#f7f1ea"), (1, "#fffdf8"))
            + falling("tongue", (0, "#d9747a"), (1, "#b04f59"))
            + glowing("lip-light", "#fff0ea", 0.75)
            + glowing("under-lip", shadow, 0.27)
        )

    def drawn(self, pose: Pose) -> str:
        """Return the mouth as this pose holds it."""
        held = Held.of(self._mouth, pose)
        inner = self._inner_top(held)
        inside = curve((-held.half, held.corner), *inner) + self._inner_bottom(held) + "Z"
        parts = [
            ellipse(0, held.bottom + held.lower * 1.25 + 4, held.half * 0.62, 6.5, "url(#under-lip)"),
            filled(inside, "url(#cavity)"),
        ]
        if held.gap > 0.8:
            parts.append(clipped("inside", inside, self._within(held, pose)))
        parts += [self._lower_lip(held), self._upper_lip(held), self._lights(held, pose), self._seam(held, pose)]
        return placed(*self._mouth.at, "".join(parts), self._mouth.width / DRAWN)

    def _inner_top(self, held: Held) -> tuple[Point, ...]:
        """Return the points of the upper lip's inner edge, from the left corner's first control point to the right."""
        half, side = held.half, held.corner * 0.16 + held.middle * 0.84
        left = (
            (-half * 0.7, side + (held.top - held.middle) * 0.9),
            (-half * 0.3, held.top - 0.5),
            (0, held.top + 0.7),
        )
        return (*left, *mirrored(*left)[1:], (half, held.corner))

    @staticmethod
    def _inner_bottom(held: Held) -> str:
        half, side = held.half, held.corner * 0.16 + held.middle * 0.84
        low = held.bottom + 0.7
        left = ((-half * 0.4, low), (-half * 0.74, side + (held.bottom - held.middle) * 0.82))
        return onwards(*mirrored(*left), (0, low), *left, (-half, held.corner))

    def _upper_lip(self, held: Held) -> str:
        half, up = held.half, held.upper
        peak = held.top - up * 1.12
        left = (
            (-half * 0.7, held.corner * 0.36 + held.top * 0.64 - up * 0.52),
            (-half * 0.38, peak - up * 0.02),
            (-half * 0.19, peak),
            (-half * 0.11, peak + up * 0.01),
            (-half * 0.07, held.top - up * 0.82),
            (0, held.top - up * 0.82),
        )
        outer = curve((-half, held.corner), *left, *mirrored(*left)[1:], (half, held.corner))
        back = self._inner_top(held)
        return filled(outer + onwards(*reversed(back[:-1]), (-half, held.corner)) + "Z", "url(#lip-up)")

    def _lower_lip(self, held: Held) -> str:
        half, low = held.half, held.bottom + held.lower * 1.02
        side = held.corner * 0.24 + held.middle * 0.76 + (held.bottom - held.middle) * 0.84 + held.lower * 0.62
        left = ((-half * 0.78, side), (-half * 0.42, low), (0, low))
        outer = curve((-half, held.corner), *left, *mirrored(*left)[1:], (half, held.corner))
        return filled(outer + self._inner_bottom(held) + "Z", "url(#lip-low)")

    def _lights(self, held: Held, pose: Pose) -> str:
        shine = 0.62 * (1 - 0.6 * pose.lips.press)
        thick = held.lower
        return (
            ellipse(
                -held.half * 0.08, held.bottom + thick * 0.56, held.half * 0.42, thick * 0.25, "url(#lip-light)", shine
            )
            + ellipse(
                -held.half * 0.2,
                held.top - held.upper * 0.84,
                held.half * 0.16,
                held.upper * 0.15,
                "url(#lip-light)",
                0.5,
            )
            + ellipse(-held.half - 1, held.corner + 0.6, 4.6, 3.6, "url(#under-lip)", 0.8)
            + ellipse(held.half + 1, held.corner + 0.6, 4.6, 3.6, "url(#under-lip)", 0.8)
        )

    def _seam(self, held: Held, pose: Pose) -> str:
        """Return the line between closed lips, thick in the middle and thin at the corners."""
        shut = max(0.0, 1 - held.gap / 3)
        if shut <= 0:
            return ""
        above = self._inner_top(held)
        below = tuple((x, y + 1.5 + 0.6 * pose.lips.press) for x, y in above[:-1])
        path = curve((-held.half, held.corner), *above) + onwards(*reversed(below), (-held.half, held.corner)) + "Z"
        return filled(path, self._line, 0.4 + 0.6 * shut)

    def _within(self, held: Held, pose: Pose) -> str:
        lips = pose.mouth
        return self._tongue(held, lips.open) + self._teeth(held, lips.teeth) + self._tip(held, lips.tongue, lips.lift)

    def _teeth(self, held: Held, seen: float) -> str:
        tall = min(7.6, 1.4 + 0.55 * held.gap) * (0.3 + 0.7 * seen)
        if seen < 0.04:
            return ""
        half, top = held.half * 0.8, held.top - 4
        edge = held.top + tall
        left = ((-half * 0.66, edge), (-half * 0.3, edge + 0.5), (0, edge + 0.5))
        path = (
            f"M{-half:.2f},{top:.2f}L{-half:.2f},{edge - tall * 0.62:.2f}"
            + onwards(*left, *mirrored(*left)[1:], (half, edge - tall * 0.62))
            + f"L{half:.2f},{top:.2f}Z"
        )
        gaps = "".join(
            line(f"M{x * half:.2f},{top:.2f}L{x * half:.2f},{edge:.2f}", "#b9a59b", 0.7, 0.2)
            for x in (-0.44, -0.2, 0, 0.2, 0.44)
        )
        return filled(path, "url(#teeth)", min(1.0, 0.35 + seen)) + gaps

    @staticmethod
    def _tongue(held: Held, opening: float) -> str:
        if opening < 0.12:
            return ""
        y, rise = held.bottom + 3.5, 4 + held.gap * 0.34
        return ellipse(0, y, held.half * 0.56, rise, "url(#tongue)") + ellipse(
            0, y - rise * 0.3, held.half * 0.2, rise * 0.42, "#eba2a4", 0.35
        )

    @staticmethod
    def _tip(held: Held, between: float, lift: float) -> str:
        parts = ""
        if lift > 0.05:
            reach = held.top + 5.5 + (held.gap - 4) * (1 - lift)
            half, low = held.half * 0.4, held.bottom + 6
            path = curve(
                (-half, low),
                (-half, reach + 3),
                (-half * 0.72, reach),
                (0, reach),
                (half * 0.72, reach),
                (half, reach + 3),
                (half, low),
            )
            parts += filled(path + "Z", "url(#tongue)", min(1.0, lift * 1.6))
        if between > 0.05:
            y = held.top + 4.6 + 3.6 * (1 - between)
            parts += ellipse(0, y + 2.4, held.half * 0.5, 4.6 * between + 1, "url(#tongue)", min(1.0, between * 2))
            parts += ellipse(0, y + 1.2, held.half * 0.28, 1.6 * between + 0.4, "#f0b0b0", 0.55 * between)
        return parts
