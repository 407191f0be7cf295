"""Accounts: quick to find, changed at once, secrets sealed to their row."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from sqlalchemy import event, select, update
from sqlmodel import col

from errors import Impossible, NeedsOwner
from tenants.accounts import AccountBook, AccountRef
from tenants.models import ChannelAccount
from tenants.vault import SealBroken, Vault
from tests.conftest import Floor
from tests.factories import make_account, make_tenant

SECRETS: dict[str, SecretStr | str] = {"bot_token": SecretStr("123:abc"), "webhook_secret": "s3cret"}


@pytest.fixture
def book(database: Floor) -> AccountBook:
    return AccountBook(database.db, Vault.generate())


async def test_a_connected_account_is_found_and_opens(database: Floor, book: AccountBook) -> None:
    tenant = await make_tenant(database.db)
    assert await book.find("telegram", "42") is None
    account_id = await book.connect(tenant.id, "telegram", "42", "Bot", {"polling": True}, SECRETS)
    ref = AccountRef(account_id, tenant.id, "telegram", "42", active=True)
    assert await book.find("telegram", "42") == ref
    assert await book.get(account_id) == ref
    assert await book.get("nobody") is None
    account, secrets = await book.opened(account_id)
    assert (account.title, account.config) == ("Bot", {"polling": True})
    assert {name: secret.get_secret_value() for name, secret in secrets.items()} == {
        "bot_token": "123:abc",
        "webhook_secret": "s3cret",
    }
    assert [one.id for one in await book.list(tenant.id)] == [account_id]


async def test_secrets_lie_sealed_and_do_not_open_in_another_row(database: Floor, book: AccountBook) -> None:
    tenant = await make_tenant(database.db)
    first = await book.connect(tenant.id, "telegram", "1", "", {}, SECRETS)
    second = await book.connect(tenant.id, "telegram", "2", "", {}, {})
    async with database.db.tenant(tenant.id) as session:
        sealed = (await session.get_one(ChannelAccount, first)).sealed
        assert "123:abc" not in str(sealed)
        (await session.get_one(ChannelAccount, second)).sealed = sealed
    with pytest.raises(SealBroken):
        await book.opened(second)


async def test_connecting_again_keeps_the_id_and_replaces_the_rest(database: Floor, book: AccountBook) -> None:
    tenant = await make_tenant(database.db)
    first = await book.connect(tenant.id, "telegram", "42", "Old", {"a": 1}, SECRETS)
    await book.disconnect(tenant.id, first)
    again = await book.connect(tenant.id, "telegram", "42", "New", {"b": 2}, {"bot_token": "new"})
    account, secrets = await book.opened(again)
    assert again == first
    assert (account.title, account.config, account.active) == ("New", {"b": 2}, True)
    assert {name: secret.get_secret_value() for name, secret in secrets.items()} == {"bot_token": "new"}


async def test_an_account_of_another_tenant_cannot_be_taken(database: Floor, book: AccountBook) -> None:
    owner, thief = await make_tenant(database.db), await make_tenant(database.db)
    account_id = await book.connect(owner.id, "telegram", "42", "Mine", {}, SECRETS)
    with pytest.raises(NeedsOwner, match="account-taken"):
        await book.connect(thief.id, "telegram", "42", "Stolen", {}, {})
    with pytest.raises(Impossible, match="account-missing"):
        await book.disconnect(thief.id, account_id)
    assert await book.list(thief.id) == []
    account, _ = await book.opened(account_id)
    assert (account.tenant_id, account.title) == (owner.id, "Mine")


async def test_disconnecting_shows_at_once_and_forgets_the_secrets(database: Floor, book: AccountBook) -> None:
    tenant = await make_tenant(database.db)
    account_id = await book.connect(tenant.id, "telegram", "42", "", {}, SECRETS)
    assert await book.find("telegram", "42") is not None
    await book.disconnect(tenant.id, account_id)
    assert await book.find("telegram", "42") is None
    ref = await book.get(account_id)
    assert ref is not None
    assert ref.active is False
    assert (await book.opened(account_id))[1] == {}
    with pytest.raises(Impossible):
        await book.opened("nobody")


async def test_repeated_look_ups_ask_the_database_once(database: Floor, book: AccountBook) -> None:
    tenant = await make_tenant(database.db)
    account = await make_account(database.db, tenant, channel="web", external_id="1")
    asked: list[str] = []
    engine = database.db._platform.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
    for _ in range(100):
        assert (await book.find("web", "1")) is not None
        assert (await book.get(account.id)) is not None
        assert (await book.find("web", "absent")) is None
    assert len([sql for sql in asked if "channel_account" in sql]) == 3


async def test_changes_of_another_process_show_after_the_ttl(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    await make_account(database.db, tenant, channel="web", external_id="1")
    book = AccountBook(database.db, Vault.generate(), ttl=0.05)
    assert await book.find("web", "1") is not None
    async with database.db.platform() as session:
        await session.execute(update(ChannelAccount).values(active=False))
    await asyncio.sleep(0.06)
    assert await book.find("web", "1") is None


async def test_endless_strangers_do_not_fill_the_memory(database: Floor) -> None:
    book = AccountBook(database.db, Vault.generate(), most=10)
    for number in range(25):
        assert await book.find("web", str(number)) is None
    assert len(book._known) <= 10


async def test_resealing_moves_every_secret_to_the_new_key(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    old, new = bytes(32), bytes(range(32))
    first = AccountBook(database.db, Vault({"old": old}, "old"))
    account_id = await first.connect(tenant.id, "telegram", "1", "", {}, SECRETS)
    assert await AccountBook(database.db, Vault({"old": old, "new": new}, "new")).reseal() == 1
    only_new = AccountBook(database.db, Vault({"new": new}, "new"))
    assert (await only_new.opened(account_id))[1]["bot_token"].get_secret_value() == "123:abc"
    assert await only_new.reseal() == 0


async def test_an_account_known_to_be_absent_is_found_once_connected(database: Floor, book: AccountBook) -> None:
    tenant = await make_tenant(database.db)
    assert await book.find("web", "9") is None
    looking = asyncio.create_task(book.find("web", "9"))
    await book.connect(tenant.id, "web", "9", "", {}, {})
    await looking
    assert await book.find("web", "9") is not None
    async with database.db.tenant(tenant.id) as session:
        assert await session.scalar(select(col(ChannelAccount.title))) == ""
