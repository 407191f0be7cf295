"""What an attribute of a drawing may say; everything is matched whole, in time that grows with its length only."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite

from core_pipeline.portraits.drawing.paths import is_path

MOST_NUMBER = 4_000.0
LEAST_DASH, MOST_DASHES = 1.0, 8
MOST_GROWTH = 64.0
_STEEPEST = 60.0
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:[eE][+-]?[0-9])?")
_SHARE = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})%?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})|none|white|black|transparent")
_TENANTS = re.compile(r"var\(--(?:clothes|background)(?:-light|-dark|-deep)?,\s?#[0-9a-fA-F]{6}\)")
_REFERENCE = re.compile(r"url\(#([A-Za-z][A-Za-z0-9_-]{0,63})\)")
_STEP = re.compile(r"\s*(translate|scale|rotate|skewX|skewY|matrix)\s*\(([^()]*)\)\s*,?")
_TAKES = {"translate": (1, 2), "scale": (1, 2), "rotate": (1, 3), "skewX": (1,), "skewY": (1,), "matrix": (6,)}
_WORDS = {
    "fill-rule": "nonzero evenodd",
    "clip-rule": "nonzero evenodd",
    "stroke-linecap": "butt round square",
    "stroke-linejoin": "miter round bevel",
    "gradientUnits": "userSpaceOnUse objectBoundingBox",
    "clipPathUnits": "userSpaceOnUse",
    "spreadMethod": "pad reflect repeat",
    "version": "1.1 2.0",
}


def number(text: str) -> float | None:
    """The number that a text is; None if it is none, or one larger than any drawing needs."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if isfinite(value) and abs(value) <= MOST_NUMBER else None


def numbers(text: str) -> list[float] | None:
    """The numbers of a list parted by spaces or commas; None if it is anything else."""
    found = [number(part) for part in re.split(r"\s*,\s*|\s+", text.strip())]
    return None if None in found else [one for one in found if one is not None]


def reference(text: str) -> str | None:
    """The name that `url(#name)` refers to; None for any other text."""
    met = _REFERENCE.fullmatch(text)
    return met[1] if met else None


def growth(transform: str) -> float | None:
    """By how much a transform may enlarge what it is applied to, at most; None if it is none that we know."""
    times, place = 1.0, 0
    while place < len(transform):
        met = _STEP.match(transform, place)
        given = numbers(met[2]) if met else None
        if met is None or given is None or len(given) not in _TAKES[met[1]]:
            return None
        if met[1].startswith("skew") and abs(given[0]) > _STEEPEST:
            return None
        times *= max(1.0, _enlarged(met[1], given))
        place = met.end()
    return times if times <= MOST_GROWTH else None


def _enlarged(step: str, given: list[float]) -> float:
    if step == "scale":
        return max(map(abs, given))
    if step == "matrix":
        return sum(map(abs, given[:4]))
    return 3.0 if step.startswith("skew") else 1.0


def _positive(text: str) -> bool:
    value = number(text)
    return value is not None and value >= 0


def _paint(text: str) -> bool:
    return bool(_COLOUR.fullmatch(text) or _TENANTS.fullmatch(text) or _REFERENCE.fullmatch(text))


def _stop(text: str) -> bool:
    return _paint(text) and reference(text) is None


def _length(text: str) -> bool:
    return number(text) is not None or bool(_SHARE.fullmatch(text))


def _points(text: str) -> bool:
    found = numbers(text)
    return found is not None and len(found) % 2 == 0


def _dashes(text: str) -> bool:
    """Short dashes on a long line are many: they cost whoever draws them dearly."""
    found = numbers(text)
    return found is not None and len(found) <= MOST_DASHES and min(found) >= LEAST_DASH


def _classes(text: str) -> bool:
    return all(map(_NAME.fullmatch, text.split()))


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("id", lambda text: bool(_NAME.fullmatch(text))),
    ("class", _classes),
    ("d", is_path),
    ("points", _points),
    ("fill stroke", _paint),
    ("stop-color", _stop),
    ("clip-path", lambda text: reference(text) is not None),
    ("transform gradientTransform", lambda text: growth(text) is not None),
    ("fill-opacity stroke-opacity opacity stop-opacity offset", lambda text: bool(_SHARE.fullmatch(text))),
    ("stroke-width stroke-miterlimit r rx ry width height", _positive),
    ("stroke-dasharray", _dashes),
    ("stroke-dashoffset", lambda text: number(text) is not None),
    ("x y cx cy x1 y1 x2 y2 fx fy fr", _length),
    ("viewBox", lambda text: len(numbers(text) or ()) == 4),
)
_CHECKS = {name: check for names, check in _KINDS for name in names.split()}


def fits(element: str, attribute: str, text: str) -> bool:
    """Whether an attribute that the element may have says something that it may say."""
    words = _WORDS.get(attribute)
    if words is not None:
        return text in words.split()
    if attribute == "r" and element == "radialGradient":
        return _length(text)
    return _CHECKS[attribute](text)
