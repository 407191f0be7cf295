"""Which call carries a reply, and what it is given."""

from __future__ import annotations

from typing import Any

from telegram import InputFile

from channels.telegram.config import CAPTION_CHARS, LIMITS, NOTE_SECONDS, NOTE_SIDE
from channels.telegram.poster import small_enough
from core_pipeline.contracts.messages import Reply, ReplyKind
from errors import Impossible

_NOTE = "note"
_MOST: dict[str | None, int] = {form.view: form.most for form in LIMITS.videos}


def call_for(reply: Reply) -> tuple[str, dict[str, Any]]:
    """Return the name of the library's call and its arguments; `Impossible` for what the network can't carry."""
    if reply.kind is ReplyKind.TEXT:
        return "send_message", {"text": _checked(reply.text)}
    if reply.kind is ReplyKind.VOICE:
        data = _sized(reply.data, LIMITS.voice_bytes, "voice-size")
        return "send_voice", {"voice": InputFile(data, filename="voice.ogg"), "duration": _seconds(reply)}
    return _note(reply) if reply.view == _NOTE else _video(reply)


def _note(reply: Reply) -> tuple[str, dict[str, Any]]:
    """A round note says nothing beside itself: the network takes no caption with it."""
    data = _sized(reply.data, _MOST[_NOTE], "video-size")
    if reply.width != reply.height or (reply.width or 0) > NOTE_SIDE or (reply.seconds or 0) > NOTE_SECONDS:
        raise Impossible("video-shape", f"a note is square, {NOTE_SIDE} pixels and {NOTE_SECONDS:g} seconds at most")
    file = InputFile(data, filename="note.mp4")
    return "send_video_note", {
        "video_note": file,
        "length": reply.width,
        **_thumbnail(reply),
        "duration": _seconds(reply),
    }


def _video(reply: Reply) -> tuple[str, dict[str, Any]]:
    if reply.text and len(reply.text) > CAPTION_CHARS:
        raise Impossible("caption-too-long", f"at most {CAPTION_CHARS} characters: send the text by itself")
    data = _sized(reply.data, _MOST.get(reply.view, _MOST["square"]), "video-size")
    shown = {"width": reply.width, "height": reply.height, "supports_streaming": True}
    cover = {"cover": _picture(reply.poster)} if reply.poster else {}
    caption = {"caption": reply.text} if reply.text and reply.text.strip() else {}
    file = InputFile(data, filename="video.mp4")
    return "send_video", {"video": file, **shown, **cover, **caption, **_thumbnail(reply), "duration": _seconds(reply)}


def _thumbnail(reply: Reply) -> dict[str, Any]:
    """Leave out a picture that is too large for one: the network then makes its own."""
    return {"thumbnail": _picture(reply.poster)} if reply.poster and small_enough(reply.poster) else {}


def _picture(poster: bytes) -> InputFile:
    return InputFile(poster, filename="poster.jpg", attach=True)


def _seconds(reply: Reply) -> int | None:
    return None if reply.seconds is None else max(1, round(reply.seconds))


def _sized(data: bytes | None, most: int, code: str) -> bytes:
    if not data or len(data) > most:
        raise Impossible(code, f"1 to {most} bytes")
    return data


def _checked(text: str | None) -> str:
    if not text or not text.strip():
        raise Impossible("text-empty")
    if len(text) > LIMITS.text_chars:
        raise Impossible("text-too-long", f"at most {LIMITS.text_chars} characters")
    return text
