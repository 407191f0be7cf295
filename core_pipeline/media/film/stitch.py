"""Joins clips and their sound into the one film that a phone plays."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.film.aside import GoOn, aside
from core_pipeline.media.film.mux import Packets, aac, muxed, packets
from core_pipeline.media.film.pictures import pictures
from core_pipeline.media.film.reel import MOST_BITS, Reel
from errors import Impossible


async def stitch(clips: Sequence[Clip], sound: Pcm, *, most_bits: int = MOST_BITS) -> bytes:
    """Return all clips one after the other with `sound`, cut or filled up with silence to the pictures' length.

    Pictures are not encoded again, unless an engine's headers differ from the others' (then at `most_bits`). Raises
    `Impossible` "film-empty" without clips, "film-shapes" when their sizes differ, "film-broken" for bad data.
    """
    return await aside(lambda go_on: joined(clips, sound, most_bits, go_on))


def joined(clips: Sequence[Clip], sound: Pcm, most_bits: int, go_on: GoOn) -> bytes:
    """Do what `stitch` promises, on this thread."""
    shape = _shape(clips)
    parts = [_checked(clip) for clip in clips]
    if len({part.headers for part in parts}) > 1:
        reel = Reel(shape, most_bits)
        for clip in clips:
            for picture in pictures(clip.data):
                go_on()
                reel.add(picture)
        clips = (Clip(reel.end(), shape, reel.frames),)
        parts = [_checked(clips[0])]
    go_on()
    shown = [packet for part in parts for packet in part.packets]
    return muxed(clips[0].data, shown, shape.fps, aac(sound, Fraction(len(shown), shape.fps)))


def _shape(clips: Sequence[Clip]) -> Shape:
    if not clips:
        raise Impossible("film-empty", "no clips to join")
    if any(clip.shape != clips[0].shape for clip in clips):
        raise Impossible("film-shapes", "clips of one film must have one size and rate: upscale or draw them alike")
    return clips[0].shape


def _checked(clip: Clip) -> Packets:
    """Return a clip's packets once they are what the clip says: its number of pictures, in order, the first a key."""
    part = packets(clip.data)
    if len(part.packets) != clip.frames or not part.packets[0].is_keyframe:
        raise Impossible("film-broken", f"{len(part.packets)} pictures where {clip.frames} were promised")
    if any(packet.is_corrupt or packet.pts != packet.dts for packet in part.packets):
        raise Impossible("film-broken", "pictures are cut off or not in the order in which they are shown")
    return part
