"""Channels and engines by the API: the same deeds as in the panel, with secrets that go in only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from channels import discover
from core_pipeline.contracts.channel import Emulator
from tenants.models import AuditEntry
from tests.api.town import Town
from tests.factories import make_tenant

TELEGRAM = discover()["telegram"]
GIVEN = {
    "channel": "telegram",
    "title": "Downtown",
    "config": {"mode": "polling"},
    "secrets": dict(TELEGRAM.demo.secrets),
}


@asynccontextmanager
async def vendor(town: Town) -> AsyncIterator[Emulator]:
    """The vendor's emulator, with the town's channel talking to it."""
    lines: Any = town.needs.lines
    async with TELEGRAM.emulate(TELEGRAM.demo) as emulator:
        lines._platforms["telegram"] = TELEGRAM.platform.model_validate({"api_url": emulator.url})
        yield emulator


async def connected(town: Town, **changed: Any) -> dict[str, Any]:
    made = await town.post("/channels", json={**GIVEN, **changed})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def put(town: Town, path: str, body: Any) -> Any:
    return await town.http.put(f"/api/v1{path}", json=body, headers=town.bearer())


async def delete(town: Town, path: str) -> Any:
    return await town.http.delete(f"/api/v1{path}", headers=town.bearer())


async def test_an_account_is_connected_looked_at_and_changed_without_telling_a_secret(town: Town) -> None:
    async with vendor(town):
        account = await connected(town)
        address = f"/channels/{account['id']}"
        looked = await town.post(f"{address}/checks", json={}, headers={"Accept-Language": "ar"})
        wrong = await put(town, address, {"secrets": {"bot_token": "7000000001:another-token"}})
        found = await town.post(f"{address}/checks", json={})
    assert (account["external_id"], account["kept"]) == ("7000000001", ["bot_token", "webhook_secret"])
    assert looked.json()["fine"]
    assert looked.json()["checks"][0]["looked"].startswith("رمز البوت")
    assert wrong.status_code == 200
    [bad] = [one for one in found.json()["checks"] if not one["fine"]]
    assert bad["code"] == "bot_token"
    assert "BotFather" in bad["step"]
    told = repr(account) + looked.text + wrong.text + found.text
    assert [secret for secret in (*TELEGRAM.demo.secrets.values(), "another-token") if secret in told] == []


async def test_deeds_are_audited_under_the_key_s_name(small_town: Town) -> None:
    account = await connected(small_town)
    await put(small_town, f"/channels/{account['id']}", {"active": False})
    await delete(small_town, f"/channels/{account['id']}")
    async with small_town.db.platform(reads=True) as session:
        rows = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.at)))).all()
    noted = [one for one in rows if one.action.startswith("channel.")]
    assert [one.action for one in noted] == ["channel.connect", "channel.switch", "channel.disconnect"]
    assert all(one.who.startswith("api:") for one in noted)
    assert "demo-token" not in repr([one.before for one in noted] + [one.after for one in noted])


async def test_what_is_left_out_stays_and_switching_is_told(small_town: Town) -> None:
    account = await connected(small_town)
    address = f"/channels/{account['id']}"
    renamed = (await put(small_town, address, {"title": "Uptown"})).json()
    off = (await put(small_town, address, {"active": False})).json()
    gone = await delete(small_town, address)
    after = (await small_town.get(address)).json()
    again = await put(small_town, address, {"active": True})
    assert (renamed["title"], renamed["config"], renamed["kept"]) == ("Uptown", {"mode": "polling"}, account["kept"])
    assert off["standing"] == "off"
    assert (gone.status_code, after["standing"], after["kept"]) == (204, "gone", [])
    assert again.status_code == 409


async def test_the_same_bot_again_and_another_bot_are_refused(small_town: Town) -> None:
    account = await connected(small_town)
    again = await small_town.post("/channels", json=GIVEN)
    other = await put(small_town, f"/channels/{account['id']}", {"secrets": {"bot_token": "7000000002:token"}})
    neighbour = await make_tenant(small_town.db)
    taken = await small_town.post("/channels", await small_town.key_of(neighbour, "connect"), json=GIVEN)
    assert [one.json()["code"] for one in (again, other, taken)] == [
        "account-known",
        "account-differs",
        "account-taken",
    ]
    assert {one.status_code for one in (again, other, taken)} == {409}


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"config": {"mode": "pigeon"}}, "mode"),
        ({"config": {"nothing": 1}}, "nothing"),
        ({"secrets": {"password": "x"}}, "password"),
        ({"title": "\0"}, "title"),
    ],
)
async def test_wrong_fields_are_named_without_their_values(
    small_town: Town, changed: dict[str, Any], where: str
) -> None:
    refused = await small_town.post("/channels", json={**GIVEN, **changed})
    assert refused.status_code == 422
    assert [one["where"] for one in refused.json()["errors"]] == [where]
    assert "demo-token" not in refused.text


async def test_only_a_secret_key_with_the_scope_connects_and_only_one_s_own(small_town: Town) -> None:
    account = await connected(small_town)
    neighbour = await make_tenant(small_town.db)
    foreign = await small_town.key_of(neighbour, "connect")
    weak = await small_town.key_of(small_town.tenant, "insight")
    address = f"/channels/{account['id']}"
    statuses = [
        (await small_town.get(address, foreign)).status_code,
        (await small_town.post(f"{address}/checks", foreign, json={})).status_code,
        (await small_town.get(address, weak)).status_code,
        (await small_town.get(address, small_town.public)).status_code,
    ]
    assert statuses == [404, 404, 403, 403]
    assert (await small_town.get("/channels", foreign)).json()["accounts"] == []


async def test_every_channel_tells_its_form(small_town: Town) -> None:
    listed = (await small_town.get("/channels", headers={"Accept-Language": "ar"})).json()["channels"]
    assert [one["name"] for one in listed] == sorted(discover())
    for one in listed:
        spec = discover()[one["name"]]
        assert {field["name"] for field in one["fields"] if field["secret"]} == {*spec.secrets}
        assert all(field["title"] for field in one["fields"])


async def test_installing_leads_the_vendor_to_us(small_town: Town) -> None:
    async with vendor(small_town) as emulator:
        account = await connected(small_town, config={"mode": "webhook"})
        done = await small_town.post(f"/channels/{account['id']}/install")
        looked = await small_town.post(f"/channels/{account['id']}/checks", json={})
        api: Any = emulator
    assert done.status_code == 204
    assert api.api.webhook_url == f"https://sawtak.example/webhooks/telegram/{account['id']}"
    assert looked.json()["fine"]


async def test_an_engine_is_set_up_chosen_and_forgotten(town: Town) -> None:
    body = {"config": {"base_url": "https://llm.example/v1", "model": "m"}, "secrets": {"api_key": "sk-very-secret"}}
    early = await put(town, "/engines/llm", {"names": ["openai_compatible"]})
    kept = await put(town, "/engines/llm/openai_compatible", body)
    chosen = await put(town, "/engines/llm", {"names": ["openai_compatible", "knowledge"]})
    listed = await town.get("/engines")
    gone = await delete(town, "/engines/llm/openai_compatible")
    after = {one["kind"]: one for one in (await town.get("/engines")).json()}
    again = await delete(town, "/engines/llm/openai_compatible")
    assert (early.status_code, kept.status_code, chosen.status_code) == (422, 204, 204)
    kind = next(one for one in listed.json() if one["kind"] == "llm")
    own = next(one for one in kind["engines"] if one["own"])
    assert kind["chain"] == ["openai_compatible", "knowledge"]
    assert (own["name"], own["kept"]) == ("openai_compatible", ["api_key"])
    assert "sk-very-secret" not in listed.text
    assert (gone.status_code, again.status_code) == (204, 404)
    assert after["llm"]["chain"] == ["knowledge"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/engines/llm/knowledge", 404), ("/engines/nothing/x", 404), ("/engines/llm/openai_compatible", 422)],
)
async def test_engines_that_can_t_be_set_up_are_refused(small_town: Town, path: str, status: int) -> None:
    refused = await put(small_town, path, {"config": {"temperature": 9}})
    assert refused.status_code == status
