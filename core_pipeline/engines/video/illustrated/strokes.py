"""Small pieces of SVG: paths out of points, ellipses, gradients."""

from __future__ import annotations

from typing import TypeAlias

Point: TypeAlias = tuple[float, float]


def curve(start: Point, *points: Point) -> str:
    """Return path data that starts here and goes on in cubic curves, three points each."""
    return f"M{start[0]:.2f},{start[1]:.2f}C" + " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def onwards(*points: Point) -> str:
    """Return path data that goes on in cubic curves, three points each."""
    return "C" + " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def mirrored(*points: Point) -> tuple[Point, ...]:
    """Return the points of a half on the left as those of the other half, from the middle outwards."""
    return tuple((-x, y) for x, y in reversed(points))


def filled(path: str, fill: str, opacity: float = 1.0) -> str:
    """Return a filled path."""
    return f'<path d="{path}" fill="{fill}"{_seen("opacity", opacity)}/>'


def line(path: str, colour: str, width: float, opacity: float = 1.0) -> str:
    """Return a path drawn as a line with round ends."""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.2f}" stroke-linecap="round"'
        f"{_seen('opacity', opacity)}/>"
    )


def ellipse(x: float, y: float, rx: float, ry: float, fill: str, opacity: float = 1.0) -> str:
    """Return an ellipse about a middle."""
    return (
        f'<ellipse cx="{x:.2f}" cy="{y:.2f}" rx="{max(0.1, rx):.2f}" ry="{max(0.1, ry):.2f}" fill="{fill}"'
        f"{_seen('opacity', opacity)}/>"
    )


def clipped(name: str, path: str, inside: str) -> str:
    """Return elements of which only what lies within a path is seen."""
    return f'<clipPath id="{name}"><path d="{path}"/></clipPath><g clip-path="url(#{name})">{inside}</g>'


def placed(x: float, y: float, inside: str, across: float = 1.0, down: float | None = None, turn: float = 0.0) -> str:
    """Return elements moved to a place, turned there by degrees and scaled."""
    turned = f" rotate({turn:.2f})" if turn else ""
    down = across if down is None else down
    return f'<g transform="translate({x:.2f},{y:.2f}){turned} scale({across:.4f},{down:.4f})">{inside}</g>'


def falling(name: str, *stops: tuple[float, str]) -> str:
    """Return a gradient from top to bottom."""
    return f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{_stops(stops)}</linearGradient>'


def falling_between(name: str, top: float, bottom: float, *stops: tuple[float, str]) -> str:
    """Return a gradient from one height to another, for what has an even curve: ThorVG takes its box for flat."""
    ends = f'gradientUnits="userSpaceOnUse" x1="0" y1="{top:.2f}" x2="0" y2="{bottom:.2f}"'
    return f'<linearGradient id="{name}" {ends}>{_stops(stops)}</linearGradient>'


def glowing(name: str, colour: str, strength: float) -> str:
    """Return a gradient that fades outwards from the middle."""
    return (
        f'<radialGradient id="{name}"><stop offset="0" stop-color="{colour}" stop-opacity="{strength}"/>'
        f'<stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
    )


def _stops(stops: tuple[tuple[float, str], ...]) -> str:
    return "".join(f'<stop offset="{place}" stop-color="{colour}"/>' for place, colour in stops)


def _seen(name: str, opacity: float) -> str:
    return "" if opacity >= 1 else f' {name}="{max(0.0, opacity):.3f}"'
