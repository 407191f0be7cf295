"""What an account and the platform must tell about Telegram, and what the network can carry."""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from core_pipeline.contracts.channel import Limits, VideoFormat, VoiceFormat
from core_pipeline.contracts.messages import ReplyKind
from errors import NeedsOwner

UPLOAD_BYTES = 50 * 1024 * 1024
CAPTION_CHARS = 1024
# A note of more seconds or pixels is shown as a plain video, or refused. The bytes are those of Telegram's own clients.
NOTE_SECONDS = 60.0
NOTE_SIDE = 640
NOTE_BYTES = 12 * 1024 * 1024
THUMBNAIL_SIDE = 320
THUMBNAIL_BYTES = 200 * 1024 - 1

_FILM_SECONDS = 120.0
_FILM_BYTES = 45_000_000

LIMITS = Limits(
    text_chars=4096,
    voice=VoiceFormat("ogg", "libopus", sample_rate=48000, bit_rate=24000, mime="audio/ogg"),
    voice_bytes=UPLOAD_BYTES,
    fetch_bytes=20 * 1024 * 1024,
    busy_seconds=4.0,
    receipts=False,
    polling=True,
    degrade=(ReplyKind.VIDEO, ReplyKind.VOICE, ReplyKind.TEXT),
    videos=(
        VideoFormat("note", NOTE_SIDE, NOTE_SIDE, longest=NOTE_SECONDS - 1, most=NOTE_BYTES - 500_000),
        VideoFormat("square", 512, 512, longest=_FILM_SECONDS, most=_FILM_BYTES, caption_chars=CAPTION_CHARS),
        VideoFormat("portrait", 576, 1024, longest=_FILM_SECONDS, most=_FILM_BYTES, caption_chars=CAPTION_CHARS),
    ),
)

_TOKEN = re.compile(r"([0-9]{1,19}):[A-Za-z0-9_-]{3,128}")


class TelegramConfig(BaseModel):
    """One bot."""

    mode: Literal["polling", "webhook"] = Field(
        "polling",
        title="How messages arrive",
        description="Polling needs no public address; a webhook needs HTTPS and a webhook secret.",
    )


class TelegramPlatform(BaseModel):
    """Where the Bot API lies; times in seconds."""

    api_url: str = "https://api.telegram.org"
    timeout: float = Field(30.0, gt=0)


def bot_id(secrets: Mapping[str, str]) -> str:
    """Return the bot's id, which is the part of its token before the colon."""
    match = _TOKEN.fullmatch(secrets.get("bot_token", "").strip())
    if not match:
        raise NeedsOwner("token-malformed", "a bot token looks like 123456789:letters; copy it again from BotFather")
    return match.group(1)
