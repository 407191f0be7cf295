"""Actions are checked when they are written, their secrets sealed to their row and to their place."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from errors import Impossible
from tenants.action_schema import check_schema
from tenants.actions import ActionDraft, actions, check, named, opened, remove, reseal, save
from tenants.vault import SealBroken, Vault
from tests.conftest import Floor
from tests.factories import make_tenant

VAULT = Vault.generate()
ID = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


def draft(**fields: Any) -> ActionDraft:
    given = {"name": "order_status", "description": "Look up", "url": "https://x.example/o/{id}", "parameters": ID}
    return ActionDraft(**{**given, **fields})


async def test_an_action_is_kept_changed_and_forgotten(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        kept = await save(session, VAULT, draft(secrets={"X-Key": SecretStr("s3cret")}))
    assert "s3cret" not in repr(kept)
    async with database.db.tenant(tenant.id) as session:
        again = await save(session, VAULT, draft(description="New", secrets={"X-Key": None}), action_id=kept.id)
        assert (again.id, again.description) == (kept.id, "New")
    async with database.db.tenant(tenant.id, reads=True) as session:
        found = await named(session, "order_status")
        assert found is not None
        assert opened(VAULT, found)["X-Key"].get_secret_value() == "s3cret"
    async with database.db.tenant(tenant.id) as session:
        await remove(session, kept.id)
    async with database.db.tenant(tenant.id, reads=True) as session:
        assert await actions(session) == []


async def test_a_kept_secret_does_not_follow_the_action_to_another_place(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        kept = await save(session, VAULT, draft(secrets={"X-Key": SecretStr("s3cret")}))
        moved = draft(url="https://thief.example/o/{id}", secrets={"X-Key": None})
        with pytest.raises(Impossible, match="action-secret"):
            await save(session, VAULT, moved, action_id=kept.id)
        with pytest.raises(Impossible, match="action-secret"):
            await save(session, VAULT, draft(secrets={"X-Other": None}), action_id=kept.id)
        bare = await save(session, VAULT, draft(url="https://new.example/o/{id}"), action_id=kept.id)
        assert bare.sealed == {}


async def test_names_are_the_tenants_own_and_rooms_are_few(database: Floor) -> None:
    one, other = await make_tenant(database.db), await make_tenant(database.db)
    async with database.db.tenant(one.id) as session:
        kept = await save(session, VAULT, draft())
        with pytest.raises(Impossible, match="action-taken"):
            await save(session, VAULT, draft())
        for number in range(19):
            await save(session, VAULT, draft(name=f"number_{number}", active=False))
        with pytest.raises(Impossible, match="action-many"):
            await save(session, VAULT, draft(name="one_more"))
        assert [each.name for each in await actions(session, active=True)] == ["order_status"]
        assert await named(session, "number_1") is None
    async with database.db.tenant(other.id) as session:
        await save(session, VAULT, draft())
        with pytest.raises(Impossible, match="action-missing"):
            await save(session, VAULT, draft(name="mine_now"), action_id=kept.id)
        with pytest.raises(Impossible, match="action-missing"):
            await remove(session, kept.id)


async def test_resealing_moves_every_secret_to_the_new_key(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    old, new = bytes(32), bytes(range(32))
    async with database.db.tenant(tenant.id) as session:
        await save(session, Vault({"old": old}, "old"), draft(secrets={"X-Key": SecretStr("s")}))
    async with database.db.platform() as session:
        assert await reseal(session, Vault({"old": old, "new": new}, "new")) == 1
        assert await reseal(session, Vault({"old": old, "new": new}, "new")) == 0
        (action,) = await actions(session)
        assert opened(Vault({"new": new}, "new"), action)["X-Key"].get_secret_value() == "s"
        with pytest.raises(SealBroken):
            opened(Vault({"old": old}, "old"), action)


@pytest.mark.parametrize(
    "url",
    [
        "http://x.example/",
        "ftp://x.example/",
        "https://{id}.example/",
        "https://x.example:{id}/",
        "{id}://x.example/",
        "https://user:pass@x.example/",
        "https://x.example/#{id}",
        "https://x.example/{unknown}",
        "https://x.example/{list}",
        "https://x.example/{maybe}",
        "https://x.example/{id",
        "https://x.example/id}",
        "https://x.example/{}",
        "https://x.example/?{id}=1",
        "https://x.example/../{id}",
        "https://x.example/a b",
        "https://x.example/\\{id}",
        "https://x.example:0/",
        "https://x.example:99999/",
        "https://[::1/",
        "https:///x",
        "/x",
        "",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    more = {"list": {"type": "array", "items": {"type": "string"}}, "maybe": {"type": "string"}}
    schema = {**ID, "properties": {"id": {"type": "string"}, **more}}
    with pytest.raises(Impossible, match="action-url"):
        check(draft(url=url, parameters=schema))


def test_addresses_that_are_taken() -> None:
    check(draft(url="https://x.example:8443/v1/{id}/y-{id}?q={id}&fixed=1"))
    check(draft(url="http://10.0.0.5:9000/{id}"), allow={"10.0.0.5:9000"})
    check(draft(url="http://[fd00::5]:9000/{id}"), allow={"[fd00::5]:9000"})


@pytest.mark.parametrize("name", ["", "x", "X_y", "1st", "a-b", "handoff", "send_card", "a" * 41, "a b"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(Impossible, match="action-name"):
        check(draft(name=name))


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil"}, {"X Y": "1"}, {"X": "a\r\nB: c"}, {"X": "é"}, {"Idempotency-Key": "1"}, {"": "x"}],
)
def test_headers_that_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Impossible, match="action-header"):
        check(draft(headers=headers))
    with pytest.raises(Impossible, match="action-header"):
        check(draft(secrets={name: SecretStr(value) for name, value in headers.items()}))


def test_a_header_is_plain_or_secret() -> None:
    with pytest.raises(Impossible, match="either plain or secret"):
        check(draft(headers={"X-Key": "1"}, secrets={"x-key": SecretStr("2")}))


@pytest.mark.parametrize("fields", [{"method": "TRACE"}, {"timeout": 60}, {"description": ""}, {"description": "a\nb"}])
def test_forms_that_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        draft(**fields)


DEEP: dict[str, Any] = {"type": "string"}
for _ in range(5):
    DEEP = {"type": "array", "items": DEEP}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "pattern": "(a+)+$"},
        {"$ref": "http://169.254.169.254/"},
        {"type": "string", "$ref": "#"},
        {"type": ["string", "null"]},
        {"type": "null"},
        {"anyOf": [{"type": "string"}]},
        {"type": "string", "format": "uri"},
        {"type": "string", "format": ["date"]},
        {"type": "array"},
        {"type": "integer", "minimum": "one"},
        {"type": "object", "properties": []},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
        {"type": "string", "description": "x" * 9000},
        DEEP,
        None,
        True,
    ],
)
def test_schemas_that_are_refused(part: Any) -> None:
    with pytest.raises(Impossible, match="action-schema"):
        check_schema({"type": "object", "properties": {"a": part}}, flat=False)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "properties": {"a b": {"type": "string"}}},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"type": "object", "properties": {}, "required": "a"},
        {"type": "object", "properties": {}, "x": object()},
    ],
)
def test_schemas_of_the_wrong_shape(schema: dict[str, Any]) -> None:
    with pytest.raises(Impossible, match="action-schema"):
        check_schema(schema, flat=False)


def test_a_query_carries_no_objects() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}
    check_schema(schema, flat=False)
    with pytest.raises(Impossible, match="plain values"):
        check_schema(schema, flat=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["object", "string", "array"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "required", "enum", "format", "minimum", "a"]), inner
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["type", "properties", "required", "items"]), JSON))
def test_any_json_is_taken_or_refused_in_words(schema: dict[str, Any]) -> None:
    with contextlib.suppress(Impossible):
        check_schema({"type": "object", **schema}, flat=False)
