"""What each vendor may say of an account, one after another: the right check is bad, and the way out is named."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels import discover
from channels.phone.emulator_vendor import TwilioVendor
from channels.phone.emulator_vendor import opened as vendor_of
from core_pipeline.contracts.channel import ChannelSpec, Opening
from core_pipeline.contracts.checks import Check, Place
from tests.channels.bench import client, hooked, opening, staged

SPECS = discover()
WHATSAPP, TELEGRAM, PHONE = SPECS["whatsapp"], SPECS["telegram"], SPECS["phone"]
CUSTOMER = "+201000000009"


async def look(spec: ChannelSpec, account: Opening, place: Place) -> dict[str, Check]:
    assert spec.checks is not None
    return {one.code: one async for one in spec.checks(account, place)}


def bad(found: dict[str, Check]) -> list[str]:
    return [code for code, one in found.items() if not one.fine]


@pytest.mark.parametrize(
    ("standing", "code", "said"),
    [
        ({"expires_at": 1_900_000_000}, "access_token", "2030-03-17"),
        ({"scopes": ["whatsapp_business_management"]}, "access_token", "whatsapp_business_messaging"),
        ({"status": "BANNED"}, "phone_number_id", "BANNED"),
        ({"subscribed": False}, "subscribed", "account ID"),
        ({"webhook": "https://elsewhere.example/hook"}, "webhook", "elsewhere"),
        ({"webhook": ""}, "webhook", "elsewhere"),
        ({"name_status": "PENDING_REVIEW"}, "name", "still looking"),
        ({"name_status": "DECLINED"}, "name", "refused"),
        ({"quality": "RED"}, "quality", "blocked or reported"),
    ],
)
async def test_whatsapp_names_what_is_wrong_with_a_number(standing: dict[str, Any], code: str, said: str) -> None:
    async with staged(WHATSAPP) as stage:
        vendor: Any = stage.emulator
        vendor.standing.webhook = "https://sawtak.example/webhooks/whatsapp/a"
        for name, value in standing.items():
            setattr(vendor.standing, name, value)
        account = opening(WHATSAPP, stage.http, api_url=stage.emulator.url)
        found = await look(WHATSAPP, account, Place("https://sawtak.example/webhooks/whatsapp/a"))
    assert bad(found) == [code]
    assert said in found[code].said["en"]
    assert found[code].step["ar"]


async def test_whatsapp_tells_an_unknown_number_from_a_wrong_token() -> None:
    async with staged(WHATSAPP) as stage:
        account = opening(WHATSAPP, stage.http, api_url=stage.emulator.url)
        stage.emulator.fail_next("number", 400, code=100)
        unknown = await look(WHATSAPP, account, Place())
        stage.emulator.fail_next("number", 403, code=10)
        forbidden = await look(WHATSAPP, account, Place())
        stage.emulator.fail_next("number", 401, code=190)
        refused = await look(WHATSAPP, account, Place())
    assert (bad(unknown), bad(forbidden), bad(refused)) == (["phone_number_id"], ["phone_number_id"], ["access_token"])


async def test_a_token_that_may_not_be_asked_about_is_still_looked_at() -> None:
    async with staged(WHATSAPP) as stage:
        vendor: Any = stage.emulator
        vendor.standing.tells_of_token = False
        account = opening(WHATSAPP, stage.http, api_url=stage.emulator.url)
        found = await look(WHATSAPP, account, Place())
    assert found["access_token"].fine
    assert "can't be seen" in found["access_token"].said["en"]
    assert not found["subscribed"].fine


async def test_installing_subscribes_the_app_where_the_account_is_known() -> None:
    spec = WHATSAPP
    async with hooked() as hook, staged(spec) as stage:
        vendor: Any = stage.emulator
        vendor.standing.subscribed = False
        account = opening(spec, stage.http, api_url=stage.emulator.url)
        config = account.config.model_copy(update={"waba_id": "200000000000001", "calls": False})
        account = Opening(account.external_id, config, account.secrets, account.platform, account.http)
        hook.channel = channel = spec.open(account)
        before = await look(spec, account, Place(hook.url))
        await channel.install(hook.url)
        after = await look(spec, account, Place(hook.url))
    assert bad(before) == ["subscribed", "webhook"]
    assert {before[code].button for code in bad(before)} == {"install"}
    assert bad(after) == []


@pytest.mark.parametrize(
    ("status", "code", "said"), [(400, 131030, "on its list"), (403, 368, "368"), (400, 131047, "131047")]
)
async def test_a_refused_test_message_says_why(status: int, code: int, said: str) -> None:
    async with staged(WHATSAPP) as stage:
        stage.emulator.fail_next("messages", status, code=code)
        account = opening(WHATSAPP, stage.http, api_url=stage.emulator.url)
        found = await look(WHATSAPP, account, Place(recipient=CUSTOMER))
        again = await look(WHATSAPP, account, Place(recipient=CUSTOMER))
    assert not found["test"].fine
    assert said in found["test"].said["en"]
    assert again["test"].fine


async def test_a_vendor_that_stumbles_midway_ends_with_a_way_to_try_again() -> None:
    async with staged(WHATSAPP) as stage:
        stage.emulator.fail_next("apps", 503)
        account = opening(WHATSAPP, stage.http, api_url=stage.emulator.url)
        found = await look(WHATSAPP, account, Place())
        stage.emulator.fail_next("apps", 403, code=200)
        refused = await look(WHATSAPP, account, Place())
    assert (bad(found), found["vendor"].button) == (["vendor"], "retry")
    assert "whatsapp-200" in refused["vendor"].said["en"]


def telegram(stage: Any, mode: str, **secrets: str) -> Opening:
    given = {**TELEGRAM.demo.secrets, **secrets}
    account = opening(TELEGRAM, stage.http, given, api_url=stage.emulator.url)
    config = TELEGRAM.config.model_validate({"mode": mode})
    return Opening(account.external_id, config, account.secrets, account.platform, account.http)


HOOK = "https://sawtak.example/webhooks/telegram/a"


async def test_telegram_names_what_is_wrong_with_how_messages_arrive() -> None:
    async with staged(TELEGRAM) as stage:
        vendor: Any = stage.emulator
        polled = await look(TELEGRAM, telegram(stage, "polling"), Place(HOOK))
        missing = await look(TELEGRAM, telegram(stage, "webhook"), Place(HOOK))
        vendor.api.webhook_url = HOOK
        taken = await look(TELEGRAM, telegram(stage, "polling"), Place(HOOK))
        fine = await look(TELEGRAM, telegram(stage, "webhook"), Place(HOOK))
        vendor.api.trouble = {
            "pending_update_count": 7,
            "last_error_date": int(time.time()) - 60,
            "last_error_message": "Wrong response from the webhook: 502 Bad <b>Gateway</b>",
        }
        failing = await look(TELEGRAM, telegram(stage, "webhook"), Place(HOOK))
    assert bad(polled) == bad(fine) == []
    assert bad(missing) == bad(taken) == bad(failing) == ["webhook"]
    assert {one["webhook"].button for one in (missing, taken, failing)} == {"install"}
    assert "502 Bad" in failing["webhook"].said["en"]
    assert "<" not in failing["webhook"].said["en"]
    assert "7" in failing["webhook"].said["ar"]


async def test_telegram_tells_what_the_bot_hears_in_groups() -> None:
    async with staged(TELEGRAM) as stage:
        vendor: Any = stage.emulator
        said = []
        for abilities in ({}, {"can_read_all_group_messages": True}, {"can_join_groups": False}):
            vendor.api.abilities = abilities
            found = await look(TELEGRAM, telegram(stage, "polling"), Place())
            assert found["privacy"].fine
            said.append(found["privacy"].said["en"])
    assert len(set(said)) == 3


async def test_a_revoked_bot_is_told_from_a_token_that_is_none() -> None:
    async with staged(TELEGRAM) as stage:
        stage.emulator.fail_next("getMe", 401)
        revoked = await look(TELEGRAM, telegram(stage, "polling"), Place())
        none = await look(TELEGRAM, telegram(stage, "polling", bot_token="hello"), Place())
        stage.emulator.fail_next("getWebhookInfo", 500)
        broken = await look(TELEGRAM, telegram(stage, "polling"), Place())
    assert bad(revoked) == bad(none) == ["bot_token"]
    assert "refuses" in revoked["bot_token"].said["en"]
    assert "does not look like" in none["bot_token"].said["en"]
    assert bad(broken) == ["vendor"]


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioVendor]:
    async with vendor_of(PHONE.demo) as vendor:
        yield vendor


async def phone(vendor: TwilioVendor, **config: Any) -> dict[str, Check]:
    async with client() as http:
        account = opening(PHONE, http, api_url=vendor.url)
        made = PHONE.config.model_validate({**PHONE.demo_config, **config})
        account = Opening(account.external_id, made, account.secrets, account.platform, http)
        return await look(PHONE, account, Place("https://sawtak.example/webhooks/phone/a"))


async def test_twilio_names_what_is_wrong_with_account_and_number(twilio: TwilioVendor) -> None:
    twilio.hooks |= {
        "VoiceUrl": "https://sawtak.example/calls/phone/a/incoming",
        "VoiceFallbackUrl": "https://sawtak.example/calls/phone/a/fallback",
    }
    assert bad(await phone(twilio)) == []
    twilio.type = "Trial"
    assert "trial" in (await phone(twilio))["account"].said["en"]
    twilio.status = "suspended"
    assert bad(await phone(twilio)) == ["account"]
    twilio.status, twilio.voice = "active", False
    assert bad(await phone(twilio)) == ["number"]
    assert bad(await phone(twilio, number="+12025550143")) == ["number"]
    twilio.voice = True
    assert bad(await phone(twilio, signature="HMAC_SHA256")) == ["shared_key"]
    twilio.hooks = {"VoiceUrl": "https://elsewhere.example"}
    elsewhere = await phone(twilio)
    assert bad(elsewhere) == ["webhook", "fallback"]
    assert elsewhere["webhook"].button == "install"


async def test_twilio_s_refusals_and_silence_are_told_apart(twilio: TwilioVendor) -> None:
    twilio.fail_next("Account", 401, code=20003)
    assert bad(await phone(twilio)) == ["auth_token"]
    twilio.fail_next("Account", 503)
    assert bad(await phone(twilio)) == ["vendor"]
    twilio.fail_next("IncomingPhoneNumbers", 400, code=20001)
    assert "phone-" in (await phone(twilio))["vendor"].said["en"]


async def test_an_exchange_without_a_port_and_one_without_a_secret() -> None:
    spec = SPECS["audiosocket"]
    async with client() as http:
        closed = await look(spec, opening(spec, http), Place())
        silent = await look(spec, opening(spec, http, {"secret": ""}, port=9), Place())
    assert bad(closed) == ["port"]
    assert "AUDIOSOCKET_PORT" in closed["port"].step["ar"]
    assert bad(silent) == ["port", "secret"]


async def test_a_website_needs_https_and_readable_servers() -> None:
    spec = SPECS["web"]
    async with client() as http:
        plain = await look(spec, opening(spec, http), Place())
        account = opening(spec, http, ice_servers="http://nonsense")
        wrong = await look(spec, account, Place("https://sawtak.example/webhooks/web/a"))
    assert bad(plain) == ["address"]
    assert bad(wrong) == ["turn"]
