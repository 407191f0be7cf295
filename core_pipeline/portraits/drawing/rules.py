"""What a drawing may hold: elements, their attributes, and how much of everything."""

from __future__ import annotations

MOST_BYTES = 256 << 10
MOST_ELEMENTS = 400
MOST_DEPTH = 12
MOST_LETTERS = 64_000
MOST_DASHED, MOST_DASHED_LETTERS = 20, 1_000
NAMESPACE = "http://www.w3.org/2000/svg"
CANVAS = (0.0, -60.0, 640.0, 1160.0)
LAYERS = ("background", "body", "neck", "back", "face", "nose", "over", "front")
NEEDED = ("background", "body", "face")
BENT = "chin"

_PAINTED = (
    "fill fill-opacity fill-rule clip-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin "
    "stroke-miterlimit opacity clip-path transform class id"
)
_DASHED = f"{_PAINTED} stroke-dasharray stroke-dashoffset"
_GRADIENT = "id gradientUnits gradientTransform spreadMethod"
_OWN = {
    "svg": "xmlns version viewBox width height",
    "g": _PAINTED,
    "defs": "id",
    "path": f"{_DASHED} d",
    "circle": f"{_DASHED} cx cy r",
    "ellipse": f"{_DASHED} cx cy rx ry",
    "rect": f"{_DASHED} x y width height rx ry",
    "line": f"{_DASHED} x1 y1 x2 y2",
    "polyline": f"{_DASHED} points",
    "polygon": f"{_DASHED} points",
    "linearGradient": f"{_GRADIENT} x1 y1 x2 y2",
    "radialGradient": f"{_GRADIENT} cx cy r fx fy fr",
    "stop": "offset stop-color stop-opacity",
    "clipPath": "id clipPathUnits transform",
}
ATTRIBUTES = {name: frozenset(listed.split()) for name, listed in _OWN.items()}

SHAPES = frozenset({"path", "circle", "ellipse", "rect", "line", "polyline", "polygon"})
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_INSIDE_GROUPS = SHAPES | _GRADIENTS | {"g", "clipPath", "defs"}
CHILDREN: dict[str, frozenset[str]] = {
    "svg": frozenset({"g", "defs"}),
    "g": _INSIDE_GROUPS,
    "defs": _GRADIENTS | {"clipPath"},
    "clipPath": SHAPES,
    "linearGradient": frozenset({"stop"}),
    "radialGradient": frozenset({"stop"}),
}
REFERRED = {"fill": _GRADIENTS, "stroke": _GRADIENTS, "clip-path": frozenset({"clipPath"})}
