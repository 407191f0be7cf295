"""Keys to the API and requests that come twice, as they are kept, on both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from admin.commands.keys import keys_of
from errors import Impossible, Retryable
from tenants import api_keys, idempotency
from tenants.api_keys import Keyring
from tenants.db import Database
from tenants.idempotency import KEEP, Repeats
from tenants.models import ApiKey, Idempotency, Tenant
from tests.conftest import Floor
from tests.factories import make_tenant


@pytest.fixture
async def tenant(database: Floor) -> Tenant:
    return await make_tenant(database.db)


async def made(floor: Floor, tenant: Tenant, **fields: Any) -> tuple[str, ApiKey]:
    given = {"name": "shop", "scopes": ["talk"], **fields}
    async with floor.db.tenant(tenant.id) as session:
        return await api_keys.make(session, given.pop("name"), given.pop("scopes"), **given)


async def test_a_key_is_shown_once_and_kept_as_a_digest(database: Floor, tenant: Tenant) -> None:
    key, row = await made(database, tenant, scopes=["talk", "calls"])
    assert key.startswith("sk_")
    async with database.db.tenant(tenant.id, reads=True) as session:
        [kept] = await api_keys.listing(session)
    assert key not in repr(kept.model_dump())
    assert (kept.id, kept.prefix, kept.scopes, kept.used_at) == (row.id, key[:10], ["talk", "calls"], None)
    found = await Keyring(database.db).check(key)
    assert found is not None
    assert (found.tenant_id, found.scopes, found.public) == (tenant.id, frozenset({"talk", "calls"}), False)
    assert found.may("calls")
    assert not found.may("stages")


async def test_keys_are_their_tenants(database: Floor, tenant: Tenant) -> None:
    _, row = await made(database, tenant)
    other = await make_tenant(database.db)
    async with database.db.tenant(other.id) as session:
        assert await api_keys.listing(session) == []
        with pytest.raises(Impossible, match="key-missing"):
            await api_keys.revoke(session, row.id)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"scopes": []}, "key-scopes"),
        ({"scopes": ["fly"]}, "key-scopes"),
        ({"public": True, "scopes": ["talk", "stages"]}, "key-public"),
        ({"origins": ["https://shop.example"]}, "key-origins"),
        ({"public": True, "origins": ["https://shop.example/path"]}, "key-origins"),
        ({"public": True, "origins": ["*"]}, "key-origins"),
        ({"name": " "}, "key-name"),
    ],
)
async def test_keys_that_can_not_be(database: Floor, tenant: Tenant, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Impossible, match=code):
        await made(database, tenant, **fields)


async def test_a_look_is_remembered_for_a_moment_and_use_is_noted_once_a_minute(
    database: Floor, tenant: Tenant
) -> None:
    at = [0.0]
    ring = Keyring(database.db, clock=lambda: at[0])
    key, row = await made(database, tenant)
    assert await ring.check(key) is not None
    async with database.db.tenant(tenant.id) as session:
        kept = await session.get_one(ApiKey, row.id)
        assert kept.used_at is not None
        kept.used_at = used = kept.used_at - timedelta(hours=1)
        await api_keys.revoke(session, row.id)
    assert await ring.check(key) is not None
    at[0] = 5.0
    assert await ring.check(key) is None
    async with database.db.tenant(tenant.id) as session:
        kept = await session.get_one(ApiKey, row.id)
        assert kept.used_at == used
        kept.revoked_at = None
    at[0] = 61.0
    assert await ring.check(key) is not None
    async with database.db.tenant(tenant.id, reads=True) as session:
        assert (await session.get_one(ApiKey, row.id)).used_at != used


async def test_made_up_keys_are_not_looked_for_twice(database: Floor) -> None:
    ring = Keyring(database.db, most=3)
    for text in ("", "sk_", "x" * 46, "sk_" + "é" * 43, "pk_" + "a" * 44):
        assert await ring.check(text) is None
    assert ring._known == {}
    for letter in "abcdef":
        assert await ring.check("sk_" + letter * 43) is None
    assert len(ring._known) <= 3


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def repeats(database: Floor) -> Repeats:
    return Repeats(database.db, Clock())


def counting(counted: list[int]) -> Callable[[], Any]:
    async def work() -> dict[str, Any]:
        counted.append(1)
        await asyncio.sleep(0)
        return {"n": len(counted)}

    return work


async def test_the_same_request_takes_effect_once(repeats: Repeats, tenant: Tenant) -> None:
    done: list[int] = []
    for _ in range(3):
        assert await repeats.once(tenant.id, "k", "d", counting(done)) == {"n": 1}
    assert len(done) == 1
    with pytest.raises(Impossible, match="repeat-differs"):
        await repeats.once(tenant.id, "k", "other", counting(done))
    assert await repeats.once(tenant.id, None, "d", counting(done)) == {"n": 2}


async def test_tenants_keys_are_their_own(database: Floor, repeats: Repeats, tenant: Tenant) -> None:
    done: list[int] = []
    other = await make_tenant(database.db)
    await repeats.once(tenant.id, "k", "d", counting(done))
    await repeats.once(other.id, "k", "e", counting(done))
    assert len(done) == 2
    for _ in range(2):
        assert await repeats.once(None, "k", "of the house", counting(done)) == {"n": 3}
    with pytest.raises(Impossible, match="repeat-differs"):
        await repeats.once(None, "k", "d", counting(done))


async def test_of_two_at_once_one_works(repeats: Repeats, tenant: Tenant) -> None:
    done: list[int] = []
    going, go = asyncio.Event(), asyncio.Event()

    async def slow() -> dict[str, Any]:
        going.set()
        await go.wait()
        made: dict[str, Any] = await counting(done)()
        return made

    first = asyncio.create_task(repeats.once(tenant.id, "k", "d", slow))
    await going.wait()
    with pytest.raises(Retryable, match="repeat-busy"):
        await repeats.once(tenant.id, "k", "d", slow)
    go.set()
    assert await first == {"n": 1}
    many = [repeats.once(tenant.id, "m", "d", counting(done)) for _ in range(6)]
    outcomes = await asyncio.gather(*many, return_exceptions=True)
    assert all(one == {"n": 2} or isinstance(one, Retryable) for one in outcomes)
    assert len(done) == 2


async def test_what_fails_leaves_no_trace_and_who_dies_is_followed(
    database: Floor, repeats: Repeats, tenant: Tenant
) -> None:
    async def fails() -> dict[str, Any]:
        raise Impossible("no")

    with pytest.raises(Impossible, match="no"):
        await repeats.once(tenant.id, "k", "d", fails)
    async with database.db.tenant(tenant.id, reads=True) as session:
        assert (await session.scalars(select(Idempotency))).all() == []
    clock: Any = repeats._clock
    async with database.db.tenant(tenant.id) as session:
        assert await idempotency.claim(session, "k", "d", clock.at) is None
    with pytest.raises(Retryable):
        await repeats.once(tenant.id, "k", "d", counting([]))
    clock.at += idempotency.GIVEN_UP
    assert await repeats.once(tenant.id, "k", "d", counting([])) == {"n": 1}


async def test_keys_are_forgotten_after_a_day(database: Floor, repeats: Repeats, tenant: Tenant) -> None:
    done: list[int] = []
    clock: Any = repeats._clock
    await repeats.once(tenant.id, "k", "d", counting(done))
    clock.at += KEEP
    assert await repeats.once(tenant.id, "k", "other", counting(done)) == {"n": 2}
    assert await idempotency.purge(database.db, clock.at) == 0
    assert await idempotency.purge(database.db, clock.at + timedelta(seconds=1)) == 1


def test_the_operator_makes_lists_and_revokes_keys(sqlite_url_pair: tuple[str, str]) -> None:
    def on_floor(work: Callable[[Any], Any]) -> Any:
        async def opened() -> Any:
            async with Database(sqlite_url_pair[0]) as db:
                return await work(Floor(db, *sqlite_url_pair))

        return asyncio.run(opened())

    tenant = on_floor(lambda floor: make_tenant(floor.db))
    app, runner = keys_of(on_floor), CliRunner()
    command = ["make", tenant.slug, "--name", "page", "--public", "--origin", "https://shop.example"]
    assert runner.invoke(app, command).output.startswith("pk_")
    [row] = json.loads(runner.invoke(app, ["list", "--tenant", tenant.slug, "--json"]).output)
    assert (row["scopes"], row["origins"], row["revoked"]) == ("talk", "https://shop.example", None)
    assert runner.invoke(app, ["revoke", row["id"], "--tenant", tenant.slug]).exit_code == 0
    [row] = json.loads(runner.invoke(app, ["list", "--tenant", tenant.slug, "--json"]).output)
    assert row["revoked"]
    secret = runner.invoke(app, ["make", tenant.slug, "--name", "server", "--scope", "stages", "--scope", "calls"])
    assert secret.output.startswith("sk_")
    assert runner.invoke(app, ["house", "make", "--name", "ops"]).output.startswith("ak_")
    [above] = json.loads(runner.invoke(app, ["house", "list", "--json"]).output)
    assert runner.invoke(app, ["house", "revoke", above["id"], "--agency", f"agency-of-{tenant.slug}"]).exit_code == 1
    assert runner.invoke(app, ["house", "revoke", above["id"]]).exit_code == 0
    assert json.loads(runner.invoke(app, ["house", "list", "--json"]).output)[0]["revoked"]
