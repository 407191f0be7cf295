"""A tenant's own websites: a microphone on any page, by socket, by WebRTC or by the public API."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import BaseModel

from channels.web.channel import WebChannel
from channels.web.checks import checks
from channels.web.config import LIMITS, WebConfig, WebPlatform
from channels.web.sessions import Sessions
from core_pipeline.contracts.calls import Caller, CallsSpec
from core_pipeline.contracts.channel import Channel, ChannelSpec, EmulatorSetup, Opening
from core_pipeline.contracts.checks import field_words
from errors import NeedsOwner

__all__ = ["SPEC"]

_DEMO_SITE = "demo.example"
# An account is opened anew when its settings change; conversations go on.
_SESSIONS = Sessions()


def _open(opening: Opening) -> Channel:
    return WebChannel(opening, WebPlatform.model_validate(opening.platform, from_attributes=True), _SESSIONS)


def _identify(config: BaseModel, secrets: Mapping[str, str]) -> str:  # noqa: ARG001 - a site's name is no secret
    site = WebConfig.model_validate(config, from_attributes=True).site
    if not site:
        raise NeedsOwner("site-missing", "give the website a name, e.g. its domain")
    return site


def _caller(setup: EmulatorSetup, base: str, account_id: str) -> AbstractAsyncContextManager[Caller]:
    from channels.web.caller import visiting  # noqa: PLC0415 - a websocket client that only tests and demos need

    return visiting(setup, base, account_id)


SPEC = ChannelSpec(
    name="web",
    title={"en": "Website", "ar": "موقع الويب"},
    limits=LIMITS,
    config=WebConfig,
    secrets=(),
    platform=WebPlatform,
    open=_open,
    identify=_identify,
    demo=EmulatorSetup(external_id=_DEMO_SITE, secrets={}, platform={}),
    demo_config={"site": _DEMO_SITE},
    calls=CallsSpec(caller=_caller, transfers=False),
    own=True,
    demo_customer="visitor-1",
    checks=checks,
    words=field_words(Path(__file__).with_name("words.toml")),
)
