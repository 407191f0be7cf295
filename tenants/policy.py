"""How one tenant wants its customers served; stored as JSON on the tenant."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PHRASES = ("greeting", "thanks", "goodbye", "unknown", "repeat", "fallback", "please_write", "unsupported")


class Policy(BaseModel):
    """Choices of a tenant; every field has a default that works on the first day.

    `burst_seconds` is how long we wait after a customer's last message before answering all of them as one turn (0:
    every message is answered by itself), `burst_cap` the longest such wait. `reply` is the richest form to answer
    in ("mirror": as the customer wrote). `confidence` is the recogniser's confidence under which we ask the customer
    to repeat or write. `voice` names an engine's voice by language. `phrases` holds the tenant's own words by name and
    language: {"unknown": {"ar": "…", "en": "…"}}.
    """

    model_config = ConfigDict(extra="forbid")

    language: Literal["ar", "en"] = "ar"
    burst_seconds: float = Field(default=1.5, ge=0.0, le=30.0)
    burst_cap: float = Field(default=8.0, ge=0.0, le=60.0)
    reply: Literal["voice", "text", "mirror"] = "voice"
    confidence: float = Field(default=0.5, ge=0.0, le=1.0)
    voice: dict[str, str] = Field(default_factory=dict)
    phrases: dict[str, dict[str, str]] = Field(default_factory=dict)
