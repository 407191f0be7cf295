"""What the emulated vendor knows of one bot: the calls it got and the updates it still keeps."""

from __future__ import annotations

from typing import Any

from channels.telegram import SPEC
from channels.telegram.emulator import TelegramEmulator
from tests.channels.bench import Stage


def emulator_of(stage: Stage) -> TelegramEmulator:
    assert isinstance(stage.emulator, TelegramEmulator)
    return stage.emulator


def asked(stage: Stage, method: str) -> list[dict[str, Any]]:
    return [dict(params) for name, params in emulator_of(stage).api.asked if name == method]


async def waiting(stage: Stage) -> int:
    """How many updates the vendor still keeps for us."""
    url = f"{stage.emulator.url}/bot{SPEC.demo.secrets['bot_token']}/getWebhookInfo"
    count: int = (await stage.http.get(url)).json()["result"]["pending_update_count"]
    return count
