"""An agency's colour as a style sheet: one value that we made ourselves, dark enough to be read on white."""

from __future__ import annotations

from tenants.brands import COLOUR

# WCAG's level AA for text.
CONTRAST = 4.5
_PARTS = (0.2126, 0.7152, 0.0722)


def sheet(colour: str) -> str:
    """The sheet for "#rrggbb"; empty for anything else."""
    return f":root{{--brand:{readable(colour)}}}\n" if COLOUR.fullmatch(colour) else ""


def readable(colour: str) -> str:
    """The colour, or the lightest shade of it that white letters can be read on."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for share in range(100, -1, -1):
        shade = [part * share // 100 for part in parts]
        if against_white(shade) >= CONTRAST:
            break
    return "#" + "".join(f"{part:02x}" for part in shade)


def against_white(parts: list[int]) -> float:
    """The contrast of a colour (0 to 255 each of red, green, blue) with white, as WCAG 2 counts it."""
    bright = sum(share * _linear(part / 255) for share, part in zip(_PARTS, parts, strict=True))
    return 1.05 / (bright + 0.05)


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
