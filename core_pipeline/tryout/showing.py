"""Drawing an answer as the tenant's avatar says it, without keeping it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Scene, Shape
from core_pipeline.media.film.stitch import stitch
from core_pipeline.media.pcm import join
from core_pipeline.portraits.use import chosen_face
from core_pipeline.thinking.mood import mood_of
from core_pipeline.tryout.speaking import spoken
from errors import Impossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.engines import Speech
    from core_pipeline.contracts.faces import Clip, Face
    from core_pipeline.engines.router import For
    from core_pipeline.tryout.tried import Stand
    from tenants.policy import Policy

SHAPE = Shape(512, 512)
LONGEST_FILM = 60.0


async def drawn(stand: Stand, order: For, tenant_id: str, policy: Policy, text: str, language: str) -> bytes:
    """An MP4 of these words; raises `Impossible("film-too-long")` beyond a minute, or why nothing can be drawn."""
    face, _ = await chosen_face(stand.db, stand.blobs, tenant_id, policy, language)
    parts = await spoken(stand, order, tenant_id, policy, text, language, timed=True)
    if sum(one.pcm.seconds for _, said in parts for one in said) > LONGEST_FILM:
        raise Impossible("film-too-long", "try a shorter answer: a film of a try lasts a minute at most")
    makers = await stand.engines.video(face.kind, language, order)
    clips: list[Clip] = []
    sounds: list[Pcm] = []
    for sentence, said in parts:
        scene = _scene(face, language, sentence, said, first=sum(one.frames for one in clips))
        clip = await makers.animated(scene)
        engine = makers.served
        if engine is not None and engine.hosted:  # a stranger's pictures are drawn anew within the sandbox
            clip = await stand.sandbox.film(clip.data, scene.shape, most_bits=scene.most_bits)
        clips.append(clip)
        sounds.append(_as_long_as(clip, scene.speech))
    with order.ledger.timed("film"):
        return await stitch(clips, join(sounds))


def _scene(face: Face, language: str, sentence: str, said: Sequence[Speech], first: int) -> Scene:
    return Scene(
        face=face,
        view="square",
        shape=SHAPE,
        speech=_whole_pictures(join([one.pcm for one in said])),
        words=tuple(word for one in said for word in one.words),
        phonemes=tuple(sound for one in said for sound in one.phonemes),
        emotion=mood_of(sentence),
        first=first,
        language=language,
    )


def _whole_pictures(pcm: Pcm) -> Pcm:
    """The sound filled up with silence to a whole number of pictures."""
    pictures = ceil(round(pcm.seconds * SHAPE.fps, 6))
    return Pcm(pcm.data.ljust(round(pictures * pcm.sample_rate / SHAPE.fps) * 2, b"\0"), pcm.sample_rate)


def _as_long_as(clip: Clip, pcm: Pcm) -> Pcm:
    """The sound for just these pictures."""
    wanted = round(clip.seconds * pcm.sample_rate) * 2
    return Pcm(pcm.data[:wanted].ljust(wanted, b"\0"), pcm.sample_rate)
