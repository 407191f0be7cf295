"""Keys to the API and webhooks, as owners see them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tenants.api_keys import Keyring
from tenants.house_keys import HouseKeyring
from tenants.models import AuditEntry, Notice, NoticeState, now
from tenants.people.roles import Role
from tests.factories import make_tenant
from tests.panel.house import Panel

URL = "https://erp.example/hook?token=hush"


async def told(panel: Panel) -> str:
    async with panel.db.platform(reads=True) as session:
        return repr([one.model_dump() for one in (await session.scalars(select(AuditEntry))).all()])


async def test_a_key_is_shown_once_and_revoked(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner:
        made = await owner.post("/t/demo/keys", {"name": "Website", "scopes": ["talk", "insight"]})
        assert made.status_code == 201
        found = re.search(r"sk_[\w-]{43}", made.text)
        assert found
        key = await Keyring(panel.db).check(found[0])
        assert key is not None
        assert (key.tenant_id, key.scopes) == (panel.tenant.id, frozenset({"talk", "insight"}))
        page = await owner.get("/t/demo/keys")
        assert found[0] not in page.text
        assert found[0][:10] in page.text
        assert (await owner.post(f"/t/demo/keys/{key.id}/revoke")).status_code == 303
        assert await Keyring(panel.db).check(found[0]) is None
        assert "revoked" in (await owner.get("/t/demo/keys")).text
    assert found[0] not in await told(panel)
    assert "api.make" in await told(panel)
    assert "api.revoke" in await told(panel)


async def test_a_key_for_pages_may_only_talk(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner:
        data = {
            "name": "Page",
            "public": "yes",
            "scopes": ["admin"],
            "origins": "https://shop.example\nhttps://b.example",
        }
        found = re.search(r"pk_[\w-]{43}", (await owner.post("/t/demo/keys", data)).text)
        assert found
        key = await Keyring(panel.db).check(found[0])
        assert key is not None
        assert (key.scopes, len(key.origins)) == (frozenset({"talk"}), 2)
        wrong = await owner.post("/t/demo/keys", {**data, "origins": "javascript:alert(1)"})
        assert wrong.status_code == 422
        assert 'aria-invalid="true"' in wrong.text


async def test_keys_that_can_not_be(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        for data in ({"name": "x"}, {"name": "", "scopes": "talk"}, {"name": "x", "scopes": "fly"}):
            assert (await owner.post("/t/demo/keys", data)).status_code == 422


async def test_foreign_keys_and_webhooks_are_not_there(panel: Panel) -> None:
    other = await make_tenant(panel.db)
    async with panel.visitor(Role.OWNER, other) as theirs, panel.visitor(Role.OWNER) as owner:
        await theirs.post(f"/t/{other.slug}/keys", {"name": "Theirs", "scopes": "talk"})
        await theirs.post(f"/t/{other.slug}/webhooks", {"url": URL, "events": "turn.dead"})
        key = re.search(r"keys/(\w{32})/revoke", (await theirs.get(f"/t/{other.slug}/keys")).text)
        hook = re.search(r"webhooks/(\w{32})/test", (await theirs.get(f"/t/{other.slug}/webhooks")).text)
        assert key
        assert hook
        assert "Theirs" not in (await owner.get("/t/demo/keys")).text
        for path in (f"keys/{key[1]}/revoke", f"webhooks/{hook[1]}/test", f"webhooks/{hook[1]}/remove"):
            assert (await owner.post(f"/t/demo/{path}")).status_code == 404
            assert (await owner.post(f"/t/{other.slug}/{path}")).status_code == 404


async def test_a_webhook_is_added_tried_and_removed(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner:
        made = await owner.post("/t/demo/webhooks", {"url": URL, "events": ["turn.dead", "call.missed"]})
        secret = re.search(r'data-copy="([^"]+)"', made.text)
        assert secret
        assert made.status_code == 201
        page = await owner.get("/t/demo/webhooks")
        assert secret[1] not in page.text
        hook = re.search(r"webhooks/(\w{32})/test", page.text)
        assert hook
        await owner.post(f"/t/demo/webhooks/{hook[1]}/test")
        assert "on its way" in (await owner.get("/t/demo/webhooks")).text
        async with panel.db.tenant(panel.tenant.id) as session:
            given_up = {"state": NoticeState.DEAD.value, "cause": "http-500", "attempts": 9, "done_at": now()}
            await session.execute(update(Notice).values(**given_up, next_at=now() + timedelta(days=1)))
        dead = await owner.get("/t/demo/webhooks")
        assert "given up" in dead.text
        assert "After 9 tries" in dead.text
        notice = re.search(r"notices/(\w{32})/retry", dead.text)
        assert notice
        await owner.post(f"/t/demo/webhooks/notices/{notice[1]}/retry")
        assert "on its way" in (await owner.get("/t/demo/webhooks")).text
        assert (await owner.post(f"/t/demo/webhooks/notices/{notice[1]}/retry")).status_code == 422
        await owner.post(f"/t/demo/webhooks/{hook[1]}/remove")
        assert URL not in (await owner.get("/t/demo/webhooks")).text
    kept = await told(panel)
    assert secret[1] not in kept
    assert "hush" not in kept


async def test_addresses_that_can_not_be(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        for url in ("http://erp.example/", "https://127.0.0.1/", "javascript:alert(1)", "", "https://\0.example"):
            answer = await owner.post("/t/demo/webhooks", {"url": url, "events": "turn.dead"})
            assert answer.status_code == 422
        none = await owner.post("/t/demo/webhooks", {"url": "https://erp.example/"})
        assert none.status_code == 422
        assert "at least one event" in none.text


@pytest.mark.parametrize(("role", "base"), [(Role.AGENCY_ADMIN, "/agency/demo"), (Role.PLATFORM_ADMIN, "/platform")])
async def test_a_key_above_a_business_is_shown_once_and_revoked(panel: Panel, role: Role, base: str) -> None:
    async with panel.visitor(role) as admin, panel.visitor(Role.OWNER) as owner:
        assert (await owner.get(f"{base}/keys")).status_code == 404
        made = await admin.post(f"{base}/keys", {"name": "CRM"})
        found = re.search(r"ak_[\w-]{43}", made.text)
        assert found
        assert f'href="/admin{base}/keys"' in made.text
        key = await HouseKeyring(panel.db).check(found[0])
        assert key is not None
        assert key.agency_id == (panel.tenant.agency_id if role is Role.AGENCY_ADMIN else None)
        assert (await admin.post(f"{base}/keys", {"name": " "})).status_code == 422
        page = await admin.get(f"{base}/keys")
        assert (found[0] in page.text, found[0][:10] in page.text) == (False, True)
        assert (await admin.post(f"{base}/keys/{key.id}/revoke")).status_code == 303
        assert await HouseKeyring(panel.db).check(found[0]) is None
        other = "/platform" if role is Role.AGENCY_ADMIN else "/agency/demo"
        assert (await admin.post(f"{other}/keys/{key.id}/revoke")).status_code == 404
    kept = await told(panel)
    assert found[0] not in kept
    assert "house.key-make" in kept
    assert "house.key-revoke" in kept
