"""The font of captions: what it can draw, how wide that is, and pictures of it."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import cast

import numpy as np
import resvg_py
import uharfbuzz as hb  # type: ignore[import-untyped]  # brings no types
from av import Packet
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

# Noto Sans Arabic (OFL 1.1), which draws Latin too; see docs/decisions/0016-captions-font.md.
FILE = str(files("justmytype_intl_rtl") / "fonts/ofl/notosansarabic/NotoSansArabic[wdth,wght].ttf")
FAMILY = "Noto Sans Arabic"
WEIGHT = 600
JOINERS = "\u200c\u200d"

Picture = NDArray[np.uint8]


def drawable(text: str) -> str:
    """Return the text without what the font can't draw (emoji, say) and without marks of direction."""
    known = "".join(letter if _known(letter) else "" for letter in unicodedata.normalize("NFC", text))
    return " ".join(word.strip(JOINERS) for word in known.split())  # emoji leave theirs behind


def width(text: str) -> float:
    """Return how wide the text is, shaped, in parts of the font's size."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(_font(), buffer)
    advance: int = sum(place.x_advance for place in buffer.glyph_positions)
    return advance / float(_font().face.upem)


def picture(svg: str) -> Picture:
    """Draw an SVG as RGBA, its colours not multiplied by alpha; its one font is ours."""
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=[FILE])
    decoder = VideoCodecContext.create("png", "r")
    decoder.thread_count = 1
    frame = [*decoder.decode(Packet(png)), *decoder.decode(None)][0]
    return cast("Picture", frame.to_ndarray(format="rgba"))


def _known(letter: str) -> bool:
    if letter in JOINERS or letter.isspace():
        return True
    return unicodedata.category(letter)[0] != "C" and _font().get_nominal_glyph(ord(letter)) is not None


@cache
def _font() -> hb.Font:
    font = hb.Font(hb.Face(hb.Blob.from_file_path(FILE)))
    font.set_variations({"wght": WEIGHT})
    return font
