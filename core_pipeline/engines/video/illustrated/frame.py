"""Puts layers and features together: one picture of a pose after the other, on one canvas."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

from avatars.manifest import Box, Illustrated
from core_pipeline.contracts.faces import Shape, View
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.video.illustrated.art import LAYERS, LEFT, TOP, Art, Piece, document
from core_pipeline.engines.video.illustrated.canvas import Canvas, Pixels
from core_pipeline.engines.video.illustrated.colours import mixed
from core_pipeline.engines.video.illustrated.eyes import BrowPair, EyePair
from core_pipeline.engines.video.illustrated.logo import checked
from core_pipeline.engines.video.illustrated.mouth import LipMouth
from core_pipeline.engines.video.illustrated.muzzle import Muzzle
from core_pipeline.engines.video.illustrated.strokes import curve, ellipse, filled, glowing, line, onwards
from core_pipeline.engines.video.illustrated.thorvg import Matrix
from errors import Impossible

# How far what lies near or far shifts when the head turns, in units at a full turn: a turn of a flat drawing.
_DEPTHS = {"back": -2.0, "face": 1.2, "features": 5.0, "nose": 7.5, "over": 6.0, "front": 0.6}
_ON_HEAD = frozenset(_DEPTHS)
_TURN = 0.1  # degrees in which a neck turns: a fifth of a pixel at its top
_TIP = 0.8  # how much further what is near goes down in a bow
_BREATH = 2.6
_EARS, _EARS_TURN = 7.0, 1.2  # an animal's: how far they fall in anger and grief, how much more than the head they turn
_FOLDS = {"young": 0.22, "adult": 0.42, "old": 0.7}  # how plain the lines beside a smile are
_OPENINGS = 100  # how many ways a jaw is bent: a step is a tenth of a unit
_TRAVEL = 10.0  # how far a head moves at most, in units


@dataclass(frozen=True)
class Lens:
    """Where a view looks at the art: `left`, `top` and how many pixels a unit is."""

    left: float
    top: float
    scale: float

    @classmethod
    def of(cls, manifest: Illustrated, view: View, shape: Shape) -> Lens:
        """Return the lens of an avatar's view in a shape; `Impossible` "avatar-view" for a view it doesn't have."""
        views = manifest.views.model_dump()
        if view not in views:
            raise Impossible("avatar-view", f"an avatar is seen in one of: {', '.join(views)}")
        left, top, width = views[view]
        return cls(left, top, shape.width / width)

    def pixels(self, box: Box) -> tuple[int, int, int, int]:
        """Return a box of the art as left, top, width and height in pixels."""
        x, y, width, height = box
        scale = self.scale
        return (
            round((x - self.left) * scale),
            round((y - self.top) * scale),
            round(width * scale),
            round(height * scale),
        )

    def matrix(self, x: float = 0.0, y: float = 0.0, roll: float = 0.0, about: tuple[float, float] = (0, 0)) -> Matrix:
        """Return what places a document of the art, turned by degrees about a point and then moved by units."""
        across, down = self.scale * cos(radians(roll)), self.scale * sin(radians(roll))
        from_x, from_y = LEFT - about[0], TOP - about[1]
        to_x, to_y = self.scale * (about[0] + x - self.left), self.scale * (about[1] + y - self.top)
        return (
            across, -down, across * from_x - down * from_y + to_x,
            down, across, down * from_x + across * from_y + to_y,
        )  # fmt: skip


class Features:
    """What an avatar's face does by itself: eyes, brows, mouth, and the colour of the cheeks."""

    def __init__(self, manifest: Illustrated) -> None:
        skin = manifest.eyes.lid
        self._eyes, self._brows = EyePair(manifest.eyes), BrowPair(manifest.brows)
        mouth, lips = manifest.mouth, manifest.mouth.style == "lips"
        self._mouth: LipMouth | Muzzle = LipMouth(mouth) if lips else Muzzle(mouth, skin)
        self._manifest = manifest
        self._fold = mixed(skin, "#6d2f22", 0.5)
        self._defs = self._eyes.defs + self._brows.defs + self._mouth.defs + glowing("flush", "#e0604f", 0.5)

    def drawn(self, pose: Pose) -> bytes:
        """Return the features of a pose as an SVG document in the units of the art."""
        body = (
            self._cheeks(pose)
            + self._folds(pose)
            + self._mouth.drawn(pose)
            + self._eyes.drawn(pose)
            + self._brows.drawn(pose)
        )
        return document(body, self._defs).encode()

    def _cheeks(self, pose: Pose) -> str:
        eyes, mouth, flush = self._manifest.eyes, self._manifest.mouth, pose.mood.flush
        if flush <= 0.02:
            return ""
        y = eyes.left[1] + (mouth.at[1] - eyes.left[1]) * 0.55
        return "".join(ellipse(x, y, 46, 32, "url(#flush)", flush) for x in (eyes.left[0] - 14, eyes.right[0] + 14))

    def _folds(self, pose: Pose) -> str:
        """Return the fine lines that a strong feeling draws: beside a smile, between knitted brows."""
        mouth, brows, mood = self._manifest.mouth, self._manifest.brows, pose.mood
        lines = ""
        if mood.smile > 0.4 and mouth.style == "lips":
            deep, (x, y), wide = (mood.smile - 0.4) * _FOLDS[self._manifest.age], mouth.at, mouth.width
            for side in (-1, 1):
                start, end = (x + side * wide * 0.84, y - 32), (x + side * wide * 1.36, y - 8)
                near, far = (x + side * wide * 1.08, y - 29), (x + side * wide * 1.28, y - 20)
                thick = ((x + side * (wide * 1.28 + 2.4), y - 21), (x + side * (wide * 1.08 + 1.6), y - 31.4), start)
                lines += filled(curve(start, near, far, end) + onwards(*thick) + "Z", self._fold, deep)
        if mood.furrow > 0.25:
            x, y = (brows.left[0] + brows.right[0]) / 2, (brows.left[1] + brows.right[1]) / 2
            for side in (-1, 1):
                lines += line(
                    f"M{x + side * 6},{y - 7:.1f}Q{x + side * 4},{y + 2:.1f} {x + side * 6.5},{y + 11:.1f}",
                    self._fold,
                    2,
                    mood.furrow * 0.3,
                )
        return lines


class Stage:
    """An avatar on a canvas of its own, seen in one view; belongs to the thread that made it.

    `mouth` is where the mouth may be in any pose: left, top, width and height in pixels.
    """

    def __init__(self, art: Art, view: View, shape: Shape, logo: bytes | None = None) -> None:
        self.lens = Lens.of(art.manifest, view, shape)
        self.mouth = self.lens.pixels(_roomier(art.manifest.mouth.box))
        self._pivot = art.manifest.pivot
        self._ears = art.manifest.mouth.style == "muzzle"
        self._canvas = Canvas(shape.width, shape.height)
        self._features = Features(art.manifest)
        self._placed: list[tuple[int, str, Piece]] = []
        self._opening = 0.0
        self._logo = logo
        try:
            self._build(art)
        except BaseException:
            self._canvas.close()
            raise

    def draw(self, pose: Pose) -> Pixels:
        """Return the picture of a pose, uint8 of (height, width, 4) as RGBA; the next call draws over it."""
        places = {name: self._place(name, pose) for name in (*LAYERS[1:], "features")}
        opening = round(pose.mouth.open * _OPENINGS) / _OPENINGS
        for number, name, piece in self._placed:
            if piece.moving and opening != self._opening:
                self._canvas.replace(number, piece.drawn(opening), places[name])
            else:
                self._canvas.move(number, places[name])
        self._opening = opening
        self._canvas.replace(self._face, self._features.drawn(pose), places["features"])
        return self._canvas.draw()

    def close(self) -> None:
        """Release everything."""
        self._canvas.close()

    def _build(self, art: Art) -> None:
        rest = self.lens.matrix()
        for piece in art.layers["background"]:
            self._canvas.add(piece.drawn(0.0), rest)
        if self._logo:
            self._hang(self._logo, art.manifest.logo)
        self._canvas.settle()
        for name in LAYERS[1:]:
            for piece in art.layers.get(name, ()):
                self._placed.append((self._canvas.add(piece.drawn(0.0), rest), name, piece))
            if name == "face":
                self._face = self._canvas.add(self._features.drawn(Pose()), rest)

    def _hang(self, logo: bytes, box: Box) -> None:
        number = self._canvas.add(checked(logo), kind="png")
        width, height = self._canvas.size(number)
        left, top, wide, tall = self.lens.pixels(box)
        scale = min(wide / width, tall / height)
        x, y = left + (wide - width * scale) / 2, top + (tall - height * scale) / 2
        self._canvas.move(number, (scale, 0, x, 0, scale, y))

    def _place(self, layer: str, pose: Pose) -> Matrix:
        if layer in _ON_HEAD:
            depth, mood = _DEPTHS[layer], pose.mood
            y, roll = pose.y + _TIP * abs(depth) * mood.bow, pose.roll
            if layer == "back" and self._ears:
                y, roll = y + _EARS * max(mood.furrow, mood.droop), roll * _EARS_TURN
            return self.lens.matrix(pose.x + depth * pose.yaw, y, roll, self._pivot)
        x, y, roll = pose.sway, -_BREATH * pose.breath, 0.0
        if layer == "neck":
            x, y, roll = (pose.x + x) / 2, (pose.y + y) / 2, round(pose.roll / 2 / _TURN) * _TURN
        # In quarters of a pixel: unseen, and what stands still for a few pictures need not be drawn anew.
        step = 0.25 / self.lens.scale
        return self.lens.matrix(round(x / step) * step, round(y / step) * step, roll, self._pivot)


def _roomier(box: Box) -> Box:
    x, y, width, height = box
    return x - _TRAVEL, y - _TRAVEL, width + 2 * _TRAVEL, height + 2 * _TRAVEL
