"""What an account and the platform must tell about Telegram, and what the network can carry."""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from core_pipeline.contracts.channel import Limits, VoiceFormat
from errors import NeedsOwner

LIMITS = Limits(
    text_chars=4096,
    voice=VoiceFormat("ogg", "libopus", sample_rate=48000, bit_rate=24000, mime="audio/ogg"),
    voice_bytes=50 * 1024 * 1024,
    fetch_bytes=20 * 1024 * 1024,
    busy_seconds=4.0,
    receipts=False,
    polling=True,
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
