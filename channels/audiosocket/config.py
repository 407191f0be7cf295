"""What an account and the platform must tell about AudioSocket, and what such a line can carry."""

from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, Field, field_validator

from core_pipeline.contracts.channel import Limits, VoiceFormat
from core_pipeline.contracts.messages import ReplyKind

LIMITS = Limits(
    text_chars=1000,
    voice=VoiceFormat("wav", "pcm_s16le", sample_rate=8000, bit_rate=128_000, mime="audio/wav"),
    voice_bytes=16 * 1024 * 1024,
    fetch_bytes=16 * 1024 * 1024,
    busy_seconds=20.0,
    receipts=False,
    polling=False,
    degrade=(ReplyKind.VOICE, ReplyKind.TEXT),
    bursts=False,
)


class AudioSocketConfig(BaseModel):
    """One business number on your own exchange."""

    uuid: str = Field(
        default_factory=lambda: str(uuid4()),
        title="UUID",
        description="Names this account on the wire; whoever knows it can call. Made for you when empty.",
    )
    country_code: str = Field(
        "",
        title="Country code",
        description="Without +, e.g. 20; put before callers' numbers that begin with a single 0.",
        pattern=r"^([1-9][0-9]{0,3})?$",
    )

    @field_validator("uuid")
    @classmethod
    def _plain(cls, value: str) -> str:
        return str(UUID(value))


class AudioSocketPlatform(BaseModel):
    """Where we listen for exchanges; `port` 0 is closed. No vendor has an address or is waited for."""

    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65535)
    api_url: str = ""
    timeout: float = Field(10.0, gt=0)


def wire_id(uuid: Any) -> str:
    """A UUID as the wire's 32 hexadecimal digits; `ValueError` for anything else."""
    return UUID(str(uuid)).hex
