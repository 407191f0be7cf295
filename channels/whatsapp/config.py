"""What an account and the platform must tell about WhatsApp, and what the network can carry."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from core_pipeline.contracts.channel import Limits, VideoFormat, VoiceFormat
from core_pipeline.contracts.messages import ReplyKind

# The vendor's cap on sounds and films; a film's size counts after its own processing, hence the margin below.
MEDIA_BYTES = 16 * 1024 * 1024
CAPTION_CHARS = 1024

_FILM_BYTES = 15_000_000
_FILM_SECONDS = 120.0

LIMITS = Limits(
    text_chars=4096,
    voice=VoiceFormat("ogg", "libopus", sample_rate=48000, bit_rate=24000, mime="audio/ogg; codecs=opus"),
    voice_bytes=MEDIA_BYTES,
    fetch_bytes=MEDIA_BYTES,
    busy_seconds=20.0,
    receipts=True,
    polling=False,
    degrade=(ReplyKind.VIDEO, ReplyKind.VOICE, ReplyKind.TEXT),
    videos=(
        VideoFormat("square", 512, 512, longest=_FILM_SECONDS, most=_FILM_BYTES, caption_chars=CAPTION_CHARS),
        VideoFormat("portrait", 576, 1024, longest=_FILM_SECONDS, most=_FILM_BYTES, caption_chars=CAPTION_CHARS),
    ),
    window=24 * 3600.0,
)


def _split(value: Any) -> Any:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


class WhatsAppConfig(BaseModel):
    """One business number."""

    phone_number_id: str = Field(
        title="Phone number ID",
        description="From the app's API Setup page; not the number itself.",
        pattern=r"^[0-9]{5,32}$",
    )
    waba_id: str | None = Field(None, title="WhatsApp Business account ID", pattern=r"^[0-9]{5,32}$")
    display_number: str | None = Field(None, title="Phone number as customers see it", max_length=32)
    calls: bool = Field(
        default=False,
        title="Take calls",
        description="Answers customers who call this number in WhatsApp; installing the webhook switches it on there.",
    )
    ask_to_call: str = Field(
        "",
        title="What customers are asked before we call them",
        description="Sent when we call a customer who has not allowed it yet; without it such a call just fails.",
        max_length=1024,
    )


class WhatsAppPlatform(BaseModel):
    """The platform's own Meta app; secrets are None where every tenant brings its own. Times in seconds.

    `ice_servers` help calls to be reached where our own addresses are not public.
    """

    api_url: str = "https://graph.facebook.com/v26.0"
    app_secret: SecretStr | None = None
    verify_token: SecretStr | None = None
    media_hosts: Annotated[tuple[str, ...], BeforeValidator(_split)] = ("graph.facebook.com", "lookaside.fbsbx.com")
    timeout: float = Field(30.0, gt=0)
    ice_servers: SecretStr | None = None
