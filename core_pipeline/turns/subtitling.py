"""The words of a sentence when they are said, and captions for pictures whose engine writes none."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from avatars.manifest import Photo
from avatars.sheet import MANIFEST, read
from core_pipeline.arabic.normalise import normalise
from core_pipeline.contracts.engines import Word
from core_pipeline.media.film.captions import Captions

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Face, Scene, Shape

PORTRAIT = "portrait.png"
_PNG_SIZE = slice(16, 24)
# Of the mouth's width: how much more than the resting lips a speaking mouth takes.
_ASIDE, _ABOVE, _BELOW = 0.3, 0.4, 0.9


def worded(sentence: str, spoken: Sequence[Word], seconds: float) -> tuple[Word, ...]:
    """Return the sentence's own words at the times at which they are spoken, in `seconds` of sound.

    What is spoken differs from what is written: figures are said as words, and voices run small words together. A word
    that is not found among the spoken ones shares the time between its neighbours, or that of the one before it.
    """
    written = sentence.split()
    if not written:
        return ()
    found = SequenceMatcher(None, _keys(written), _keys([word.text for word in spoken]), autojunk=False)
    starts: list[float | None] = [None] * len(written)
    for block in found.get_matching_blocks():
        for step in range(block.size):
            starts[block.a + step] = spoken[block.b + step].start
    times = _filled(written, [starts[0] or 0.0, *starts[1:]], seconds)
    ends = [*times[1:], max(seconds, times[-1])]
    return tuple(Word(text, start, end) for text, start, end in zip(written, times, ends, strict=True))


def _filled(written: Sequence[str], starts: Sequence[float | None], seconds: float) -> list[float]:
    """The start of every word: between two that are known, the others share the time by their length."""
    known = [place for place, start in enumerate(starts) if start is not None]
    times: list[float] = []
    for place, after in zip(known, [*known[1:], len(written)], strict=True):
        begin = max(starts[place] or 0.0, times[-1] if times else 0.0)
        end = max(begin, starts[after] or 0.0) if after < len(written) else max(begin, seconds)
        lengths = [len(word) for word in written[place:after]]
        times += [begin + (end - begin) * sum(lengths[:step]) / sum(lengths) for step in range(len(lengths))]
    return times


def _keys(words: Sequence[str]) -> list[str]:
    return ["".join(letter for letter in normalise(word) if letter.isalnum()) for word in words]


def captions_of(scene: Scene) -> Captions:
    """The scene's captions, for pictures that show the whole portrait, cut to the scene's shape in the middle."""
    return Captions(
        scene.captions,
        scene.shape,
        scene.language,
        mouth_of(scene.face, scene.shape),
        circular=scene.view == "note",
    )


def mouth_of(face: Face, shape: Shape) -> tuple[int, int, int, int] | None:
    """Where a photographed mouth is in pictures of this shape (left, top, width, height); None if that is unknown."""
    manifest = read(face.files[MANIFEST].decode()) if MANIFEST in face.files else None
    if not isinstance(manifest, Photo) or PORTRAIT not in face.files:
        return None
    wide, high = struct.unpack(">II", face.files[PORTRAIT][_PNG_SIZE])
    scale = max(shape.width / wide, shape.height / high)
    left, right = manifest.points["mouth_left"], manifest.points["mouth_right"]
    top, bottom = manifest.points["lip_top"], manifest.points["lip_bottom"]
    size = abs(right[0] - left[0])
    x = (min(left[0], right[0]) - _ASIDE * size - wide / 2) * scale + shape.width / 2
    y = (top[1] - _ABOVE * size - high / 2) * scale + shape.height / 2
    lower = (bottom[1] + _BELOW * size - high / 2) * scale + shape.height / 2
    return round(x), round(y), round((1 + 2 * _ASIDE) * size * scale), round(lower - y)
