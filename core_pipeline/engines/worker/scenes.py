"""What makers of pictures are asked, as an order with files and back; and engines of those kinds as makers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import Clip, Emotion, Face, Scene, Shape, Upscale, Video, View
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker import wire
from core_pipeline.engines.worker.verbs import flowing
from errors import Impossible

_MOST_FILES = 5  # a form has eight, and the sound and a logo come along


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Face(_Told):
    id: str
    kind: str
    names: list[str] = Field(max_length=_MOST_FILES)
    colours: dict[str, str] = Field(default_factory=dict)


class _Scene(_Told):
    face: _Face
    view: View
    shape: Shape
    rate: int = Field(gt=0)
    words: tuple[Word, ...] = ()
    phonemes: tuple[Word, ...] = ()
    emotion: Emotion = "neutral"
    first: int = Field(default=0, ge=0)
    seed: int = 0
    captions: tuple[Word, ...] = ()
    language: str = "ar"
    most_bits: int = Field(default=1_200_000, gt=0)


class _Enlarging(_Told):
    had: Shape
    frames: int = Field(ge=0)
    shape: Shape


def scene_told(scene: Scene) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the scene as an order (JSON) and files by plain names: speech, logo, face0 and so on."""
    face = scene.face
    if len(face.files) > _MOST_FILES:
        raise Impossible("face-files", f"a face has at most {_MOST_FILES} files")
    names = sorted(face.files)
    files = {f"face{number}": face.files[name] for number, name in enumerate(names)}
    files |= {"speech": scene.speech.data} | ({"logo": face.logo} if face.logo else {})
    told = _Scene(
        face=_Face(id=face.id, kind=face.kind, names=names, colours=dict(face.colours)),
        rate=scene.speech.sample_rate,
        **{name: getattr(scene, name) for name in _Scene.model_fields if name not in {"face", "rate"}},
    )
    return told.model_dump(mode="json"), files


def scene_from(order: Any, files: Mapping[str, Path]) -> Scene:
    """Return the scene; `Impossible` names what of it is wrong or missing."""
    told = wire.understood(_Scene, order)
    if told.face.kind not in {"illustrated", "photo"}:
        raise Impossible("bad-request", "wrong or missing: face.kind")
    data = {name: _read(files, f"face{number}") for number, name in enumerate(told.face.names)}
    logo = _read(files, "logo") if "logo" in files else None
    face = Face(told.face.id, told.face.kind, data, told.face.colours, logo)  # type: ignore[arg-type]  # checked above
    fields = {name: getattr(told, name) for name in _Scene.model_fields if name not in {"face", "rate"}}
    return Scene(face=face, speech=Pcm(_samples(files), told.rate), **fields)


def enlarging_told(clip: Clip, shape: Shape) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what is to be made larger as an order and its file."""
    told = {"had": asdict(clip.shape), "frames": clip.frames, "shape": asdict(shape)}
    return told, {"clip": clip.data}


def enlarging_from(order: Any, files: Mapping[str, Path]) -> tuple[Clip, Shape]:
    """Return the clip and the shape it is to have; `Impossible` when that is not what was asked."""
    told = wire.understood(_Enlarging, order)
    return Clip(_read(files, "clip"), told.had, told.frames), told.shape


class Animator:
    """An engine of kind video as a maker of files."""

    def __init__(self, engine: Video) -> None:
        self._engine = engine

    async def make(self, order: Mapping[str, Any], files: Mapping[str, Path]) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the clip of the scene that was told."""
        async with flowing(self._engine.animate(scene_from(order, files))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Close the engine."""
        await self._engine.close()


class Enlarger:
    """An engine of kind upscale as a maker of files."""

    def __init__(self, engine: Upscale) -> None:
        self._engine = engine

    async def make(self, order: Mapping[str, Any], files: Mapping[str, Path]) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the clip that was sent in the shape that was told."""
        async with flowing(self._engine.upscale(*enlarging_from(order, files))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Close the engine."""
        await self._engine.close()


def as_worker(kind: str, engine: Any) -> Any:
    """The engine as the worker application takes it."""
    return {"video": Animator, "upscale": Enlarger}.get(kind, lambda same: same)(engine)


def _read(files: Mapping[str, Path], name: str) -> bytes:
    if name not in files:
        raise Impossible("bad-request", f"wrong or missing: {name}")
    return files[name].read_bytes()


def _samples(files: Mapping[str, Path]) -> bytes:
    data = _read(files, "speech")
    if len(data) % 2:
        raise Impossible("bad-request", "half a sample at the end")
    return data
