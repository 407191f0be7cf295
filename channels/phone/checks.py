"""Looks at one telephone number at Twilio: account, number, and where Twilio asks about its calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels.phone.adapter import api_of, calls_of
from channels.phone.config import PhoneConfig, PhonePlatform
from channels.phone.rest import Rest
from channels.wild import rows, table, words
from core_pipeline.contracts.channel import Opening
from core_pipeline.contracts.checks import Check, Place, Sheet
from errors import NeedsOwner

SHEET = Sheet(Path(__file__).with_suffix(".toml"))
_REFUSED = {"phone-20003", "phone-http-401"}


def checks(opening: Opening, place: Place) -> AsyncIterator[Check]:
    """Look at the token, the account, the number, its webhook and its fallback."""
    return SHEET.answered(_Look(opening, place).everything())


class _Look:
    def __init__(self, opening: Opening, place: Place) -> None:
        platform = PhonePlatform.model_validate(opening.platform, from_attributes=True)
        self._config = PhoneConfig.model_validate(opening.config, from_attributes=True)
        self._secrets, self._place = opening.secrets, place
        token = opening.secrets.get("auth_token", SecretStr(""))
        base = api_of(platform, self._config)
        self._rest = Rest(opening.http, base, self._config.account_sid, token, platform.timeout)

    async def everything(self) -> AsyncIterator[Check]:
        try:
            account = await self._rest.itself()
        except NeedsOwner as error:
            if error.code not in {*_REFUSED, "token-malformed"}:
                raise
            yield SHEET.told("auth_token", "missing" if error.code == "token-malformed" else "wrong")
            return
        yield SHEET.told("auth_token")
        yield _standing(account)
        if self._config.signature == "HMAC_SHA256":
            yield SHEET.told("shared_key", "fine" if self._secrets.get("shared_key") else "missing")
        number = await self._number()
        if number is None:
            yield SHEET.told("number", "missing")
            return
        yield SHEET.told("number", "fine" if table(number.get("capabilities")).get("voice") is True else "mute")
        yield self._webhook(number)
        yield SHEET.told("fallback", "fine" if words(number.get("voice_fallback_url")) else "wrong")

    async def _number(self) -> dict[str, Any] | None:
        asked = {"PhoneNumber": self._config.number}
        found = rows((await self._rest.call("GET", "IncomingPhoneNumbers", params=asked)).get("incoming_phone_numbers"))
        return next((one for one in found if one.get("phone_number") == self._config.number), None)

    def _webhook(self, number: dict[str, Any]) -> Check:
        if not self._place.webhook:
            return SHEET.told("webhook", "address")
        ours = f"{calls_of(self._place.webhook)}/incoming"
        return SHEET.told("webhook", "fine" if number.get("voice_url") == ours else "wrong")


def _standing(account: dict[str, Any]) -> Check:
    status = words(account.get("status")) or "active"
    if status != "active":
        return SHEET.told("account", "off", status=status)
    return SHEET.told("account", "fine-trial" if account.get("type") == "Trial" else "fine")
