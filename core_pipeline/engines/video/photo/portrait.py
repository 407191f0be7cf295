"""Reads a photographed avatar: its manifest and its picture, which a library has already made a plain PNG of."""

from __future__ import annotations

import struct
import tomllib
from dataclasses import dataclass
from hashlib import sha256

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from pydantic import ValidationError

from avatars.manifest import Photo
from core_pipeline.contracts.faces import Face
from core_pipeline.engines.video.photo.gather import Rgb
from errors import Impossible

MOST_BYTES, MOST_SIDE, LEAST_SIDE = 24 << 20, 2000, 64
MOST_TEXT = 64 << 10
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Portrait:
    """A person's picture and what their manifest says; `key` is the same for the same picture and points."""

    manifest: Photo
    picture: Rgb
    key: str


def portrait(face: Face) -> Portrait:
    """Return the portrait. Raises `Impossible`: "avatar-kind", "avatar-manifest", "avatar-picture"."""
    if face.kind != "photo":
        raise Impossible("avatar-kind", "this engine shows photographs only")
    text, data = face.files.get("avatar.toml", b""), face.files.get("portrait.png", b"")
    return Portrait(_manifest(text), decoded(data), sha256(sha256(text).digest() + data).hexdigest())


def _manifest(text: bytes) -> Photo:
    if not 0 < len(text) <= MOST_TEXT:
        raise Impossible("avatar-manifest", "avatar.toml is missing or too long")
    try:
        return Photo.model_validate(tomllib.loads(text.decode()))
    except (ValueError, ValidationError, RecursionError) as error:
        raise Impossible(
            "avatar-manifest", f"avatar.toml doesn't say what a photograph's must: {type(error).__name__}"
        ) from error


def decoded(data: bytes) -> Rgb:
    """Return a PNG's colours as (height, width, 3). `Impossible` "avatar-picture" before anything large is made."""
    width, height = _size(data)
    try:
        codec = VideoCodecContext.create("png", "r")
        codec.thread_count = 1
        frames = [*codec.decode(av.Packet(data)), *codec.decode(None)]
        picture = frames[0].to_ndarray(format="rgb24", threads=1)
    except (av.error.FFmpegError, IndexError, ValueError, OSError) as error:
        raise Impossible("avatar-picture", f"portrait.png can't be read: {type(error).__name__}") from error
    if picture.shape != (height, width, 3):
        raise Impossible("avatar-picture", "portrait.png is not of the size that it says")
    return np.ascontiguousarray(picture)


def _size(data: bytes) -> tuple[int, int]:
    """Return what a PNG's header says; its picture is decoded only when that is a size to animate."""
    if not 33 <= len(data) <= MOST_BYTES or data[:8] != _SIGNATURE or data[12:16] != b"IHDR":
        raise Impossible("avatar-picture", "portrait.png is missing, too large or no PNG")
    width, height = struct.unpack(">II", data[16:24])
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE):
        raise Impossible("avatar-picture", f"portrait.png must have {LEAST_SIDE} to {MOST_SIDE} pixels a side")
    return width, height
