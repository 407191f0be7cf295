"""What the workers that animate photographs share: scenes in turn, the portrait and the sound as models take them."""

from __future__ import annotations

import io
import tempfile
import tomllib
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from pydantic import ValidationError

from avatars.manifest import Photo
from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker.blocking import stepped, write_wav
from errors import Impossible, NeedsOwner

Picture = NDArray[np.uint8]
Drawn: TypeAlias = Generator[Progress | bytes, None, None]

FPS = 25  # at which the models were trained
MOST_SIDE = 4096
_PIECE = 1 << 20


class Sitting:
    """One model, called `name`; `drawn` blocks and makes a scene's clip, and scenes take turns in one thread."""

    def __init__(self, name: str, torch: Any, drawn: Callable[[Scene], Drawn], longest: float) -> None:
        self._name, self._drawn, self._longest = name, drawn, longest
        self._thread = ThreadPoolExecutor(1, initializer=torch.set_grad_enabled, initargs=(False,))

    async def animate(self, scene: Scene) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the clip of the scene, telling how far it is; no captions.

        Raises Impossible for a face that is no photo, a rate other than 25 and a speech that is too long.
        """
        if scene.shape.fps != FPS:
            raise Impossible("picture-rate", f"{self._name} makes {FPS} pictures a second")
        if scene.speech.seconds > self._longest:
            raise Impossible("speech-too-long", f"more than {self._longest:g} seconds at a time")
        async with aclosing(stepped(self._thread, self._drawn(scene))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Release everything."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def check_files(name: str, weights: Path, needed: Iterable[str], source: Path, landmark: str) -> None:
    """Raise `NeedsOwner` when weights are missing, or `source` lacks what tells a checkout of the project `name`."""
    if missing := [file for file in needed if not (weights / file).is_file()]:
        raise NeedsOwner("no-weights", f"{weights} lacks {', '.join(missing)}: see this worker's README")
    if not (source / landmark).exists():
        raise NeedsOwner("no-source", f"{source} is no checkout of {name}: see this worker's README")


@contextmanager
def sound_of(scene: Scene, frames: float) -> Iterator[str]:
    """Lend the path of a wav file with the scene's speech, then silence to the end of so many pictures."""
    speech = scene.speech
    data = speech.data.ljust(2 * round(frames * speech.sample_rate / FPS), b"\0")
    with tempfile.TemporaryDirectory(prefix="sawtak-scene-") as folder:
        file = Path(folder) / "speech.wav"
        write_wav(replace(speech, data=data), file)
        yield str(file)


@dataclass(frozen=True)
class Still:
    """The portrait in the scene's view and size: RGB of height x width x 3, and the face's twelve points in it."""

    picture: Picture
    points: Mapping[str, tuple[float, float]]


def still_of(scene: Scene) -> Still:
    """Cut the portrait to the scene's view; `Impossible` for a face that is no photo with its manifest."""
    files = scene.face.files
    if scene.face.kind != "photo" or not {"avatar.toml", "portrait.png"} <= files.keys():
        raise Impossible("face-kind", "this worker animates photo avatars with avatar.toml and portrait.png")
    manifest, whole = _manifest(files["avatar.toml"]), _picture(files["portrait.png"])
    left, top, width = getattr(manifest.views, scene.view)
    high, wide = whole.shape[:2]
    width = min(width, wide, high * scene.shape.width / scene.shape.height)
    height = width * scene.shape.height / scene.shape.width
    left, top = (max(0.0, min(at, room)) for at, room in ((left, wide - width), (top, high - height)))
    cut = whole[round(top) : round(top + height), round(left) : round(left + width)]
    scale = scene.shape.width / width
    points = {name: ((x - left) * scale, (y - top) * scale) for name, (x, y) in manifest.points.items()}
    return Still(scaled(cut, scene.shape.width, scene.shape.height), points)


def scaled(picture: Picture, width: int, height: int) -> Picture:
    """Return the picture in another size."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return _pixels(frame.reformat(width, height, "rgb24", interpolation=Interpolation.LANCZOS))


def opaque(picture: Picture) -> bytes:
    """Return the picture as a reel takes it: RGBA."""
    return np.dstack((picture, np.full(picture.shape[:2], 255, np.uint8))).tobytes()


def pieces(film: bytes) -> Iterator[bytes]:
    """Cut a film for the wire, whose frames have an end."""
    for start in range(0, len(film), _PIECE):
        yield film[start : start + _PIECE]


def _manifest(text: bytes) -> Photo:
    try:
        return Photo.model_validate(tomllib.loads(text.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise Impossible("avatar-manifest", f"avatar.toml is none of a photo: {type(error).__name__}") from None


def _picture(data: bytes) -> Picture:
    try:
        with av.open(io.BytesIO(data), "r", format="png_pipe") as box:
            if max(box.streams.video[0].width, box.streams.video[0].height) > MOST_SIDE:
                raise Impossible("avatar-picture", f"portrait.png has more than {MOST_SIDE} pixels a side")
            return _pixels(next(box.decode(video=0)))
    except (av.error.FFmpegError, IndexError, StopIteration):
        raise Impossible("avatar-picture", "portrait.png can't be read") from None


def _pixels(frame: VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
