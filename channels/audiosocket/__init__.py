"""Exchanges of the business's own (Asterisk, and what is built on it) over AudioSocket."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import BaseModel

from channels.audiosocket.checks import checks
from channels.audiosocket.config import LIMITS, AudioSocketConfig, AudioSocketPlatform, wire_id
from channels.audiosocket.desk import Desk
from channels.audiosocket.greeting import Greeter
from channels.audiosocket.line import AudioSocketLine
from core_pipeline.contracts.calls import Caller, CallsSpec, Wire
from core_pipeline.contracts.channel import Channel, ChannelSpec, EmulatorSetup, Opening
from core_pipeline.contracts.checks import field_words

__all__ = ["SPEC"]

_DEMO_UUID = "5a5a5a5a-0000-4000-8000-000000000001"
# The door greets before it knows an account, so what both need to know of a call is the process's.
_DESK = Desk()


def _open(opening: Opening) -> Channel:
    config = AudioSocketConfig.model_validate(opening.config, from_attributes=True)
    return AudioSocketLine(opening, config, _DESK)


def _identify(config: BaseModel, secrets: Mapping[str, str]) -> str:  # noqa: ARG001 - the account's UUID is its name
    return wire_id(AudioSocketConfig.model_validate(config, from_attributes=True).uuid)


def _platform(given: BaseModel) -> AudioSocketPlatform:
    return AudioSocketPlatform.model_validate(given, from_attributes=True)


def _caller(setup: EmulatorSetup, base: str, account_id: str) -> AbstractAsyncContextManager[Caller]:
    from channels.audiosocket.caller import AsteriskCaller  # noqa: PLC0415 - only tests and demos call themselves

    return AsteriskCaller(setup, base, account_id)


SPEC = ChannelSpec(
    name="audiosocket",
    title={"en": "Own exchange (AudioSocket)", "ar": "سنترال خاص"},
    limits=LIMITS,
    config=AudioSocketConfig,
    secrets=("secret",),
    platform=AudioSocketPlatform,
    open=_open,
    identify=_identify,
    calls=CallsSpec(
        caller=_caller,
        wire=Wire(
            port=lambda platform: _platform(platform).port,
            greet=Greeter(_DESK).greet,
            host=lambda platform: _platform(platform).host,
        ),
        transfers=True,
    ),
    demo=EmulatorSetup(external_id=wire_id(_DEMO_UUID), secrets={"secret": "demo-secret"}),
    demo_config={"uuid": _DEMO_UUID, "country_code": "20"},
    checks=checks,
    words=field_words(Path(__file__).with_name("words.toml")),
)
