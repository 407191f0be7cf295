"""Looks at what can be seen of an exchange from our side: our own door and the secret; no exchange is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr

from channels.audiosocket.config import AudioSocketPlatform
from core_pipeline.contracts.channel import Opening
from core_pipeline.contracts.checks import Check, Place, Sheet

SHEET = Sheet(Path(__file__).with_suffix(".toml"))
_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how "everywhere" is written, not where we listen


async def checks(opening: Opening, place: Place) -> AsyncIterator[Check]:
    """Look whether somebody listens for exchanges, and whether there is a secret."""
    del place  # the exchange is told our address by hand
    platform = AudioSocketPlatform.model_validate(opening.platform, from_attributes=True)
    yield SHEET.told("port", await _door(platform), port=platform.port)
    secret = opening.secrets.get("secret", SecretStr("")).get_secret_value()
    yield SHEET.told("secret", "fine" if secret else "missing")


async def _door(platform: AudioSocketPlatform) -> str:
    if not platform.port:
        return "closed"
    try:
        async with asyncio.timeout(min(platform.timeout, 3.0)):
            _, writer = await asyncio.open_connection(_ANYWHERE.get(platform.host, platform.host), platform.port)
    except OSError:  # a timeout is one, too
        return "silent"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return "fine"
