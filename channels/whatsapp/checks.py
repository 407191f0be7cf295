"""Looks at one WhatsApp number as its owner has to set it up at Meta, and says what is wrong and where to click."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels.whatsapp.config import WhatsAppConfig, WhatsAppPlatform
from channels.whatsapp.graph import Graph
from channels.whatsapp.people import recipient
from channels.wild import rows, table, whole, words
from core_pipeline.contracts.channel import Opening
from core_pipeline.contracts.checks import Check, Place, Sheet
from errors import Impossible, NeedsOwner, SawtakError

SHEET = Sheet(Path(__file__).with_suffix(".toml"))
FIELDS = "display_phone_number,verified_name,name_status,quality_rating,status,messaging_limit_tier"
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
# What Meta says of a number that can neither send nor receive.
DEAD = frozenset({"BANNED", "DELETED", "DISCONNECTED", "MIGRATED", "OFFLINE", "PENDING", "RESTRICTED", "UNVERIFIED"})
TEST = {"ar": "رسالة تجريبية من صوتك: كل شيء يعمل.", "en": "A test from Sawtak: it works."}

_TOKEN_REFUSED = {"whatsapp-0", "whatsapp-190", "whatsapp-http-401"}
_QUALITY = {"GREEN": "fine", "YELLOW": "fine-medium", "RED": "low"}
_NAMES = {"APPROVED": "fine", "AVAILABLE_WITHOUT_REVIEW": "fine", "PENDING_REVIEW": "review"}
_TIERS = {"50": "50", "250": "250", "1K": "1,000", "2K": "2,000", "10K": "10,000", "100K": "100,000"}


def checks(opening: Opening, place: Place) -> AsyncIterator[Check]:
    """Look at token, number, app secret, subscription, webhook, name, quality and limit; last send a test message."""
    return SHEET.answered(_Look(opening, place).everything())


class _Look:
    def __init__(self, opening: Opening, place: Place) -> None:
        platform = WhatsAppPlatform.model_validate(opening.platform, from_attributes=True)
        self._config = WhatsAppConfig.model_validate(opening.config, from_attributes=True)
        self._token = opening.secrets.get("access_token", SecretStr(""))
        self._app_secret = _opened(opening.secrets.get("app_secret")) or _opened(platform.app_secret)
        self._verify_token = _opened(opening.secrets.get("verify_token")) or _opened(platform.verify_token)
        self._graph = Graph(opening.http, platform.api_url.rstrip("/"), self._token, platform.timeout)
        self._number, self._place = opening.external_id, place

    async def everything(self) -> AsyncIterator[Check]:
        try:
            number = await self._graph.call("GET", self._number, params={"fields": FIELDS})
        except (NeedsOwner, Impossible) as error:
            for check in self._unreadable(error):
                yield check
            return
        token, about = await self._of_token()
        yield token
        if about.get("is_valid") is False:
            return
        yield _number(number)
        yield await self._secret()
        yield SHEET.told("verify_token", "fine" if self._verify_token else "missing")
        yield await self._subscribed(about)
        yield await self._webhook()
        for check in (_name(number), _quality(number), _limit(number)):
            yield check
        if self._place.recipient:
            yield await self._test()

    def _unreadable(self, error: SawtakError) -> Iterator[Check]:
        """Why nothing can be read of the number: the token, or a number that it does not know."""
        if error.code == "token-malformed":
            yield SHEET.told("access_token", "missing")
        elif error.code in _TOKEN_REFUSED:
            yield SHEET.told("access_token", "wrong")
        else:
            yield SHEET.told("access_token", "fine-unknown")
            yield SHEET.told("phone_number_id", "wrong")

    async def _of_token(self) -> tuple[Check, dict[str, Any]]:
        try:
            asked = {"input_token": self._token.get_secret_value()}
            about = table((await self._graph.call("GET", "debug_token", params=asked)).get("data"))
        except (NeedsOwner, Impossible):
            # Not every token may be asked about with itself; that it works, the number has shown.
            return SHEET.told("access_token", "fine-unknown"), {}
        if about.get("is_valid") is False:
            return SHEET.told("access_token", "wrong"), about
        granted = about.get("scopes")
        lacking = [scope for scope in SCOPES if isinstance(granted, list) and scope not in granted]
        if lacking:
            return SHEET.told("access_token", "scopes", lacking=", ".join(lacking)), about
        if until := whole(about.get("expires_at")):
            return SHEET.told("access_token", "expiring", until=f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d}"), about
        return SHEET.told("access_token"), about

    async def _secret(self) -> Check:
        """Meta compares a proof made with the app's secret wherever one is given: the same question, now with it."""
        if not self._app_secret:
            return SHEET.told("app_secret", "missing")
        token = self._token.get_secret_value().encode()
        proof = hmac.new(self._app_secret.encode(), token, hashlib.sha256).hexdigest()
        try:
            await self._graph.call("GET", self._number, params={"fields": "id", "appsecret_proof": proof})
        except (Impossible, NeedsOwner):
            return SHEET.told("app_secret", "wrong")
        return SHEET.told("app_secret")

    async def _subscribed(self, about: dict[str, Any]) -> Check:
        account = self._config.waba_id or _only_account(about)
        if account is None:
            return SHEET.told("subscribed", "unknown")
        found = rows((await self._graph.call("GET", f"{account}/subscribed_apps")).get("data"))
        apps = {words(table(one.get("whatsapp_business_api_data")).get("id")) for one in found}
        ours = words(about.get("app_id"))
        if (ours in apps) if ours else apps:
            return SHEET.told("subscribed")
        return SHEET.told("subscribed", "wrong" if self._config.waba_id else "unknown")

    async def _webhook(self) -> Check:
        """A number's own address goes before the account's, and this one before the app's."""
        if not self._place.webhook:
            return SHEET.told("webhook", "address")
        found = await self._graph.call("GET", self._number, params={"fields": "webhook_configuration"})
        set_to = table(found.get("webhook_configuration"))
        places = (words(set_to.get(name)) for name in ("phone_number", "whatsapp_business_account", "application"))
        shared = self._place.webhook.rpartition("/")[0]
        used = next((one for one in places if one), "")
        return SHEET.told("webhook", "fine" if used in {self._place.webhook, shared} else "wrong")

    async def _test(self) -> Check:
        try:
            to = recipient({"to": self._place.recipient})
            body = {"messaging_product": "whatsapp", "recipient_type": "individual", **to, "type": "text"}
            text = {"body": "\n".join(TEST.values()), "preview_url": False}
            await self._graph.call("POST", f"{self._number}/messages", json={**body, "text": text})
        except (NeedsOwner, Impossible) as error:
            listed = error.code == "whatsapp-131030"
            return SHEET.told("test", "list" if listed else "refused", code=error.code)
        return SHEET.told("test")


def _number(number: dict[str, Any]) -> Check:
    status = words(number.get("status")) or ""
    if status in DEAD:
        return SHEET.told("phone_number_id", "off", status=status)
    return SHEET.told("phone_number_id", number=words(number.get("display_phone_number")) or "")


def _name(number: dict[str, Any]) -> Check:
    outcome = _NAMES.get(words(number.get("name_status")) or "APPROVED", "refused")
    return SHEET.told("name", outcome, name=words(number.get("verified_name")) or "")


def _quality(number: dict[str, Any]) -> Check:
    return SHEET.told("quality", _QUALITY.get(words(number.get("quality_rating")) or "", "fine-new"))


def _limit(number: dict[str, Any]) -> Check:
    tier = (words(number.get("messaging_limit_tier")) or "").removeprefix("TIER_")
    if tier == "UNLIMITED":
        return SHEET.told("limit", "fine-unlimited")
    known = _TIERS.get(tier)
    return SHEET.told("limit", "fine" if known else "fine-unknown", customers=known or "")


def _only_account(about: dict[str, Any]) -> str | None:
    """The WhatsApp account that the token is for, where it is for one only."""
    found = [
        words(target)
        for grant in rows(about.get("granular_scopes"))
        if grant.get("scope") == SCOPES[1] and isinstance(grant.get("target_ids"), list)
        for target in grant["target_ids"]
    ]
    return found[0] if len(found) == 1 and (found[0] or "").isdecimal() else None


def _opened(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
