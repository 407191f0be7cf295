"""Draws eyes and brows; each is drawn as the viewer's right one, about its middle, and mirrored for the left."""

from __future__ import annotations

from avatars.manifest import Brows, Eyes
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.video.illustrated.colours import mixed, shade
from core_pipeline.engines.video.illustrated.strokes import (
    Point,
    clipped,
    curve,
    ellipse,
    falling,
    falling_between,
    filled,
    glowing,
    line,
    onwards,
    placed,
)

_SHUT = 0.985


class EyePair:
    """Both eyes of an avatar."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._round = eyes.style == "round"
        self._crease = mixed(eyes.lid, eyes.lash, 0.42)
        self._fold = 0.3 if self._round else 0.5
        self._shade = mixed(eyes.lash, "#6a4a44", 0.3)
        rim, warm = mixed(eyes.iris, "#0c0705", 0.55), shade(eyes.iris, "light")
        self.defs = (
            falling("iris", (0, rim), (0.5, eyes.iris), (1, warm))
            + falling("sclera", (0, "#e6dcd6"), (0.4, "#fdfaf6"), (1, "#f7f0ea"))
            + falling_between(
                "lid",
                *(-eyes.height, eyes.height),
                (0, mixed(eyes.lid, self._crease, 0.18)),
                (1, mixed(eyes.lid, shade(eyes.lid, "light"), 0.6)),
            )
            + glowing("iris-glow", shade(warm, "light"), 0.7)
        )
        self._rim = rim

    def drawn(self, pose: Pose) -> str:
        """Return both eyes as this pose holds them."""
        left, right = self._eyes.left, self._eyes.right
        return placed(*left, self._eye(pose, -1), -1, 1) + placed(*right, self._eye(pose, 1), 1, 1)

    def _eye(self, pose: Pose, side: int) -> str:
        mood = pose.mood
        hung = 0.15 * max(0.0, mood.droop) + 0.5 * max(0.0, mood.squint) ** 3 + 0.16 * max(0.0, pose.look[1])
        shut = min(1.0, pose.lid + (1 - pose.lid) * hung)
        inner, outer = self._corners(pose)
        lower = self._lower(pose, shut)
        rest = self._upper(pose)
        upper = tuple((x, y + (under - y) * shut) for (x, y), (_, under) in zip(rest, lower, strict=True))
        edge = curve(inner, *upper, outer)
        opening = edge + onwards(lower[1], lower[0], inner) + "Z"
        parts = [self._lid(inner, outer, rest, upper, shut)]
        if shut < _SHUT:
            parts.append(
                clipped(f"eye{side}", opening, self._ball(pose, side, shut) + self._shadow(inner, outer, upper))
            )
        parts += [self._lower_edge(inner, outer, lower), self._lashes(inner, outer, upper, shut)]
        return "".join(parts)

    def _corners(self, pose: Pose) -> tuple[Point, Point]:
        width, tilt = self._eyes.width, 0.0 if self._round else self._eyes.height * 0.13
        sad = max(0.0, pose.mood.inner) * max(0.0, pose.mood.droop) * 3
        return (-width, tilt * 1.3), (width, -tilt + sad)

    def _upper(self, pose: Pose) -> tuple[Point, Point]:
        width, mood = self._eyes.width, pose.mood
        top = -self._eyes.height * 1.36 * (1 + 0.2 * mood.wide)
        reach = 0.86 if self._round else 0.56
        inner = top * (1 - (0.85 if self._round else 0.5) * max(0.0, mood.furrow) * (1 - max(0.0, mood.wide)))
        outer = top * (1 - 0.5 * max(0.0, mood.droop))
        return (-width * reach, inner), (width * (reach - 0.06), outer)

    def _lower(self, pose: Pose, shut: float) -> tuple[Point, Point]:
        width, height = self._eyes.width, self._eyes.height
        deep = height * (1.34 if self._round else 0.98)
        raised = max(0.0, pose.mood.squint) * (0.7 + 0.65 * shut) + 0.06 * shut
        y = deep * (1 - raised) + 1.5 * max(0.0, pose.mood.wide)
        return (-width * 0.56, y), (width * 0.56, y)

    def _ball(self, pose: Pose, side: int, shut: float) -> str:
        width, height = self._eyes.width, self._eyes.height
        radius = height * (0.94 if self._round else 1.0)
        x = pose.look[0] * side * width * 0.27
        y = pose.look[1] * height * 0.42 - height * 0.08
        lights, bright = radius * side, min(1.0, 1.5 * (1 - shut) ** 2)
        return (
            f'<rect x="{-width - 4:.1f}" y="{-height * 2:.1f}" width="{width * 2 + 8:.1f}" height="{height * 4:.1f}"'
            ' fill="url(#sclera)"/>'
            + ellipse(-width * 0.93, 1.8, width * 0.13, 3, "#e2a394", 0.75)
            + ellipse(x, y, radius, radius, self._rim)
            + ellipse(x, y, radius * 0.93, radius * 0.93, "url(#iris)")
            + ellipse(x, y + radius * 0.45, radius * 0.6, radius * 0.45, "url(#iris-glow)")
            + ellipse(x, y, radius * 0.46, radius * 0.46, "#120906")
            + ellipse(x - lights * 0.34, y - radius * 0.36, radius * 0.27, radius * 0.25, "#ffffff", 0.96 * bright)
            + ellipse(x + lights * 0.36, y + radius * 0.38, radius * 0.13, radius * 0.12, "#ffffff", 0.65 * bright)
        )

    def _shadow(self, inner: Point, outer: Point, upper: tuple[Point, ...]) -> str:
        thick = self._eyes.height * 0.42
        under = tuple((x, y + thick) for x, y in reversed(upper))
        path = curve(inner, *upper, outer) + onwards(*under, inner) + "Z"
        return filled(path, self._shade, 0.26)

    def _lid(self, inner: Point, outer: Point, rest: tuple[Point, ...], upper: tuple[Point, ...], shut: float) -> str:
        height = self._eyes.height
        rise = height * (0.5 - 0.2 * shut)
        fold = tuple((x, y - rise + height * 0.3 * shut) for x, y in rest)
        start, end = (inner[0] + 2, inner[1] - 1.5), (outer[0] - 1, outer[1] - 1.5)
        body = curve(start, *fold, end) + f"L{outer[0]:.2f},{outer[1]:.2f}" + onwards(*reversed(upper), inner) + "Z"
        crease = line(
            curve((start[0] + 4, start[1] - 3), *fold, (end[0] - 2, end[1] - 3)), self._crease, 1.7, self._fold
        )
        return filled(body, "url(#lid)") + crease

    def _lower_edge(self, inner: Point, outer: Point, lower: tuple[Point, ...]) -> str:
        near = tuple((x, y + 0.8) for x, y in lower)
        start, end = (inner[0] + 5, inner[1] + 1.5), (outer[0] - 1, outer[1] + 0.5)
        return line(curve(start, *near, end), self._crease, 1.5, 0.62)

    def _lashes(self, inner: Point, outer: Point, upper: tuple[Point, ...], shut: float) -> str:
        """Return the dark edge of the upper lid, thicker outwards, with a wing as long as the lashes."""
        long = self._eyes.lashes
        thick = self._eyes.height * (0.21 + 0.11 * long)
        tip = (outer[0] + 1.5 + 6.5 * long, outer[1] - (1.5 + 5.5 * long) * (1 - 1.5 * shut))
        (x1, y1), (x2, y2) = upper
        path = (
            curve(inner, *upper, outer)
            + f"L{tip[0]:.2f},{tip[1]:.2f}"
            + onwards((x2 + 3, y2 - thick * 1.9), (x1, y1 - thick * 1.05), (inner[0] - 0.8, inner[1] - 0.3))
            + "Z"
        )
        return filled(path, self._eyes.lash)


class BrowPair:
    """Both brows of an avatar."""

    def __init__(self, brows: Brows) -> None:
        self._brows = brows
        soft = mixed(brows.colour, "#c08a6a", 0.25)
        self.defs = (
            f'<linearGradient id="brow" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="{soft}"'
            f' stop-opacity="0.82"/><stop offset="0.3" stop-color="{brows.colour}"/>'
            f'<stop offset="1" stop-color="{brows.colour}" stop-opacity="0.88"/></linearGradient>'
        )

    def drawn(self, pose: Pose) -> str:
        """Return both brows as this pose holds them."""
        brow = filled(self._shape(pose), "url(#brow)")
        return placed(*self._brows.left, brow, -1, 1) + placed(*self._brows.right, brow, 1, 1)

    def _shape(self, pose: Pose) -> str:
        """Return an arch, fullest at a third of its way, round and thinner at its inner end, a point at the outer."""
        width, weight, mood = self._brows.width, self._brows.weight, pose.mood
        up, sorrow = -width * 0.34 * mood.raised, max(0.0, mood.inner)
        inner = up + width * (0.09 + 0.24 * mood.furrow * (1 - sorrow) - 0.5 * mood.inner)
        near = up - width * (0.14 - 0.16 * mood.furrow * (1 - sorrow) + 0.16 * mood.inner)
        far = up - width * (0.27 - 0.18 * sorrow)
        outer = up + width * (0.1 + 0.14 * mood.inner - 0.1 * mood.furrow)
        start, end = -width * (1 + 0.16 * mood.furrow), weight * 0.25
        x1, x2 = -width * 0.42, width * 0.34
        return (
            f"M{start:.2f},{inner + end:.2f}"
            f"Q{start - end * 1.5:.2f},{inner - end * 0.3:.2f} {start + end:.2f},{inner - end * 1.2:.2f}"
            + onwards((x1, near - weight * 0.74), (x2, far - weight * 0.4), (width, outer))
            + onwards((x2, far + weight * 0.5), (x1, near + weight * 0.62), (start, inner + end))
            + "Z"
        )
