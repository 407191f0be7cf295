"""Telegram over the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import BaseModel

from channels.telegram.config import LIMITS, TelegramConfig, TelegramPlatform, bot_id
from core_pipeline.contracts.channel import Channel, ChannelSpec, Emulator, EmulatorSetup, Opening
from core_pipeline.contracts.checks import Check, Place, field_words

__all__ = ["SPEC"]


def _open(opening: Opening) -> Channel:
    from channels.telegram.adapter import TelegramChannel  # noqa: PLC0415 - the vendor's library takes 0.5 s to import

    return TelegramChannel(opening, TelegramPlatform.model_validate(opening.platform, from_attributes=True))


def _identify(config: BaseModel, secrets: Mapping[str, str]) -> str:  # noqa: ARG001 - the token tells the bot's id
    return bot_id(secrets)


def _emulator(setup: EmulatorSetup) -> AbstractAsyncContextManager[Emulator]:
    from channels.telegram.emulator import TelegramEmulator  # noqa: PLC0415 - a web server only tests and demos need

    return TelegramEmulator(setup)


def _checks(opening: Opening, place: Place) -> AsyncIterator[Check]:
    from channels.telegram.checks import checks  # noqa: PLC0415 - the vendor's library takes 0.5 s to import

    return checks(opening, place)


async def _close() -> None:
    from channels.telegram.pool import close_pool  # noqa: PLC0415 - the vendor's library takes 0.5 s to import

    await close_pool()


SPEC = ChannelSpec(
    name="telegram",
    title={"en": "Telegram", "ar": "تيليجرام"},
    limits=LIMITS,
    config=TelegramConfig,
    secrets=("bot_token", "webhook_secret"),
    platform=TelegramPlatform,
    open=_open,
    emulator=_emulator,
    identify=_identify,
    demo=EmulatorSetup(
        external_id="7000000001",
        secrets={"bot_token": "7000000001:demo-token", "webhook_secret": "demo-webhook-secret"},
    ),
    demo_config={"mode": "polling"},
    close=_close,
    checks=_checks,
    words=field_words(Path(__file__).with_name("words.toml")),
)
