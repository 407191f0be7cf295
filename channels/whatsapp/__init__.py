"""WhatsApp over Meta's Cloud API."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import BaseModel

from channels.whatsapp.adapter import WhatsAppChannel
from channels.whatsapp.checks import checks
from channels.whatsapp.config import LIMITS, WhatsAppConfig, WhatsAppPlatform
from channels.whatsapp.door import WhatsAppDoor
from core_pipeline.contracts.calls import Caller, CallsSpec
from core_pipeline.contracts.channel import Channel, ChannelSpec, Door, Emulator, EmulatorSetup, Opening
from core_pipeline.contracts.checks import field_words

__all__ = ["SPEC"]

_DEMO_NUMBER = "100000000000001"


def _platform(given: BaseModel) -> WhatsAppPlatform:
    return WhatsAppPlatform.model_validate(given, from_attributes=True)


def _open(opening: Opening) -> Channel:
    return WhatsAppChannel(opening, _platform(opening.platform))


def _open_door(platform: BaseModel) -> Door:
    ours = _platform(platform)
    return WhatsAppDoor(ours.app_secret, ours.verify_token)


def _identify(config: BaseModel, secrets: Mapping[str, str]) -> str:  # noqa: ARG001 - the number's id is no secret
    return WhatsAppConfig.model_validate(config, from_attributes=True).phone_number_id


def _emulator(setup: EmulatorSetup) -> AbstractAsyncContextManager[Emulator]:
    from channels.whatsapp.emulator import WhatsAppEmulator  # noqa: PLC0415 - a web server only tests and demos need

    return WhatsAppEmulator(setup)


def _caller(setup: EmulatorSetup, base: str, account_id: str) -> AbstractAsyncContextManager[Caller]:
    from channels.whatsapp.emulator_caller import calling  # noqa: PLC0415 - as above

    return calling(setup, base, account_id)


SPEC = ChannelSpec(
    name="whatsapp",
    title={"en": "WhatsApp", "ar": "واتساب"},
    limits=LIMITS,
    config=WhatsAppConfig,
    secrets=("access_token", "app_secret", "verify_token"),
    platform=WhatsAppPlatform,
    open=_open,
    open_door=_open_door,
    emulator=_emulator,
    identify=_identify,
    demo=EmulatorSetup(
        external_id=_DEMO_NUMBER,
        secrets={"access_token": "demo-token"},
        platform={"app_secret": "demo-app-secret", "verify_token": "demo-verify-token"},
    ),
    demo_config={"phone_number_id": _DEMO_NUMBER, "display_number": "+20 100 000 0000", "calls": True},
    calls=CallsSpec(caller=_caller, concurrent=1000),
    checks=checks,
    words=field_words(Path(__file__).with_name("words.toml")),
)
