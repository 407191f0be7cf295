"""Looks at what a website's visitors need of us; no vendor stands between, so nobody is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from channels.web.config import WebConfig, WebPlatform
from channels.web.ice import ice_servers
from core_pipeline.contracts.channel import Opening
from core_pipeline.contracts.checks import Check, Place, Sheet
from errors import NeedsOwner

SHEET = Sheet(Path(__file__).with_suffix(".toml"))


async def checks(opening: Opening, place: Place) -> AsyncIterator[Check]:
    """Look at our address, at the sites that may show the microphone, and at the servers for WebRTC."""
    config = WebConfig.model_validate(opening.config, from_attributes=True)
    platform = WebPlatform.model_validate(opening.platform, from_attributes=True)
    yield SHEET.told("address", "fine" if place.webhook.startswith("https://") else "missing")
    yield SHEET.told("origins", "fine" if config.origins else "fine-any", origins=", ".join(config.origins))
    try:
        servers = ice_servers(platform, "check")
    except NeedsOwner:
        yield SHEET.told("turn", "wrong")
    else:
        yield SHEET.told("turn", "fine" if servers else "fine-none")
