"""Writes captions over the clips of engines that draw none themselves."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.faces import Clip
from core_pipeline.media.film.aside import GoOn, aside
from core_pipeline.media.film.captions import Captions, blend
from core_pipeline.media.film.pictures import pictures
from core_pipeline.media.film.reel import MOST_BITS, Reel
from errors import Impossible


async def dress(clip: Clip, captions: Captions | None, *, most_bits: int = MOST_BITS) -> Clip:
    """Return the clip with its captions burned in, encoded anew; without captions the clip as it is.

    The captions' times count from the clip's first picture. Raises `Impossible` "film-broken" for bad data or when the
    clip has fewer pictures than it says.
    """
    if captions is None:
        return clip
    return await aside(lambda go_on: dressed(clip, captions, most_bits, go_on))


def dressed(clip: Clip, captions: Captions, most_bits: int, go_on: GoOn) -> Clip:
    """Do what `dress` promises, on this thread."""
    reel = Reel(clip.shape, most_bits)
    for number, picture in enumerate(pictures(clip.data)):
        go_on()
        overlay = captions.over(number / clip.shape.fps)
        if overlay is None:
            reel.add(picture)
        else:
            pixels = cast("NDArray[np.uint8]", picture.to_ndarray(format="rgba", threads=1))
            blend(pixels, overlay)
            reel.add(pixels)
    if reel.frames != clip.frames:
        raise Impossible("film-broken", f"{reel.frames} pictures where {clip.frames} were promised")
    return Clip(reel.end(), clip.shape, clip.frames)
