"""People of a business over the API: a key may what the owner who made it may, there and nowhere else."""

from __future__ import annotations

import httpx
from sqlalchemy import select

from tenants.models import AccessGrant, AuditEntry, Person
from tenants.people import invites
from tenants.people.roles import Role
from tests.api.town import Town
from tests.factories import make_tenant


async def hire(town: Town, role: Role, tenant_id: str = "") -> Person:
    person = Person(login=f"{role}-{tenant_id[:6]}", name=f"Test {role}", language="en")
    async with town.db.platform() as session:
        session.add(person)
        await session.flush()
        session.add(AccessGrant(person_id=person.id, role=role.value, tenant_id=tenant_id or town.tenant.id))
    return person


async def send(town: Town, method: str, path: str, **more: object) -> httpx.Response:
    return await town.http.request(method, f"/api/v1{path}", headers=town.bearer(), **more)  # type: ignore[arg-type]  # json only


async def test_people_are_listed_changed_and_removed(town: Town) -> None:
    owner, agent = await hire(town, Role.OWNER), await hire(town, Role.AGENT)
    listed = (await town.get("/people")).json()
    assert [(one["id"], one["role"]) for one in listed["people"]] == [(owner.id, "owner"), (agent.id, "agent")]
    changed = await send(town, "PUT", f"/people/{agent.id}", json={"role": "editor"})
    assert (changed.status_code, changed.json()["role"]) == (200, "editor")
    for refused in (
        await send(town, "PUT", f"/people/{owner.id}", json={"role": "viewer"}),
        await send(town, "DELETE", f"/people/{owner.id}"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "last-owner")
    above = await send(town, "PUT", f"/people/{agent.id}", json={"role": "platform-admin"})
    assert above.status_code == 422
    assert (await send(town, "DELETE", f"/people/{agent.id}")).status_code == 204
    assert (await send(town, "DELETE", f"/people/{agent.id}")).status_code == 404


async def test_somebody_is_invited_by_a_link_that_works(town: Town) -> None:
    made = await town.post("/people/invites", json={"role": "agent", "name": "Samir"})
    assert made.status_code == 201
    token = made.json()["link"].rpartition("/")[2]
    listed = (await town.get("/people")).json()
    assert [(one["name"], one["role"]) for one in listed["invites"]] == [("Samir", "agent")]
    assert token not in str(listed)
    fresh = Person(login="samir", name="Samir", language="ar")
    await invites.accept(town.db, token, fresh, "a long passphrase of mine")
    listed = (await town.get("/people")).json()
    assert ([one["login"] for one in listed["people"]], listed["invites"]) == (["samir"], [])
    await town.post("/people/invites", json={"role": "viewer"})
    [waiting] = (await town.get("/people")).json()["invites"]
    assert (await send(town, "DELETE", f"/people/invites/{waiting['id']}")).status_code == 204
    assert (await send(town, "DELETE", f"/people/invites/{waiting['id']}")).status_code == 404


async def test_foreign_people_are_not_there(town: Town) -> None:
    other = await make_tenant(town.db)
    stranger = await hire(town, Role.AGENT, other.id)
    assert (await town.get("/people")).json()["people"] == []
    assert (await send(town, "PUT", f"/people/{stranger.id}", json={"role": "viewer"})).status_code == 404
    assert (await send(town, "DELETE", f"/people/{stranger.id}")).status_code == 404
    theirs = await town.key_of(other, "people")
    assert [one["id"] for one in (await town.get("/people", theirs)).json()["people"]] == [stranger.id]


async def test_it_takes_a_secret_key_with_the_scope(town: Town) -> None:
    talker = await town.key_of(town.tenant, "talk", "inbox")
    for key in (talker, town.public):
        assert (await town.get("/people", key)).status_code == 403
        assert (await town.get("/audit", key)).status_code == 403
        assert (await town.post("/people/invites", key, json={"role": "viewer"})).status_code == 403


async def test_what_was_done_is_listed_page_by_page(town: Town) -> None:
    agent = await hire(town, Role.AGENT)
    for role in ("viewer", "agent", "editor"):
        await send(town, "PUT", f"/people/{agent.id}", json={"role": role})
    first = (await town.get("/audit?limit=2")).json()
    assert [one["after"] for one in first["deeds"]] == [{"role": "editor"}, {"role": "agent"}]
    assert first["deeds"][0]["who"].startswith("api:")
    rest = (await town.get(f"/audit?limit=2&before={first['before']}")).json()
    assert ([one["after"] for one in rest["deeds"]], rest["before"]) == ([{"role": "viewer"}], None)
    assert (await town.get("/audit?action=knowledge.")).json()["deeds"] == []
    assert (await town.get("/audit?since=2100-01-01T00:00:00Z")).json()["deeds"] == []
    other = await town.key_of(await make_tenant(town.db), "people")
    assert (await town.get("/audit", other)).json()["deeds"] == []
    async with town.db.platform(reads=True) as session:
        assert {one.tenant_id for one in await session.scalars(select(AuditEntry))} == {town.tenant.id}
