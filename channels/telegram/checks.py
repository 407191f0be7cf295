"""Looks at one bot: its token, how its messages arrive, and what it hears in groups."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from channels.telegram.config import TelegramConfig, TelegramPlatform, bot_id
from channels.telegram.pool import shared_pool
from channels.telegram.refusals import asked
from channels.wild import table, whole, words
from core_pipeline.contracts.channel import Opening
from core_pipeline.contracts.checks import Check, Place, Sheet
from errors import Impossible, NeedsOwner

SHEET = Sheet(Path(__file__).with_suffix(".toml"))
# A failure older than this was overcome, where nothing waits any more.
RECENT_SECONDS = 3600
_UNSAFE = re.compile(r"[^A-Za-z0-9 .:,()'-]")


def checks(opening: Opening, place: Place) -> AsyncIterator[Check]:
    """Look at the token, at the webhook or its absence, at the webhook's secret and at privacy in groups."""
    return SHEET.answered(_Look(opening, place).everything())


class _Look:
    def __init__(self, opening: Opening, place: Place) -> None:
        self._platform = TelegramPlatform.model_validate(opening.platform, from_attributes=True)
        self._config = TelegramConfig.model_validate(opening.config, from_attributes=True)
        self._secrets = {name: value.get_secret_value().strip() for name, value in opening.secrets.items()}
        self._place = place

    async def everything(self) -> AsyncIterator[Check]:
        try:
            bot_id(self._secrets)
            me = await self._ask("getMe")
        except NeedsOwner as error:
            yield SHEET.told("bot_token", "missing" if error.code == "token-malformed" else "wrong")
            return
        yield SHEET.told("bot_token", name=words(me.get("username")) or "")
        if self._config.mode == "webhook":
            yield SHEET.told("webhook_secret", "fine" if self._secrets.get("webhook_secret") else "missing")
        yield self._arriving(await self._ask("getWebhookInfo"))
        yield SHEET.told("privacy", _privacy(me))

    def _arriving(self, info: dict[str, Any]) -> Check:
        url, pending = words(info.get("url")) or "", whole(info.get("pending_update_count")) or 0
        if self._config.mode == "polling":
            return SHEET.told("webhook", "taken" if url else "fine-polling", pending=pending)
        if not self._place.webhook:
            return SHEET.told("webhook", "address")
        if url != self._place.webhook:
            return SHEET.told("webhook", "wrong")
        if pending and time.time() - (whole(info.get("last_error_date")) or 0) < RECENT_SECONDS:
            said = _UNSAFE.sub("", words(info.get("last_error_message")) or "")[:100]
            return SHEET.told("webhook", "failing", error=said, pending=pending)
        return SHEET.told("webhook", pending=pending)

    async def _ask(self, method: str, **given: str) -> dict[str, Any]:
        """One call; a token that the vendor does not know is `NeedsOwner`, in whichever form it says so."""
        token = SecretStr(self._secrets["bot_token"])
        url = f"{self._platform.api_url.rstrip('/')}/bot{token.get_secret_value()}/{method}?{urlencode(given)}"
        try:
            return table(await asked(shared_pool().post(url, read_timeout=self._platform.timeout)))
        except Impossible as error:
            raise NeedsOwner("telegram-refused", error.code) from None


def _privacy(me: dict[str, Any]) -> str:
    if me.get("can_join_groups") is False:
        return "fine-none"
    return "fine-all" if me.get("can_read_all_group_messages") is True else "fine"
