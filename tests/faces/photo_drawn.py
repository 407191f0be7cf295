"""A face painted by arithmetic that passes for a photograph: light, folds and grain, its points known exactly."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from core_pipeline.contracts.faces import Face
from core_pipeline.engines.landmarks.points import Axes
from core_pipeline.engines.landmarks.proposing import views

SKIN, LIP, HAIR = (205, 158, 130), (168, 92, 88), (48, 34, 28)


@dataclass(frozen=True)
class Look:
    """How the painted person looks and is photographed; `light` is the exposure, `roll` the head's tilt in radians."""

    skin: tuple[int, int, int] = SKIN
    roll: float = 0.0
    light: float = 1.0
    unit: float = 190.0
    width: int = 900
    height: int = 1100
    gap: float = 0.0
    lids: float = 0.0
    scarf: tuple[int, int, int] | None = None


AT = {
    "eye_left_outer": (-0.74, 0.0),
    "eye_left_inner": (-0.26, 0.01),
    "eye_left_top": (-0.5, -0.1),
    "eye_right_inner": (0.26, 0.01),
    "eye_right_outer": (0.74, 0.0),
    "eye_right_top": (0.5, -0.1),
    "nose_tip": (0.0, 0.66),
    "mouth_left": (-0.4, 1.07),
    "mouth_right": (0.4, 1.07),
    "lip_top": (0.0, 0.965),
    "lip_bottom": (0.0, 1.22),
    "chin": (0.0, 1.75),
}


def soft(values: np.ndarray, start: float, end: float) -> np.ndarray:
    share = np.clip((values - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)


class Canvas:
    """Colours to lay one over the other, along a face's axes."""

    def __init__(self, look: Look) -> None:
        y, x = np.mgrid[0 : look.height, 0 : look.width].astype(np.float32)
        self.axes = Axes(look.width / 2, look.height * 0.4, look.unit, look.roll)
        self.u, self.v = self.axes.within(x, y)
        wall = 0.75 + 0.35 * soft(x, 0, look.width) - 0.2 * soft(y, 0, look.height)
        self.rgb = np.array([150, 162, 170], np.float32) * wall[..., None]

    def lay(self, share: np.ndarray, colour: object, strength: float = 1.0) -> None:
        layer = np.asarray(colour, np.float32)
        self.rgb += (layer - self.rgb) * (np.clip(share, 0, 1) * np.float32(strength))[..., None].astype(np.float32)

    def oval(self, u: float, v: float, wide: float, high: float, edge: float = 0.03) -> np.ndarray:
        far = np.hypot((self.u - u) / wide, (self.v - v) / high)
        return soft(far, 1 + edge / min(wide, high), 1 - edge / min(wide, high))


@lru_cache(maxsize=12)
def portrait(look: Look | None = None) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    """Return the picture (height, width, 3) and the twelve points in its pixels."""
    look = look or Look()
    canvas = Canvas(look)
    _behind(canvas, look)
    _skin(canvas, look)
    for side in (-1, 1):
        _eye(canvas, look, side)
    _nose(canvas, look)
    _mouth(canvas, look)
    _front(canvas, look)
    grain = np.random.default_rng(7).normal(0, 2.2, canvas.rgb.shape)
    rgb = np.clip(canvas.rgb * look.light + grain, 0, 255)
    points = {name: canvas.axes.outside(*spot) for name, spot in AT.items()}
    picture = np.rint(rgb).astype(np.uint8)
    picture.flags.writeable = False
    return picture, points


def _behind(canvas: Canvas, look: Look) -> None:
    u, v = canvas.u, canvas.v
    shoulders = soft(v - 2.35 - 0.16 * u**2, 0.0, 0.06) * soft(np.abs(u), 2.5, 2.3)
    if look.scarf is None:
        canvas.lay(canvas.oval(0, 0.05, 1.28, 1.55, 0.08), np.array(HAIR) * 0.8)
    neck = soft(np.abs(u) - 0.12 * np.clip(v - 1.9, 0, 1) ** 2, 0.54, 0.47) * soft(v, 1.0, 1.2) * soft(v, 2.9, 2.7)
    canvas.lay(neck, np.array(look.skin) * (0.72 + 0.16 * soft(v, 1.6, 2.3))[..., None])
    canvas.lay(shoulders, np.array([46, 62, 88]) * (1.05 - 0.25 * soft(np.abs(u), 0, 2))[..., None])


def _skin(canvas: Canvas, look: Look) -> None:
    u, v = canvas.u, canvas.v
    taper = 1.1 - 0.18 * soft(v, 0.3, 1.75) - 0.05 * soft(v, 0, -1.3)
    far = np.hypot(u / taper, (v - 0.25) / 1.5)
    face = soft(far, 1.02, 0.98)
    round_off = 1.06 - 0.36 * soft(far, 0.55, 1.05) + 0.05 * soft(u, 0.8, -0.8)
    forehead = 0.06 * np.exp(-((u / 0.6) ** 2) - ((v + 0.75) / 0.35) ** 2)
    cheeks = 0.07 * sum(np.exp(-(((u - s * 0.6) / 0.25) ** 2) - ((v - 0.55) / 0.25) ** 2) for s in (-1, 1))
    chin = 0.05 * np.exp(-((u / 0.25) ** 2) - ((v - 1.5) / 0.15) ** 2) - 0.09 * np.exp(
        -((u / 0.3) ** 2) - ((v - 1.3) / 0.05) ** 2
    )
    folds = -0.07 * sum(
        np.exp(-(((u - s * (0.33 + 0.22 * (v - 0.6))) / 0.045) ** 2)) * soft(v, 0.6, 0.75) * soft(v, 1.1, 0.9)
        for s in (-1, 1)
    )
    light = round_off + forehead + cheeks + chin + folds
    canvas.lay(face, np.array(look.skin) * light[..., None])
    for side in (-1, 1):
        canvas.lay(canvas.oval(side * 0.62, 0.62, 0.3, 0.24, 0.2), (214, 128, 112), 0.16)


def _eye(canvas: Canvas, look: Look, side: int) -> None:
    u, v = canvas.u - side * 0.5, canvas.v
    arch = np.sqrt(np.clip(1 - (u / 0.24) ** 2, 0, 1))
    top, bottom = -0.1 * arch + 0.15 * look.lids * arch, 0.05 * arch
    open_ = soft(v - top, -0.006, 0.006) * soft(bottom - v, -0.006, 0.006) * (np.abs(u) < 0.24)
    canvas.lay(np.exp(-((u / 0.36) ** 2) - ((v - 0.02) / 0.2) ** 2), np.array(look.skin) * 0.72, 0.4)
    canvas.lay(np.exp(-(((v + 0.165 + 0.05 * (arch - 1)) / 0.012) ** 2)) * arch, np.array(look.skin) * 0.55, 0.55)
    canvas.lay(open_, (228, 222, 216))
    iris = np.hypot(u, v + 0.025)
    canvas.lay(open_ * soft(iris, 0.112, 0.1), np.array([74, 48, 30]) * (0.7 + 2.2 * iris)[..., None])
    canvas.lay(open_ * soft(iris, 0.05, 0.042), (12, 9, 9))
    canvas.lay(open_ * soft(np.hypot(u - 0.03, v + 0.06), 0.024, 0.014), (250, 250, 250))
    canvas.lay(open_ * soft(v - top, 0.06, 0.0), (60, 40, 34), 0.45)
    canvas.lay(soft(np.abs(v - top + 0.004), 0.018, 0.007) * soft(np.abs(u), 0.25, 0.22), (30, 20, 18), 0.95)
    canvas.lay(soft(np.abs(v - bottom), 0.012, 0.004) * soft(np.abs(u), 0.24, 0.2), (110, 70, 60), 0.5)
    curve = -0.38 - 0.07 * np.cos(np.clip((u * side - 0.05) / 0.36, -1, 1) * 1.5)
    brow = soft(np.abs(v - curve - 0.03), 0.05, 0.025) * soft(np.abs(u - side * 0.02), 0.34, 0.24)
    canvas.lay(brow, np.array(HAIR) * 1.1, 0.8)


def _nose(canvas: Canvas, look: Look) -> None:
    u, v = canvas.u, canvas.v
    canvas.lay(np.exp(-((u / 0.05) ** 2)) * soft(v, -0.1, 0.2) * soft(v, 0.75, 0.6), np.array(look.skin) * 1.12, 0.5)
    for side in (-1, 1):
        wing = np.exp(-(((u - side * 0.17) / 0.05) ** 2) - ((v - 0.66) / 0.09) ** 2)
        canvas.lay(wing, np.array(look.skin) * 0.75, 0.55)
        canvas.lay(canvas.oval(side * 0.09, 0.745, 0.055, 0.026, 0.02), (72, 38, 32), 0.85)
    canvas.lay(np.exp(-((u / 0.06) ** 2) - ((v - 0.85) / 0.07) ** 2), np.array(look.skin) * 0.86, 0.5)


def _mouth(canvas: Canvas, look: Look) -> None:
    u, v = canvas.u, canvas.v
    share = np.clip(np.abs(u) / 0.4, 0, 1)
    line = 1.07 + 0.012 * np.cos(share * 3 * np.pi) * (1 - share)
    top = line - 0.115 * (1 - share**1.6) * (1 - 0.18 * np.exp(-((u / 0.05) ** 2)))
    bottom = line + 0.145 * (1 - share**2.2)
    lips = soft(v - top, -0.008, 0.01) * soft(bottom - v, -0.012, 0.012) * (np.abs(u) < 0.4)
    shade = np.where(v < line, 0.86, 1.04) - 0.12 * soft(np.abs(v - line), 0.05, 0)
    gloss = 0.16 * np.exp(-((u / 0.16) ** 2) - ((v - 1.145) / 0.025) ** 2)
    canvas.lay(lips, np.array(LIP) * np.array(look.skin) / np.array(SKIN) * (shade + gloss)[..., None], 0.92)
    thick = 0.011 + look.gap * (1 - share**2)
    canvas.lay(soft(np.abs(v - line), thick + 0.008, thick - 0.004) * soft(share, 1.0, 0.92), (62, 26, 27), 0.9)


def _front(canvas: Canvas, look: Look) -> None:
    u, v = canvas.u, canvas.v
    if look.scarf is None:
        strands = 1 + 0.25 * np.sin(u * 90 + 6 * np.sin(v * 7)) * 0.5
        cap = soft(v + 0.78 - 0.55 * u**2 + 0.1 * u, 0.05, -0.05) * canvas.oval(0, 0.05, 1.28, 1.55, 0.05)
        canvas.lay(cap, np.array(HAIR) * strands[..., None])
        return
    hole = np.hypot(u / 0.98, (v - 0.33) / 1.42)
    cloth = np.maximum(canvas.oval(0, 0.3, 1.5, 1.9, 0.05), soft(v, 1.9, 2.1) * soft(np.abs(u), 1.5, 1.3))
    folds = 0.9 + 0.14 * np.sin(hole * 22 + u * 3) - 0.2 * soft(hole, 1.15, 1.0)
    canvas.lay(cloth * soft(hole, 0.98, 1.02), np.array(look.scarf) * folds[..., None])


def png(rgb: np.ndarray) -> bytes:
    """The picture as a PNG file."""
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = rgb.shape[1], rgb.shape[0], "rgb24"
    codec.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    out = io.BytesIO()
    for packet in [*codec.encode(frame), *codec.encode(None)]:
        out.write(bytes(packet))
    return out.getvalue()


def manifest(points: dict[str, tuple[float, float]], width: int, height: int) -> bytes:
    """An `avatar.toml` for such a picture."""
    lines = ['kind = "photo"', 'licence = "made by us"']
    lines += [f'{part} = {{ ar = "صورة", en = "Painted" }}' for part in ("name", "about")]
    lines += ["[points]", *(f"{name} = [{x:.2f}, {y:.2f}]" for name, (x, y) in points.items())]
    lines += ["[views]", *(f"{name} = [{a}, {b}, {c}]" for name, (a, b, c) in views(points, width, height).items())]
    return "\n".join(lines).encode()


def painted(look: Look | None = None, name: str = "painted") -> Face:
    """The painted person as an avatar."""
    rgb, points = portrait(look)
    files = {"portrait.png": png(rgb), "avatar.toml": manifest(points, rgb.shape[1], rgb.shape[0])}
    return Face(name, "photo", files)
