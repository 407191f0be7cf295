"""Draws a contact sheet of an avatar for its artist.

Run: python -m core_pipeline.engines.video.illustrated.sheet SLUG OUT.png

SLUG is a folder of avatars/ or a path. `--view square|note|portrait` chooses what is seen, `--mouth` looks at the mouth
box only, `--size` sets the width of a cell in pixels, `--clothes` and `--background` a tenant's colours.
"""

from __future__ import annotations

import argparse
import struct
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

import avatars
from core_pipeline.contracts.faces import EMOTIONS, Face, Shape, View
from core_pipeline.engines.acting.emotions import mood_of
from core_pipeline.engines.acting.motion import MANNERS
from core_pipeline.engines.acting.performance import stance
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.acting.visemes import VISEMES, Lips
from core_pipeline.engines.video.illustrated.art import Art, read
from core_pipeline.engines.video.illustrated.canvas import Pixels
from core_pipeline.engines.video.illustrated.frame import Lens, Stage
from errors import Impossible

_COLUMNS = 6


def face_of(slug: str) -> Face:
    """Return the face in a folder of avatars/, or in the folder of this path."""
    folder = Path(slug) if "/" in slug else Path(avatars.__file__).parent / slug
    files = {name: (folder / name).read_bytes() for name in ("avatar.toml", "art.svg")}
    return Face(folder.name, "illustrated", files)


def poses() -> dict[str, Pose]:
    """Return what a sheet shows, by name: visemes, emotions silent and speaking, eyes, head."""
    calm = Pose(mood=mood_of("neutral"))
    shown = {f"viseme {name}": calm.saying(lips) for name, lips in VISEMES.items()}
    shown["wide open"] = calm.saying(Lips(open=1.0, teeth=0.6))
    shown["half blink"], shown["blink"] = replace(calm, lid=0.5), replace(calm, lid=1.0)
    felt = {name: stance(Pose(mood=mood_of(name), look=(0.0, MANNERS[name].down))) for name in EMOTIONS}
    shown |= {f"emotion {name}": pose for name, pose in felt.items()}
    shown |= {f"{name}, speaking": pose.saying(VISEMES["E"]) for name, pose in felt.items()}
    shown |= {f"look {name}": replace(calm, look=look) for name, look in (("left", (-1.0, 0.0)), ("right", (1.0, 0.0)))}
    shown["head left"] = replace(calm, x=-9.0, roll=-5.5, yaw=-1.0)
    shown["head right"] = replace(calm, x=9.0, roll=5.5, yaw=1.0)
    shown["nod"] = replace(calm, y=9.0)
    shown["breath"] = replace(calm, breath=1.0, sway=3.0)
    return shown


def cells(art: Art, view: View, size: int, logo: bytes | None = None) -> list[Pixels]:
    """Return the pictures of a sheet, in the order of `poses`."""
    height = size * 16 // 9 if view == "portrait" else size
    stage = Stage(art, view, Shape(size, height), logo)
    drawn = [stage.draw(pose)[..., :3].copy() for pose in poses().values()]
    stage.close()
    return drawn


def grid(pictures: list[Pixels], columns: int = _COLUMNS) -> Pixels:
    """Return pictures of one size side by side, row under row, on white."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    whole = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = number // columns * height, number % columns * width
        whole[y : y + height, x : x + width] = picture
    return whole


def png(picture: Pixels) -> bytes:
    """Return a picture of (height, width, 3) as a PNG file."""
    height, width = picture.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in picture)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")


def main() -> None:
    """Draw the sheet and print what is in its rows."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("slug")
    asked.add_argument("out", type=Path)
    asked.add_argument("--view", choices=("square", "note", "portrait"), default="square")
    asked.add_argument("--mouth", action="store_true")
    asked.add_argument("--size", type=int, default=256)
    for name in ("clothes", "background"):
        asked.add_argument(f"--{name}")
    told = asked.parse_args()
    colours = {name: vars(told)[name] for name in ("clothes", "background") if vars(told)[name]}
    try:
        art = read(replace(face_of(told.slug), colours=colours))
        pictures = cells(art, told.view, told.size * (3 if told.mouth else 1))
    except Impossible as refused:
        sys.exit(str(refused))
    if told.mouth:
        lens = Lens.of(art.manifest, told.view, Shape(told.size * 3, told.size * 3))
        x, y, width, height = lens.pixels(art.manifest.mouth.box)
        pictures = [picture[y : y + height, x : x + width] for picture in pictures]
    told.out.write_bytes(png(grid(pictures)))
    names = list(poses())
    for row in range(0, len(names), _COLUMNS):
        sys.stdout.write(f"row {row // _COLUMNS + 1}: " + " | ".join(names[row : row + _COLUMNS]) + "\n")


if __name__ == "__main__":
    main()
