"""Channels and engines in the panel: connecting, looking, changing; with a vendor's emulator behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from channels import discover
from core_pipeline.contracts.channel import ChannelSpec, Emulator
from tenants.models import AuditEntry, ChannelAccount, EngineAccount, Tenant
from tenants.people.roles import Role
from tests.panel.house import Panel, Visitor, opened

PUBLIC = "https://panel.test"
SPECS = discover()
TELEGRAM, WHATSAPP = SPECS["telegram"], SPECS["whatsapp"]
NUMBER = WHATSAPP.demo.external_id


@asynccontextmanager
async def at(spec: ChannelSpec, panel: Panel) -> AsyncIterator[Emulator]:
    """The vendor's emulator, with the panel's channel talking to it."""
    lines: Any = panel.house.lines
    async with spec.emulate(replace(spec.demo)) as emulator:
        usual = lines._platforms[spec.name]
        lines._platforms[spec.name] = spec.platform.model_validate({**spec.demo.platform, "api_url": emulator.url})
        try:
            yield emulator
        finally:
            lines._platforms[spec.name] = usual


@pytest.fixture
async def public_panel(sqlite_url_pair: tuple[str, str], tmp_path: Path) -> AsyncIterator[Panel]:
    """A panel that vendors could reach."""
    async with opened(sqlite_url_pair, tmp_path, public_url=PUBLIC) as panel:
        yield panel


async def connected(owner: Visitor, spec: ChannelSpec, **changed: str) -> str:
    """Connect the demo account by its form and give the address of its page."""
    given = {**{name: str(value) for name, value in spec.demo_config.items()}, **spec.demo.secrets, **changed}
    answer = await owner.post(f"/t/demo/connect/new/{spec.name}", {"called": "Downtown", **given})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/admin")


async def accounts(panel: Panel) -> list[ChannelAccount]:
    return await panel.house.floor.book.list(panel.tenant.id)


async def test_every_channel_is_offered_and_has_a_form_in_both_languages(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        listed = await owner.get("/t/demo/connect")
        for spec in SPECS.values():
            assert f"/t/demo/connect/new/{spec.name}" in listed.text
            for language in ("en", "ar"):
                form = await owner.get(f"/t/demo/connect/new/{spec.name}?lang={language}")
                assert form.status_code == 200
                for name in spec.secrets:
                    assert f'name="{name}"' in form.text
                    assert spec.words[name][f"title_{language}"] in form.text


async def test_connecting_keeps_secrets_sealed_and_never_shows_them(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner, at(TELEGRAM, panel):
        address = await connected(owner, TELEGRAM)
        page = await owner.get(address)
        changed = await owner.post(address, {"called": "Uptown", "mode": "polling"})
        [account] = [one for one in await accounts(panel) if one.channel == "telegram"]
        _, secrets = await panel.house.floor.book.opened(account.id)
    assert changed.status_code == 303
    assert account.title == "Uptown"
    assert secrets["bot_token"].get_secret_value() == TELEGRAM.demo.secrets["bot_token"]
    assert [secret for secret in TELEGRAM.demo.secrets.values() if secret in page.text] == []
    async with panel.db.platform(reads=True) as session:
        noted = (await session.scalars(select(AuditEntry).where(col(AuditEntry.action).startswith("channel.")))).all()
    assert [one.action for one in noted] == ["channel.connect", "channel.change"]
    assert not any(
        secret in repr([one.before, one.after]) for one in noted for secret in TELEGRAM.demo.secrets.values()
    )


async def test_the_same_bot_twice_is_refused_kindly_also_from_another_business(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        await connected(owner, TELEGRAM)
        again = await owner.post(
            "/t/demo/connect/new/telegram", {"mode": "polling", **TELEGRAM.demo.secrets, "called": "kept name"}
        )
    assert again.status_code == 422
    assert "is connected already" in again.text
    assert "kept name" in again.text
    assert TELEGRAM.demo.secrets["bot_token"] not in again.text
    async with small_panel.db.platform() as session:
        other = Tenant(agency_id=small_panel.tenant.agency_id, slug="other", name_ar="آخر", name_en="Other")
        session.add(other)
    async with small_panel.visitor(Role.OWNER, other, language="ar") as owner:
        taken = await owner.post("/t/other/connect/new/telegram", {"mode": "polling", **TELEGRAM.demo.secrets})
    assert taken.status_code == 422
    assert "مربوط بنشاط آخر" in taken.text


async def test_a_wrong_token_is_explained_in_both_languages(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner, at(WHATSAPP, small_panel):
        address = await connected(owner, WHATSAPP, access_token="not-the-token")
        english = await owner.get(f"{address}/checks?lang=en")
        arabic = await owner.get(f"{address}/checks?lang=ar")
        status = await owner.get(f"{address}/status?lang=en")
    for text in (english.text, status.text):
        assert "Meta refuses it" in text
        assert "System users" in text
    assert "ترفضه ميتا" in arabic.text
    assert "ما عليك فعله" in arabic.text
    assert "not-the-token" not in english.text + arabic.text + status.text


async def test_checks_come_one_after_another_for_htmx(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner, at(WHATSAPP, small_panel):
        address = await connected(owner, WHATSAPP)
        live = await owner.get(f"{address}/checks", headers={"hx-request": "true"})
    events = live.text.strip().split("\n\n")
    assert live.headers["content-type"].startswith("text/event-stream")
    assert len(events) > 8
    assert all(line.startswith("data: ") for event in events for line in event.splitlines())
    assert 'data-code="access_token"' in events[0]
    assert "verdict" in events[-1]


async def test_a_test_message_goes_to_the_number_that_was_entered(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner, at(WHATSAPP, small_panel) as vendor:
        address = await connected(owner, WHATSAPP)
        sent = await owner.post(f"{address}/test", {"to": "+201000000009"})
        vendor.fail_next("messages", 400, code=131030, text="not on the list")
        refused = await owner.post(f"{address}/test", {"to": "+201000000009"})
    assert [one.customer for one in vendor.deliveries] == ["201000000009"]
    assert "WhatsApp took it" in sent.text
    assert "phones on its list" in refused.text


async def test_without_a_public_address_the_webhook_button_explains(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner, at(TELEGRAM, small_panel):
        address = await connected(owner, TELEGRAM, mode="webhook")
        nowhere = await owner.post(f"{address}/install")
    assert nowhere.status_code == 409
    assert "PUBLIC_URL" in nowhere.text


async def test_the_webhook_is_set_by_a_button(public_panel: Panel) -> None:
    async with public_panel.visitor(Role.OWNER) as owner, at(TELEGRAM, public_panel) as vendor:
        address = await connected(owner, TELEGRAM, mode="webhook")
        before = await owner.get(f"{address}/checks")
        done = await owner.post(f"{address}/install")
        after = await owner.get(f"{address}/checks")
        api: Any = vendor
    assert "Do it for me" in before.text
    assert done.status_code == 303
    assert api.api.webhook_url == f"{PUBLIC}/webhooks/telegram/{address.rpartition('/')[2]}"
    assert "All is well." in after.text


async def test_an_account_is_switched_off_and_on_and_disconnected(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner, at(TELEGRAM, small_panel):
        address = await connected(owner, TELEGRAM)
        await owner.post(f"{address}/switch", {"active": "no"})
        off = await owner.get("/t/demo/connect")
        told = await owner.get(f"{address}/checks")
        await owner.post(f"{address}/switch", {"active": "yes"})
        [on] = [one.active for one in await accounts(small_panel) if one.channel == "telegram"]
        await owner.post(f"{address}/disconnect")
        gone = await owner.get("/t/demo/connect")
        [account] = [one for one in await accounts(small_panel) if one.channel == "telegram"]
        again = await owner.post(f"{address}/switch", {"active": "yes"})
    assert "switched off" in off.text
    assert "It is switched off" in told.text
    assert on
    assert "disconnected" in gone.text
    assert (account.active, account.sealed) == (False, {})
    assert again.headers["location"].endswith("/connect/new/telegram")


async def test_only_owners_connect_and_viewers_see_no_form(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.VIEWER) as viewer:
        listed = await viewer.get("/t/demo/connect")
        form = await viewer.get("/t/demo/connect/new/telegram")
        sent = await viewer.post("/t/demo/connect/new/telegram", dict(TELEGRAM.demo.secrets))
    assert listed.status_code == 200
    assert "/connect/new/" not in listed.text
    assert (form.status_code, sent.status_code) == (403, 403)
    assert [one for one in await accounts(small_panel) if one.channel == "telegram"] == []


async def test_another_business_s_account_is_not_there(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        address = await connected(owner, TELEGRAM)
    async with small_panel.db.platform() as session:
        other = Tenant(agency_id=small_panel.tenant.agency_id, slug="other", name_ar="آخر", name_en="Other")
        session.add(other)
    foreign = address.replace("/t/demo/", "/t/other/")
    async with small_panel.visitor(Role.OWNER, other) as owner:
        seen = [(await owner.get(foreign)).status_code, (await owner.get(f"{foreign}/checks")).status_code]
        done = [(await owner.post(f"{foreign}{part}")).status_code for part in ("", "/switch", "/install", "/test")]
    assert {*seen, *done} == {404}


async def test_wrong_fields_are_marked_and_what_was_typed_is_kept(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        sent = await owner.post(
            "/t/demo/connect/new/whatsapp",
            {
                "called": "Nile",
                "phone_number_id": "not digits",
                "access_token": "secret-one",
                "display_number": "+20 2",
            },
        )
    assert sent.status_code == 422
    assert 'aria-invalid="true"' in sent.text
    assert "not digits" in sent.text
    assert "+20 2" in sent.text
    assert "secret-one" not in sent.text


async def test_an_engine_is_set_up_with_a_sealed_key_chosen_and_forgotten(panel: Panel) -> None:
    base = "/t/demo/engines/llm/openai_compatible"
    async with panel.visitor(Role.OWNER) as owner:
        listed = await owner.get("/t/demo/engines")
        wrong = await owner.post(base, {"base_url": "https://llm.example/v1", "temperature": "9"})
        too_early = await owner.post("/t/demo/engines/llm", {"place0": "openai_compatible"})
        kept = await owner.post(base, {"base_url": "https://llm.example/v1", "model": "m", "api_key": "sk-very-secret"})
        form = await owner.get(base)
        chosen = await owner.post("/t/demo/engines/llm", {"place0": "openai_compatible", "place1": "knowledge"})
        async with panel.db.tenant(panel.tenant.id, reads=True) as session:
            [row] = (await session.scalars(select(EngineAccount))).all()
            chain = (await session.get_one(Tenant, panel.tenant.id)).policy["engines"]
        gone = await owner.post(f"{base}/forget")
    assert base in listed.text
    assert (wrong.status_code, too_early.status_code) == (422, 422)
    assert (kept.status_code, chosen.status_code, gone.status_code) == (303, 303, 303)
    assert "sk-very-secret" not in form.text + repr(row.config) + repr(row.sealed)
    assert "https://llm.example/v1" in form.text
    assert chain == {"llm": "openai_compatible,knowledge"}
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        assert (await session.scalars(select(EngineAccount))).all() == []
        assert (await session.get_one(Tenant, panel.tenant.id)).policy["engines"] == {"llm": "knowledge"}


async def test_a_probe_says_clearly_what_is_wrong(small_panel: Panel) -> None:
    base = "/t/demo/engines/llm/openai_compatible"
    async with small_panel.visitor(Role.OWNER) as owner:
        await owner.post(base, {"base_url": "http://127.0.0.1:9/v1", "api_key": "sk-very-secret", "model": "m"})
        probed = await owner.post(f"{base}/probe")
    assert probed.status_code == 200
    assert 'class="alert bad"' in probed.text
    assert "sk-very-secret" not in probed.text
