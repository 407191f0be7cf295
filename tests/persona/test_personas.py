"""Versions of a persona: every save keeps the whole, nobody overwrites unseen, everything can come back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from errors import Impossible
from tenants import personas
from tenants.audit import Actor
from tenants.models import AuditEntry, PolicyVersion, Tenant
from tenants.policy import Policy
from tests.conftest import Floor
from tests.factories import make_tenant

ME = Actor("Tester", "p1")


def policy(**values: Any) -> Policy:
    return Policy.model_validate(values)


async def test_a_save_acts_at_once_and_is_kept_with_what_was_before(database: Floor) -> None:
    tenant = await make_tenant(database.db, policy={"reply": "text"})
    async with database.db.tenant(tenant.id) as session:
        first = await personas.current(session)
        assert (first.number, first.recorded, first.policy.reply) == (1, False, "text")
        kept = await personas.save(
            session, ME, policy(reply="voice", tone="warm"), {"phone": " 0100 "}, "a note", began=1
        )
        assert (kept.number, kept.note, kept.who, kept.person_id) == (2, "a note", "Tester", "p1")
    async with database.db.tenant(tenant.id, reads=True) as session:
        row = await session.get_one(Tenant, tenant.id)
        assert (row.policy, row.facts) == ({"tone": "warm"}, {"phone": "0100"})
        assert [one.number for one in await personas.versions(session)] == [2, 1]
        assert (await personas.version(session, 1)).policy == {"reply": "text"}
        now = await personas.current(session)
        assert (now.number, now.recorded, now.facts) == (2, True, {"phone": "0100"})
        entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.action, entry.who, entry.thing) == ("persona.save", "Tester", "2")
    assert entry.before == {"policy.reply": "text", "policy.tone": None, "facts.phone": None}
    assert entry.after == {"policy.reply": None, "policy.tone": "warm", "facts.phone": "0100"}


async def test_who_began_earlier_is_told_and_loses_nothing(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        await personas.save(session, ME, policy(tone="warm"), {}, began=1)
    with pytest.raises(Impossible, match="version 2") as refused:
        async with database.db.tenant(tenant.id) as session:
            await personas.save(session, ME, policy(tone="formal"), {}, began=1)
    assert refused.value.code == "persona-changed"
    async with database.db.tenant(tenant.id) as session:
        assert (await personas.current(session)).policy.tone == "warm"
        await personas.save(session, ME, policy(tone="formal"), {}, began=2)


async def test_of_two_at_the_same_moment_one_is_told(database: Floor) -> None:
    tenant = await make_tenant(database.db)

    async def saved(tone: str) -> str:
        try:
            async with database.db.tenant(tenant.id) as session:
                await personas.save(session, ME, policy(tone=tone), {}, began=1)
        except Impossible as error:
            return error.code
        return "kept"

    came = await asyncio.gather(saved("warm"), saved("formal"))
    assert sorted(came) == ["kept", "persona-changed"]
    async with database.db.tenant(tenant.id, reads=True) as session:
        assert [one.number for one in await personas.versions(session)] == [2, 1]


async def test_what_was_changed_elsewhere_is_a_version_too(sqlite_database: Floor) -> None:
    db = sqlite_database.db
    tenant = await make_tenant(db)
    async with db.tenant(tenant.id) as session:
        await personas.save(session, ME, policy(tone="warm"), {})
    async with db.tenant(tenant.id) as session:
        (await session.get_one(Tenant, tenant.id)).policy = {"tone": "cheerful"}
    async with db.tenant(tenant.id) as session:
        now = await personas.current(session)
        assert (now.number, now.recorded, now.policy.tone) == (3, False, "cheerful")
        await personas.change(session, ME, {"reply": "mirror"})
    async with db.tenant(tenant.id, reads=True) as session:
        rows = await personas.versions(session)
        told = [(one.number, one.policy, one.who) for one in rows]
    assert told[:2] == [(4, {"tone": "cheerful", "reply": "mirror"}, "Tester"), (3, {"tone": "cheerful"}, "")]


async def test_an_earlier_version_comes_back_as_a_new_one(sqlite_database: Floor) -> None:
    db = sqlite_database.db
    tenant = await make_tenant(db, policy={"persona": {"ar": "قديم"}})
    async with db.tenant(tenant.id) as session:
        await personas.save(session, ME, policy(persona={"ar": "جديد"}), {"phone": "1"})
        back = await personas.restore(session, ME, 1, "back", began=2)
    assert (back.number, back.policy, back.facts) == (3, {"persona": {"ar": "قديم"}}, {})
    with pytest.raises(Impossible, match="no version"):
        async with db.tenant(tenant.id) as session:
            await personas.restore(session, ME, 99)


@pytest.mark.parametrize(
    ("values", "facts", "where", "code"),
    [
        ({"persona": {"ar": "x" * 4001}}, {}, "persona.ar", "too-long"),
        ({"persona": {"fr": "x"}}, {}, "persona.fr", "not-a-language"),
        ({"persona": {"ar": "{busines}"}}, {}, "persona.ar", "unknown-variable"),
        ({"phrases": {"greeting": {"en": "x" * 601}}}, {}, "phrases.greeting.en", "too-long"),
        ({"phrases": {"hello": {"en": "x"}}}, {}, "phrases.hello", "not-a-phrase"),
        ({"hours": {"zone": "Mars/Base"}}, {}, "hours.zone", "not-a-zone"),
        ({"calls": {"zone": "Mars/Base"}}, {}, "calls.zone", "not-a-zone"),
        ({"handoff": {"words": ["a\0"]}}, {}, "handoff.words", "no-text"),
        ({"avatar": {"a\0": "b"}}, {}, "avatar.a\0", "no-text"),
        ({}, {"phone": "x" * 301}, "facts.phone", "too-long"),
        ({}, {"colour": "x"}, "facts.colour", "not-a-fact"),
        ({}, {"phone": "1\0"}, "facts.phone", "no-text"),
    ],
)
async def test_what_would_not_act_is_refused_with_its_place(
    sqlite_database: Floor, values: dict[str, Any], facts: dict[str, str], where: str, code: str
) -> None:
    tenant = await make_tenant(sqlite_database.db)
    with pytest.raises(personas.Wrong) as wrong:
        async with sqlite_database.db.tenant(tenant.id) as session:
            await personas.save(session, ME, policy(**values), facts)
    assert (where, code) in [(one.where, one.code) for one in wrong.value.faults]
    async with sqlite_database.db.tenant(tenant.id, reads=True) as session:
        assert (await session.scalars(select(PolicyVersion))).all() == []


async def test_old_faults_keep_nobody_from_changing_something_else(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db, policy={"persona": {"ar": "{old}"}})
    async with sqlite_database.db.tenant(tenant.id) as session:
        await personas.change(session, ME, {"tone": "warm"})
        with pytest.raises(personas.Wrong):
            await personas.change(session, ME, {"persona": {"ar": "{other}"}})


def test_values_that_are_none_are_told_by_place() -> None:
    with pytest.raises(personas.Wrong) as wrong:
        personas.parsed({"longest_answer": 3, "hours": {"week": {"mon": ["9-17"]}}, "nonsense": 1})
    assert {one.where for one in wrong.value.faults} == {"longest_answer", "hours.week.mon.0", "nonsense"}
    with pytest.raises(personas.Wrong):
        personas.parsed({"video_minutes": float("inf")})


def test_differences_are_told_field_by_field() -> None:
    before, after = {"a": {"b": "1", "c": [1]}, "d": {}}, {"a": {"b": "2"}, "e": False}
    told = [(one.where, one.before, one.after) for one in personas.differences(before, after)]
    assert told == [("a.b", "1", "2"), ("a.c", [1], None), ("e", None, False)]
    assert personas.differences(before, before) == []
