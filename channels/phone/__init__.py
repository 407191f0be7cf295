"""Telephone numbers at Twilio."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import BaseModel

from channels.phone.adapter import PhoneChannel
from channels.phone.checks import checks
from channels.phone.config import DEMO_ACCOUNT, DEMO_NUMBER, LIMITS, PhoneConfig, PhonePlatform
from core_pipeline.contracts.calls import Caller, CallsSpec
from core_pipeline.contracts.channel import Channel, ChannelSpec, EmulatorSetup, Opening
from core_pipeline.contracts.checks import field_words

__all__ = ["SPEC"]


def _open(opening: Opening) -> Channel:
    config = PhoneConfig.model_validate(opening.config, from_attributes=True)
    return PhoneChannel(opening, config, PhonePlatform.model_validate(opening.platform, from_attributes=True))


def _identify(config: BaseModel, secrets: Mapping[str, str]) -> str:  # noqa: ARG001 - a number is no secret
    return PhoneConfig.model_validate(config, from_attributes=True).number.removeprefix("+")


def _caller(setup: EmulatorSetup, base: str, account_id: str) -> AbstractAsyncContextManager[Caller]:
    from channels.phone.emulator import TwilioCaller  # noqa: PLC0415 - a web server only tests and demos need

    return TwilioCaller(setup, base, account_id)


SPEC = ChannelSpec(
    name="phone",
    title={"en": "Phone", "ar": "هاتف"},
    limits=LIMITS,
    config=PhoneConfig,
    secrets=("auth_token", "auth_token_old", "shared_key"),
    platform=PhonePlatform,
    open=_open,
    identify=_identify,
    calls=CallsSpec(caller=_caller, transfers=True),
    demo=EmulatorSetup(external_id=DEMO_NUMBER.removeprefix("+"), secrets={"auth_token": "demo-auth-token"}),
    demo_config={"account_sid": DEMO_ACCOUNT, "number": DEMO_NUMBER},
    checks=checks,
    words=field_words(Path(__file__).with_name("words.toml")),
)
