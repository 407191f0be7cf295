"""The twelve points of a photographed face: proposed from three, judged while they are moved, and kept."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from admin.voices.sending import words_of
from avatars.sheet import PORTRAIT
from core_pipeline.engines.landmarks.points import POINTS
from core_pipeline.engines.landmarks.proposing import proposed
from core_pipeline.engines.landmarks.wording import point_name
from core_pipeline.telling import told
from errors import Impossible

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from core_pipeline.portraits.craft import Points, Spot
    from tenants.models import OwnAvatar

GROUPS = {
    "Left eye": ("eye_left_outer", "eye_left_top", "eye_left_inner"),
    "Right eye": ("eye_right_inner", "eye_right_top", "eye_right_outer"),
    "Nose": ("nose_tip",),
    "Mouth": ("mouth_left", "lip_top", "mouth_right", "lip_bottom"),
    "Chin": ("chin",),
}
# Where a face lies in most portraits, in shares of the picture: something to begin with that keys can move.
_EYES, _MOUTH = ((0.41, 0.42), (0.59, 0.42)), (0.5, 0.6)


async def placing(visit: Visit, row: OwnAvatar) -> dict[str, Any]:
    """What the page needs to place the points: the picture's size, the points as they are or may be, their names."""
    width, height = _size(await visit.rooms.blobs.get(visit.the_tenant.id, row.files[PORTRAIT]))
    known = {str(name): (float(spot[0]), float(spot[1])) for name, spot in row.manifest.get("points", {}).items()}
    return {
        "width": width,
        "height": height,
        "points": known or _usual(width, height),
        "names": {name: point_name(name, visit.language) for name in POINTS},
        "groups": GROUPS,
    }


async def judged(visit: Visit) -> Response:
    """What would be wrong with these points, for a script: {"problems": [sentence]}; nothing is kept."""
    try:
        points = points_of(await visit.fields())
    except Impossible as error:
        return visit.json({"problems": [words_of(visit, error)]}, 422)
    verdict = await visit.rooms.gallery.judge(visit.the_tenant.id, visit.path("avatar"), points)
    return visit.json({"problems": [told(code, 422, visit.language) for code in verdict.problems]})


async def three(visit: Visit) -> Response:
    """All twelve points from the middles of both eyes and of the mouth, for a script: {"points": {name: [x, y]}}."""
    fields = await visit.fields()
    try:
        found = proposed(*(_spot(fields, name) for name in ("left", "right", "mouth")))
    except Impossible as error:
        return visit.json({"error": words_of(visit, error)}, 422)
    return visit.json({"points": {name: [round(x, 1), round(y, 1)] for name, (x, y) in found.items()}})


def points_of(fields: dict[str, str]) -> Points:
    """The twelve points of a form; `Impossible` "points-missing" where one is no number."""
    return {name: _spot(fields, name) for name in POINTS}


def _spot(fields: dict[str, str], name: str) -> Spot:
    try:
        return float(fields[f"x-{name}"]), float(fields[f"y-{name}"])
    except (KeyError, ValueError) as error:
        raise Impossible("points-missing", "give x and y of each point, in pixels") from error


def _usual(width: int, height: int) -> Points:
    (left, right), mouth = [(width * x, height * y) for x, y in _EYES], (width * _MOUTH[0], height * _MOUTH[1])
    return proposed(left, right, mouth)


def _size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG that we wrote."""
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)
