"""What an account and the platform must tell about a phone number, and what a telephone line can carry."""

from typing import Literal

from pydantic import BaseModel, Field

from core_pipeline.contracts.channel import Limits, VoiceFormat
from core_pipeline.contracts.messages import ReplyKind

# The account of the emulator: no real one has this name.
DEMO_ACCOUNT = "AC" + "5a" * 16
DEMO_NUMBER = "+12025550142"

MESSAGE_SECONDS = 120

LIMITS = Limits(
    text_chars=1600,
    voice=VoiceFormat("wav", "pcm_s16le", sample_rate=8000, bit_rate=128_000, mime="audio/wav"),
    voice_bytes=16 * 1024 * 1024,
    fetch_bytes=16 * 1024 * 1024,
    busy_seconds=20.0,
    receipts=False,
    polling=False,
    degrade=(ReplyKind.VOICE, ReplyKind.TEXT),
    bursts=False,
    dials="+{account}",
)


class PhoneConfig(BaseModel):
    """One telephone number at Twilio."""

    account_sid: str = Field(
        title="Account SID",
        description="From the Console's first page; a sub-account's own SID where the number belongs to one.",
        pattern=r"^AC[0-9a-fA-F]{32}$",
    )
    number: str = Field(
        title="Phone number", description="With country code, e.g. +12025550142.", pattern=r"^\+[1-9][0-9]{6,14}$"
    )
    call_back: bool = Field(
        False, title="Call back", description="Answers to voicemail are played in a call to the customer."
    )
    sms: bool = Field(False, title="SMS", description="Written answers are sent by SMS from this number.")
    signature: Literal["HMAC_SHA1", "HMAC_SHA256"] = Field(
        "HMAC_SHA1",
        title="Signature",
        description="HMAC_SHA256 if a shared key signs the webhooks (secret shared_key).",
    )
    region: str | None = Field(
        None,
        title="Region",
        description="Where the account's data lies, e.g. ie1; empty: us1.",
        pattern=r"^[a-z]{2}[0-9]$",
    )
    edge: str | None = Field(
        None, title="Edge", description="Where we enter Twilio's network, e.g. dublin.", pattern=r"^[a-z-]{2,32}$"
    )
    fallback_url: str | None = Field(
        None,
        title="Fallback address",
        description="Where you host the fallback TwiML for the time that we are down; empty: we answer it ourselves.",
        pattern=r"^https://[^\s]{1,1000}$",
    )


class PhonePlatform(BaseModel):
    """The vendor's address and our patience with it in seconds."""

    api_url: str = "https://api.twilio.com"
    timeout: float = Field(20.0, gt=0)
