"""The contracts of engines that show a face: what is to be shown, and moving pictures that come of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal, Protocol, TypeAlias

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.specs import Progress

Emotion: TypeAlias = Literal["neutral", "happy", "sad", "worried", "angry", "thankful"]
EMOTIONS: tuple[Emotion, ...] = ("neutral", "happy", "sad", "worried", "angry", "thankful")
View: TypeAlias = Literal["square", "note", "portrait"]


@dataclass(frozen=True)
class Shape:
    """The size of moving pictures in pixels, both even, and how many there are in a second."""

    width: int
    height: int
    fps: int = 25


@dataclass(frozen=True)
class Clip:
    """Silent moving pictures: an MP4 file with one H.264 stream of `frames` pictures that begins with a key frame."""

    data: bytes
    shape: Shape
    frames: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.shape.fps


@dataclass(frozen=True)
class Face:
    """An avatar: its manifest and art as `files` by name, of the `kind` that the manifest says.

    `colours` are a tenant's own instead of the manifest's, as "#rrggbb" by name; `logo` is a PNG picture for the wall.
    """

    id: str
    kind: Literal["illustrated", "photo"]
    files: Mapping[str, bytes]
    colours: Mapping[str, str] = field(default_factory=dict)
    logo: bytes | None = None


@dataclass(frozen=True)
class Scene:
    """One stretch of a face that speaks: seen how, in which mood, saying what.

    Times of `words` and `phonemes` (IPA) count in seconds from the start of `speech`; without phonemes the lips follow
    the sound alone. `first` is the number of this stretch's first picture in the whole film and `seed` the film's own,
    so that stretches made apart move as one. `captions` are words to be written over the picture, empty for none.
    `most_bits` is how many bits a second the pictures may take at most.
    """

    face: Face
    view: View
    shape: Shape
    speech: Pcm
    words: tuple[Word, ...] = ()
    phonemes: tuple[Word, ...] = ()
    emotion: Emotion = "neutral"
    first: int = 0
    seed: int = 0
    captions: tuple[Word, ...] = ()
    language: str = "ar"
    most_bits: int = 1_200_000

    @property
    def frames(self) -> int:
        """How many pictures show the whole speech."""
        return ceil(round(self.speech.seconds * self.shape.fps, 6))


class Video(Protocol):
    """Shows a face that speaks."""

    def animate(self, scene: Scene) -> AsyncIterator[Progress | bytes]:
        """Stream the data of a `Clip` of `scene.frames` pictures, telling in between how far it is (in pictures).

        Raises `Impossible` for a face or a view that it can't show.
        """

    async def close(self) -> None:
        """Release everything."""


class Upscale(Protocol):
    """Makes pictures larger."""

    def upscale(self, clip: Clip, shape: Shape) -> AsyncIterator[Progress | bytes]:
        """Stream the data of the same `Clip` in another, larger shape, telling in between how far it is."""

    async def close(self) -> None:
        """Release everything."""
