"""What the emulated server and phones make of a film: refused, shown round, shown as a video, with what is wrong."""

from __future__ import annotations

import io
import secrets
from dataclasses import replace
from typing import Any

import av

from channels.emulation.film import FilmCheck, examine
from channels.telegram.config import (
    CAPTION_CHARS,
    NOTE_BYTES,
    NOTE_SECONDS,
    NOTE_SIDE,
    THUMBNAIL_BYTES,
    THUMBNAIL_SIDE,
    UPLOAD_BYTES,
)
from channels.telegram.emulator_wire import BotError, Params, Upload, file_in
from channels.wild import whole, words
from core_pipeline.contracts.channel import Delivery


def note_seen(start: Delivery, params: Params) -> tuple[Delivery, dict[str, Any]]:
    """Return what arrives of a sendVideoNote, and the note as the vendor tells it back."""
    file, length = _film(params, "video_note", UPLOAD_BYTES), whole(params.get("length")) or 0
    if not 0 <= length <= NOTE_SIDE:
        raise BotError(400, "Bad Request: wrong video note length")
    seen = examine(file.data)
    checks = {
        f"{seen.width}×{seen.height} pixels: not square, so not shown round": seen.width == seen.height,
        f"{seen.width} pixels wide": seen.width <= NOTE_SIDE,
        f"{seen.seconds:.2f} seconds are too long for a note": seen.seconds <= NOTE_SECONDS,
        f"{len(file.data)} bytes are too many for a note": len(file.data) <= NOTE_BYTES,
        f"length is told as {length}": length in {0, seen.width},
        "a note takes no caption": "caption" not in params,
    }
    delivery = _seen(start, file, seen, [*_failed(checks), *_told_wrong(params, seen)])
    return delivery, {**_names(), "length": seen.width, "duration": round(seen.seconds)}


def video_seen(start: Delivery, params: Params) -> tuple[Delivery, dict[str, Any]]:
    """Return what arrives of a sendVideo, and the video as the vendor tells it back."""
    file, caption = _film(params, "video", UPLOAD_BYTES), words(params.get("caption"))
    if caption and len(caption) > CAPTION_CHARS:
        raise BotError(400, "Bad Request: message caption is too long")
    seen = examine(file.data)
    told = tuple(whole(params.get(name)) for name in ("width", "height"))
    checks = {
        f"size is told as {told}": told == (seen.width, seen.height),
        "not said to support streaming": params.get("supports_streaming") == "true",
    }
    delivery = replace(_seen(start, file, seen, [*_failed(checks), *_told_wrong(params, seen)]), text=caption)
    return delivery, {**_names(), "width": seen.width, "height": seen.height, "duration": round(seen.seconds)}


def _film(params: Params, name: str, most: int) -> Upload:
    file = file_in(params, name)
    if file is None:
        raise BotError(400, f"Bad Request: there is no {name.replace('_', ' ')} in the request")
    if len(file.data) > most:
        raise BotError(413, "Request Entity Too Large")
    return file


def _seen(start: Delivery, file: Upload, seen: FilmCheck, faults: list[str]) -> Delivery:
    every = (*seen.faults, *faults)
    return replace(start, data=file.data, mime=file.mime, seconds=seen.seconds, faults=every)


def _told_wrong(params: Params, seen: FilmCheck) -> list[str]:
    """What is wrong with the length that was told and the pictures that came along."""
    duration, thumbnail = whole(params.get("duration")), file_in(params, "thumbnail")
    wide, high = _picture(thumbnail) if thumbnail else (1, 1)
    checks = {
        f"duration is told as {duration}": duration is None or abs(duration - seen.seconds) <= 1,
        f"thumbnail of {wide}×{high} pixels": 0 < max(wide, high) <= THUMBNAIL_SIDE,
        "thumbnail of too many bytes": thumbnail is None or len(thumbnail.data) <= THUMBNAIL_BYTES,
        "the cover is no picture": "cover" not in params or _picture(file_in(params, "cover")) != (0, 0),
    }
    return _failed(checks)


def _picture(file: Upload | None) -> tuple[int, int]:
    """Width and height of a JPEG, zeros for anything else."""
    if file is None or file.mime != "image/jpeg":
        return 0, 0
    try:
        with av.open(io.BytesIO(file.data), "r", format="jpeg_pipe") as box:
            frame = next(box.decode(video=0))
    except (av.error.FFmpegError, StopIteration):
        return 0, 0
    return frame.width, frame.height


def _failed(checks: dict[str, bool]) -> list[str]:
    return [fault for fault, fine in checks.items() if not fine]


def _names() -> dict[str, str]:
    name = secrets.token_hex(8)
    return {"file_id": name, "file_unique_id": name}
