"""What an account and the platform must tell about websites, and what a web page can show."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from core_pipeline.contracts.channel import Limits, VideoFormat, VoiceFormat
from core_pipeline.contracts.messages import ReplyKind

MEDIA_BYTES = 16 * 1024 * 1024

_FILM_SECONDS = 120.0
_CAPTION_CHARS = 4000

# MP3 is the one sound that Chromium, Firefox and Safari all play from a plain address, on every system.
LIMITS = Limits(
    text_chars=4000,
    voice=VoiceFormat("mp3", "libmp3lame", sample_rate=24000, bit_rate=48000, mime="audio/mpeg"),
    voice_bytes=MEDIA_BYTES,
    fetch_bytes=MEDIA_BYTES,
    busy_seconds=0.0,
    receipts=False,
    polling=False,
    degrade=(ReplyKind.VIDEO, ReplyKind.VOICE, ReplyKind.TEXT),
    videos=(
        VideoFormat("square", 512, 512, longest=_FILM_SECONDS, most=MEDIA_BYTES, caption_chars=_CAPTION_CHARS),
        VideoFormat("portrait", 576, 1024, longest=_FILM_SECONDS, most=MEDIA_BYTES, caption_chars=_CAPTION_CHARS),
    ),
    bursts=False,
)


def _split(value: Any) -> Any:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


Origin = Annotated[str, Field(pattern=r"^https?://[^/\s]{1,253}$")]


class WebConfig(BaseModel):
    """One website, or all websites of a tenant."""

    site: str = Field(
        "",
        title="Name of the website",
        description="A name that no other business has, e.g. your domain.",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]{0,99})?$",
    )
    origins: Annotated[tuple[Origin, ...], BeforeValidator(_split)] = Field(
        (),
        title="Origins",
        description="Pages from elsewhere are turned away, whatever their key allows; empty: as the key says.",
    )


class WebPlatform(BaseModel):
    """What helps browsers to reach us by WebRTC; `api_url` and `timeout` mean nothing here, for there is no vendor.

    `ice_servers` are given to browsers as they are: addresses with commas between, or the JSON list that browsers take.
    With `turn_secret` (coturn's `static-auth-secret`), the servers of `turn_urls` are given with credentials that are
    good for `turn_seconds`.
    """

    api_url: str = ""
    timeout: float = Field(30.0, gt=0)
    ice_servers: SecretStr = SecretStr("")
    turn_urls: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    turn_secret: SecretStr | None = None
    turn_seconds: int = Field(3600, ge=60, le=86400)
