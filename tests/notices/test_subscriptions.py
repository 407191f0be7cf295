"""Who wants to be told: addresses are checked, secrets are shown once and kept sealed, tenants don't see each other."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import func, select

from core_pipeline.notices import EVENTS, listing, notify, subscribe, unsubscribe
from core_pipeline.notices.subscriptions import MOST, opened
from errors import Impossible
from tenants.models import Notice, Subscription
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant

VAULT = Vault.generate()
URL = "https://shop.example/hook"


async def test_a_subscription_is_kept_with_its_secret_sealed(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        made = await subscribe(session, VAULT, URL, ["message.sent", "message.received", "message.sent"])
    secret = made.secret.get_secret_value()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    async with database.db.tenant(tenant.id, reads=True) as session:
        [kept] = await listing(session)
    assert (kept.id, kept.url, kept.events) == (made.id, URL, ["message.received", "message.sent"])
    assert secret not in repr(kept)
    assert opened(VAULT, kept) == secret


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://shop.example/hook", "notice-url"),
        ("https://shop.example/hook#part", "notice-url"),
        ("https://10.0.0.1/hook", "url-forbidden"),
        ("https://169.254.169.254/latest", "url-forbidden"),
        ("https://user:pass@shop.example/", "url-forbidden"),
        ("https://shop.example:5432/", "url-forbidden"),
        ("ftp://shop.example/", "url-forbidden"),
        ("hook", "url-forbidden"),
    ],
)
async def test_addresses_inside_or_in_the_clear_are_refused(sqlite_database: Floor, url: str, code: str) -> None:
    tenant = await make_tenant(sqlite_database.db)
    with pytest.raises(Impossible) as refused:
        async with sqlite_database.db.tenant(tenant.id) as session:
            await subscribe(session, VAULT, url, ["turn.dead"])
    assert refused.value.code == code


async def test_the_operator_may_allow_a_host_inside(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with sqlite_database.db.tenant(tenant.id) as session:
        await subscribe(session, VAULT, "http://erp.internal:9000/hook", ["turn.dead"], allow={"erp.internal:9000"})
        await subscribe(session, VAULT, "http://erp.internal/hook", ["turn.dead"], allow={"ERP.internal:80"})
        assert len(await listing(session)) == 2


@pytest.mark.parametrize("events", [[], ["message.read"], ["turn.dead", "x"]])
async def test_unknown_events_are_refused(sqlite_database: Floor, events: list[str]) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with sqlite_database.db.tenant(tenant.id) as session:
        with pytest.raises(Impossible, match="notice-events"):
            await subscribe(session, VAULT, URL, events)
        with pytest.raises(Impossible, match="notice-events"):
            await notify(session, "message.read", "1", {})


async def test_there_is_a_most(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with sqlite_database.db.tenant(tenant.id) as session:
        for _ in range(MOST):
            await subscribe(session, VAULT, URL, EVENTS)
        with pytest.raises(Impossible, match="notice-many"):
            await subscribe(session, VAULT, URL, EVENTS)


async def test_unsubscribing_forgets_what_was_on_its_way(database: Floor) -> None:
    tenant, other = await make_tenant(database.db), await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        made = await subscribe(session, VAULT, URL, ["turn.dead"])
        await notify(session, "turn.dead", "t1", {})
    async with database.db.tenant(other.id) as session:
        with pytest.raises(Impossible, match="no-subscription"):
            await unsubscribe(session, made.id)
    async with database.db.tenant(tenant.id) as session:
        await unsubscribe(session, made.id)
        await notify(session, "turn.dead", "t2", {})
        for table in (Subscription, Notice):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_a_notice_commits_with_its_cause_and_once(database: Floor) -> None:
    tenant, other = await make_tenant(database.db), await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        for events in (["turn.dead"], ["turn.dead", "turn.answered"], ["message.sent"]):
            await subscribe(session, VAULT, URL, events)
    with pytest.raises(Impossible, match="notice-events"):  # noqa: PT012 - the first is told, then the unit breaks
        async with database.db.tenant(tenant.id) as session:
            await notify(session, "turn.dead", "t0", {})
            await notify(session, "no.event", "t0", {})
    for _ in range(2):
        async with database.db.tenant(tenant.id) as session:
            await notify(session, "turn.dead", "t1", {"turn": "t1"})
            await notify(session, "turn.dead", "t1", {"turn": "t1"})
    async with database.db.tenant(other.id) as session:
        await notify(session, "turn.dead", "t1", {})
    async with database.db.platform(reads=True) as session:
        found = (await session.scalars(select(Notice))).all()
    assert [(one.key, one.payload, one.tenant_id) for one in found] == [("turn.dead:t1", {"turn": "t1"}, tenant.id)] * 2
    assert len({one.subscription_id for one in found}) == 2
