"""Shades of a colour, by how light it looks (OKLab) rather than by its numbers."""

from __future__ import annotations

import re

import numpy as np

_ASKED = re.compile(r"var\(--(\w+?)(?:-(light|dark|deep))?,\s*(#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3})\)")
_TO_CONES = np.array(
    [[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.6806995, 0.10739696], [0.08830246, 0.28171884, 0.6299787]]
)
_TO_LAB = np.array(
    [[0.21045426, 0.79361779, -0.00407205], [1.9779985, -2.42859221, 0.45059371], [0.02590404, 0.78277177, -0.80867577]]
)
_LINEAR_BELOW = 0.04045


def shade(colour: str, name: str) -> str:
    """Return the "light", "dark" or "deep" shade of "#rrggbb"; any other name returns the colour itself."""
    factor = {"light": None, "dark": 0.84, "deep": 0.66}.get(name, 1.0)
    lab = _lab(colour)
    if factor is None:
        lab = lab * (1, 0.94, 0.94) + ((1 - lab[0]) * 0.24, 0, 0)
    else:
        lab *= factor
    return _written(lab)


def mixed(one: str, other: str, share: float) -> str:
    """Return the colour that lies this share of the way from one to the other."""
    return _written(_lab(one) * (1 - share) + _lab(other) * share)


def painted(art: str, colours: dict[str, str]) -> str:
    """Return art with each `var(--name-shade,#fallback)` as a plain colour: of `colours` where they name it."""

    def plain(found: re.Match[str]) -> str:
        name, which, fallback = found.groups()
        return shade(colours[name], which or "") if name in colours else fallback

    return _ASKED.sub(plain, art)


def _lab(colour: str) -> np.ndarray:
    coded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    light = np.where(coded <= _LINEAR_BELOW, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return np.asarray(_TO_LAB @ np.cbrt(_TO_CONES @ light))


def _written(lab: np.ndarray) -> str:
    light = np.clip(np.linalg.solve(_TO_CONES, np.linalg.solve(_TO_LAB, lab) ** 3), 0, 1)
    coded = np.where(light <= _LINEAR_BELOW / 12.92, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(value * 255):02x}" for value in coded)
