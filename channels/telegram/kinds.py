"""What a customer's message holds, by the key that is filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels.wild import number, rows, table, whole, words
from core_pipeline.contracts.messages import Kind, MediaRef


@dataclass(frozen=True)
class Content:
    """Kind, words and file of a message."""

    kind: Kind
    text: str | None = None
    media: MediaRef | None = None


_OTHER = Content(Kind.OTHER)


def content(message: dict[str, Any]) -> Content | None:
    """Return what `message` holds, None for service messages and whatever else wants no answer."""
    for key, read in _READERS.items():
        if key in message:
            return read(message.get(key), words(message.get("caption")))
    return None


def _text(value: Any, _: str | None) -> Content:
    text = words(value)
    if text and text.split()[0].split("@")[0] == "/start":  # the button that opens every chat with a bot
        return Content(Kind.OPENED, text)
    return Content(Kind.TEXT, text) if text else _OTHER


def _file(kind: Kind, mime: str | None, value: Any, caption: str | None) -> Content:
    file = table(value)
    file_id = words(file.get("file_id"))
    if not file_id:
        return _OTHER
    media = MediaRef(
        id=file_id,
        mime=words(file.get("mime_type")) or mime,
        size=whole(file.get("file_size")),
        seconds=number(file.get("duration")),
        filename=words(file.get("file_name")),
    )
    return Content(kind, caption, media)


def _photo(value: Any, caption: str | None) -> Content:
    sizes = rows(value)
    largest = max(sizes, key=lambda size: whole(size.get("width")) or 0, default=None)
    return _file(Kind.IMAGE, "image/jpeg", largest, caption)


def _location(value: Any, _: str | None) -> Content:
    text = _spot(value)
    return Content(Kind.LOCATION, text) if text else _OTHER


def _venue(value: Any, _: str | None) -> Content:
    place = table(value)
    lines = (words(place.get("title")), words(place.get("address")), _spot(place.get("location")))
    return Content(Kind.LOCATION, "\n".join(line for line in lines if line) or None)


def _spot(value: Any) -> str | None:
    spot = table(value)
    latitude, longitude = number(spot.get("latitude")), number(spot.get("longitude"))
    return None if latitude is None or longitude is None else f"{latitude:.6f}, {longitude:.6f}"


def _contact(value: Any, _: str | None) -> Content:
    card = table(value)
    parts = (words(card.get(key)) for key in ("first_name", "last_name", "phone_number"))
    return Content(Kind.CONTACT, " ".join(part for part in parts if part) or None)


def _other(_: Any, caption: str | None) -> Content:
    return Content(Kind.OTHER, caption)


# The order counts: an animation fills `document` too, a venue fills `location` too.
_READERS: dict[str, Callable[[Any, str | None], Content]] = {
    "text": _text,
    "voice": partial(_file, Kind.VOICE, "audio/ogg"),
    "audio": partial(_file, Kind.AUDIO, None),
    "video_note": partial(_file, Kind.VIDEO_NOTE, "video/mp4"),
    "photo": _photo,
    "animation": partial(_file, Kind.VIDEO, "video/mp4"),
    "video": partial(_file, Kind.VIDEO, None),
    "document": partial(_file, Kind.DOCUMENT, None),
    "sticker": partial(_file, Kind.STICKER, None),
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "poll": _other,
    "dice": _other,
    "story": _other,
    "game": _other,
    "paid_media": _other,
    "checklist": _other,
}
