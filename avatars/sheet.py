"""An avatar's manifest `avatar.toml` as text: read and checked, and written the same way each time."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from avatars.manifest import Illustrated, Photo
from errors import Impossible

MANIFEST, ART, PORTRAIT = "avatar.toml", "art.svg", "portrait.png"
LEFT, TOP, RIGHT, BOTTOM = 0, -60, 640, 1100
_KINDS: dict[object, type[Illustrated | Photo]] = {"illustrated": Illustrated, "photo": Photo}
_TALL = {"square": 1.0, "note": 1.0, "portrait": 16 / 9}


def read(text: str) -> Illustrated | Photo:
    """The manifest in a TOML text; `Impossible` "avatar-manifest" names the field that is wrong."""
    try:
        return checked(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Impossible("avatar-manifest", f"{MANIFEST} is not TOML") from error


def checked(found: Mapping[str, Any]) -> Illustrated | Photo:
    """The manifest made of these fields; raises as `read`, also for parts that lie off the canvas."""
    kind = _KINDS.get(str(found.get("kind")))
    if kind is None:
        raise Impossible("avatar-manifest", f"kind is one of: {', '.join(map(str, _KINDS))}")
    try:
        manifest = kind.model_validate(dict(found))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Impossible("avatar-manifest", f"{_named(first['loc'])}: {first['type']}") from error
    astray = list(_astray(manifest)) if isinstance(manifest, Illustrated) else []
    if astray:
        raise Impossible("avatar-manifest", f"off the canvas: {', '.join(astray)}")
    return manifest


def fields(manifest: Illustrated | Photo) -> dict[str, Any]:
    """The manifest as plain JSON; `checked` gives the same manifest back."""
    # Defaults that are whole numbers would be warned of where a number may have a fraction.
    return manifest.model_dump(mode="json", warnings=False)


def written(manifest: Illustrated | Photo) -> str:
    """The manifest as TOML; `read` gives the same manifest back."""
    told = fields(manifest)
    lines = [f"{_key(name)} = {_value(value)}" for name, value in told.items() if not isinstance(value, dict)]
    for name, part in told.items():
        if isinstance(part, dict):
            lines += ["", f"[{_key(name)}]", *(f"{_key(key)} = {_value(value)}" for key, value in part.items())]
    return "\n".join(lines) + "\n"


def _named(place: tuple[int | str, ...]) -> str:
    """Where in a manifest something is wrong; names of our own fields only, since keys may be anything."""
    return ".".join(str(step) if str(step).isascii() and str(step).isalnum() else "?" for step in place)[:60]


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    """JSON's strings, numbers and lists are TOML's, but for one control character that TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _astray(manifest: Illustrated) -> Iterator[str]:
    """Name the parts of a drawn face that reach over the edge of the canvas."""
    boxes = {"mouth.box": manifest.mouth.box, "logo": manifest.logo}
    for view, (left, top, width) in manifest.views.model_dump().items():
        boxes[f"views.{view}"] = (left, top, width, width * _TALL[view])
    for name, eyes in (("eyes", manifest.eyes), ("brows", manifest.brows)):
        for side in ("left", "right"):
            boxes[f"{name}.{side}"] = (*getattr(eyes, side), 0, 0)
    boxes |= {"mouth.at": (*manifest.mouth.at, 0, 0), "pivot": (*manifest.pivot, 0, 0)}
    for name, (left, top, width, height) in boxes.items():
        if not (LEFT <= left <= left + width <= RIGHT and TOP <= top <= top + height <= BOTTOM):
            yield name
