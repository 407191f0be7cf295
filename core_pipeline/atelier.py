"""What the library of avatars borrows from the engines, which it does not open by itself."""

from __future__ import annotations

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.engines.landmarks import checking, proposing
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.portraits.craft import Craft

_SHAPE, _RATE = Shape(512, 512), 16_000
_MOUTHED, _SOUND = "marħaba", 0.12


def craft_of(engines: Engines) -> Craft:
    """What the library of avatars borrows from this installation's engines."""

    async def draw(face: Face) -> bytes:
        makers = await engines.video(face.kind, "ar", For(Ledger()))
        return (await makers.animated(_greeting(face))).data

    return Craft(draw, checking.checked, proposing.views)


def _greeting(face: Face) -> Scene:
    """Two seconds in which the face mouths a word."""
    sounds = [Word(sound, place * _SOUND, (place + 1) * _SOUND) for place, sound in enumerate(_MOUTHED)]
    return Scene(face, "square", _SHAPE, Pcm(bytes(2 * 2 * _RATE), _RATE), phonemes=tuple(sounds), emotion="happy")
