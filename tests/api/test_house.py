"""Agencies and the installation over the API: what the panel does there, with keys that reach no further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tenants.house_keys import HouseKeyring
from tenants.models import AccessGrant, Agency, AuditEntry, HouseKey, Idempotency, Person, Tenant
from tenants.people import invites
from tests.api.test_access import ABOVE, scope_of, statuses_with_bodies
from tests.api.town import ADDRESS, Town, founded
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.panel.test_agency import picture
from webhooks.api.needs import Rate, Rates

PLATFORMS_ALONE = {("POST", "/agencies"), ("PUT", "/agencies/{agency}")}
PEARL = {"slug": "pearl-two", "name_ar": "اللؤلؤة الثانية", "name_en": "Second Pearl"}


async def agency_of(town: Town, tenant: Tenant | None = None) -> Agency:
    async with town.db.platform(reads=True) as session:
        return await session.get_one(Agency, (tenant or town.tenant).agency_id)


async def deeds(town: Town) -> list[AuditEntry]:
    async with town.db.platform(reads=True) as session:
        return list((await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all())  # type: ignore[arg-type]  # SQLModel's column


async def hire(town: Town, agency_id: str | None, **fields: Any) -> Person:
    person = Person(**{"login": f"admin-{(agency_id or 'house')[:6]}", "name": "Test", **fields})
    async with town.db.platform() as session:
        session.add(person)
        await session.flush()
        role = "agency-admin" if agency_id else "platform-admin"
        session.add(AccessGrant(person_id=person.id, role=role, agency_id=agency_id))
    return person


async def test_a_shop_is_set_up_wholly_by_rest(town: Town) -> None:
    """Platform → agency → its key → a business → its key → what the business knows."""
    platform = await town.house_key()
    made = await town.post("/agencies", platform, json={"slug": "nile", "name": "Nile Media"})
    assert (made.status_code, made.json()["active"], made.json()["businesses"]) == (201, True, 0)
    key = (await town.post("/agencies/nile/keys", platform, json={"name": "CRM"})).json()["key"]
    again = {"headers": {"Idempotency-Key": "first"}, "json": PEARL}
    first, second = [await town.post("/agencies/nile/businesses", key, **dict(again)) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, second.json())
    assert (await town.post("/agencies/nile/businesses", key, json=PEARL)).json()["code"] == "tenant-exists"
    asked = {"name": "everything", "scopes": ["admin"]}
    shop = (await town.post("/agencies/nile/businesses/pearl-two/keys", key, json=asked)).json()
    assert shop["key"].startswith("sk_")
    said = {"ar": {"question": "متى تفتحون؟", "answer": "في العاشرة", "alternatives": []}}
    told = await town.post("/knowledge/entries", shop["key"], json=said)
    assert (told.status_code, told.json()["versions"]["ar"]["answer"]) == (201, "في العاشرة")
    off = await town.send("PUT", "/agencies/nile/businesses/pearl-two", key, json={"active": False})
    assert off.json()["active"] is False
    [listed] = (await town.get("/agencies/nile/businesses", key)).json()
    assert (listed["slug"], listed["active"]) == ("pearl-two", False)
    by = {one.action: one.who for one in await deeds(town)}
    ids = {one.made_by: f"key:{one.id}" for one in await kept_keys(town)}
    theirs = next(f"key:{one.id}" for one in await kept_keys(town) if one.agency_id)
    assert (by["agency.add"], by["tenant.add"], by["api.make"]) == (ids["Test"], theirs, theirs)
    assert key not in json.dumps([str(one.model_dump()) for one in await deeds(town)])
    async with town.db.platform(reads=True) as session:
        assert (await session.scalars(select(Idempotency))).all() == []


async def kept_keys(town: Town) -> list[HouseKey]:
    async with town.db.platform(reads=True) as session:
        return list((await session.scalars(select(HouseKey))).all())


async def test_keys_above_a_business_open_nothing_of_it(small_town: Town) -> None:
    """And an agency's nothing of the platform: neither is told what is there."""
    platform, agency = await small_town.house_key(), await small_town.house_key(small_town.tenant.agency_id)
    for key, whose in ((platform, ("agencies", "platform")), (agency, ("agencies",))):
        for (method, path), (status, code) in (await statuses_with_bodies(small_town, key)).items():
            if scope_of(path) != ABOVE:
                assert (status, code) == (403, "house-key"), (method, path)
            elif path.split("/")[1] not in whose or ((method, path) in PLATFORMS_ALONE and key == agency):
                assert (status, code) == (403, "platform-needed"), (method, path)
            else:
                assert status not in {401, 403}, (method, path, code)


async def test_an_agency_reaches_its_own_and_nothing_else(town: Town) -> None:
    mine, other = await agency_of(town), await make_tenant(town.db, name_en="FOREIGN")
    theirs = await agency_of(town, other)
    stranger = await hire(town, theirs.id)
    key, foreign = await town.house_key(mine.id), await town.house_key(theirs.id)
    [there] = (await town.get(f"/agencies/{theirs.slug}/keys", foreign)).json()
    base, own = f"/agencies/{theirs.slug}", f"/agencies/{mine.slug}"
    asked = {"name": "x", "scopes": ["admin"]}
    nowhere: list[tuple[str, str, Any]] = [
        *(("GET", base + part, None) for part in ("", "/businesses", "/brand", "/people", "/audit", "/costs", "/keys")),
        ("POST", f"{base}/businesses", PEARL),
        ("PUT", f"{base}/businesses/{other.slug}", {"active": False}),
        ("PUT", f"{own}/businesses/{other.slug}", {"active": False}),
        ("POST", f"{base}/businesses/{other.slug}/keys", asked),
        ("POST", f"{own}/businesses/{other.slug}/keys", asked),
        ("PUT", f"{base}/brand", {"name_en": "Mine"}),
        ("PUT", f"{base}/domain", {"domain": "mine.example"}),
        ("DELETE", f"{base}/logo", None),
        ("POST", f"{base}/people/invites", {}),
        ("PUT", f"{own}/people/{stranger.id}", {"active": False}),
        ("DELETE", f"{own}/people/{stranger.id}", None),
        ("POST", f"{own}/people/{stranger.id}/password", None),
        ("DELETE", f"{own}/keys/{there['id']}", None),
        ("DELETE", f"{base}/keys/{there['id']}", None),
    ]
    before = [one.model_dump() for one in await deeds(town)]
    for method, path, body in nowhere:
        answer = await town.send(method, path, key, json=body)
        assert (answer.status_code, "FOREIGN" in answer.text) == (404, False), (method, path, answer.text)
        nobody = path.replace(theirs.slug, "nobody").replace(other.slug, "nobody").replace(stranger.id, "0" * 32)
        nothing = await town.send(method, nobody.replace(there["id"], "0" * 32), key, json=body)
        assert nothing.json() == answer.json(), (method, path)
    uploaded = await town.send("PUT", f"{base}/logo", key, files={"logo": ("a.png", picture())})
    assert uploaded.status_code == 404
    assert [one["slug"] for one in (await town.get("/agencies", key)).json()] == [mine.slug]
    assert [one.model_dump() for one in await deeds(town)] == before
    for path in ("/platform/state", "/platform/audit", "/platform/keys", "/platform/settings"):
        assert (await town.get(path, key)).json()["code"] == "platform-needed"
    assert (await town.send("PUT", own, key, json={"active": False})).status_code == 403


async def test_a_key_is_shown_once_and_forgotten_when_revoked_or_its_agency_is_off(town: Town) -> None:
    mine, at = await agency_of(town), [0.0]
    ring = HouseKeyring(town.db, clock=lambda: at[0])
    platform, key = await town.house_key(), await town.house_key(mine.id)
    assert key.startswith("ak_")
    assert key not in repr([one.model_dump() for one in await kept_keys(town)])
    assert (await town.get(f"/agencies?key={key}", key)).status_code == 200
    assert (await town.http.get(f"/api/v1/agencies?key={key}")).json()["code"] == "key-in-address"
    found = await ring.check(key)
    assert found is not None
    assert found.agency_id == mine.id
    off = await town.send("PUT", f"/agencies/{mine.slug}", platform, json={"active": False, "name": "Asleep"})
    assert (off.json()["active"], off.json()["name"]) == (False, "Asleep")
    assert await ring.check(key) is not None
    at[0] = 5.0
    assert await ring.check(key) is None
    assert (await town.get("/voices")).status_code == 200, "its businesses are served on"
    await town.send("PUT", f"/agencies/{mine.slug}", platform, json={"active": True})
    at[0] = 10.0
    assert await ring.check(key) is not None
    [listed] = (await town.get(f"/agencies/{mine.slug}/keys", platform)).json()
    assert listed["used_at"]
    assert (await town.send("DELETE", f"/agencies/{mine.slug}/keys/{listed['id']}", platform)).status_code == 204
    at[0] = 15.0
    assert await ring.check(key) is None
    assert [one.action for one in await deeds(town)][-1] == "house.key-revoke"


async def test_an_agencys_look(small_town: Town) -> None:
    mine = await agency_of(small_town)
    key, base = await small_town.house_key(mine.id), f"/agencies/{mine.slug}"
    look = {"name_ar": "وكالة النيل", "name_en": "Nile", "colour": "#FFE000"}
    assert (await small_town.send("PUT", f"{base}/brand", key, json=look)).json()["colour"] == "#ffe000"
    moved = await small_town.send("PUT", f"{base}/domain", key, json={"domain": "Panel.Nile.Example"})
    assert moved.json()["domain"] == "panel.nile.example"
    taken = await small_town.send("PUT", f"{base}/domain", key, json={"domain": ADDRESS.removeprefix("https://")})
    assert taken.json()["code"] == "domain-taken"
    large = picture() + b"x" * 100_000  # more than strangers may send
    hung = await small_town.send("PUT", f"{base}/logo", key, files={"logo": ("a.png", large)})
    blob = hung.json()["logo_url"].partition("?")[2]
    assert (await small_town.needs.blobs.get(mine.id, blob)).startswith(b"\x89PNG")
    broken = await small_town.send("PUT", f"{base}/logo", key, files={"logo": ("a.svg", b"<svg/>")})
    assert (broken.status_code, broken.json()["code"]) == (422, "picture-kind")
    assert (await small_town.send("DELETE", f"{base}/logo", key)).status_code == 204
    assert (await small_town.get(f"{base}/brand", key)).json()["logo_url"] is None
    [kept] = await kept_keys(small_town)
    noted = [(one.action, one.who) for one in await deeds(small_town)][1:]
    actions = ["agency.brand", "agency.domain", "agency.brand", "agency.brand"]
    assert noted == [(action, f"key:{kept.id}") for action in actions]


async def test_administrators_are_invited_switched_and_taken_away(town: Town) -> None:
    mine = await agency_of(town)
    key, base = await town.house_key(mine.id), f"/agencies/{mine.slug}/people"
    link = (await town.post(f"{base}/invites", key, json={"name": "Samir"})).json()["link"]
    fresh = Person(login="samir", name="Samir", language="ar")
    person = await invites.accept(town.db, link.rpartition("/")[2], fresh, "a long passphrase of mine")
    [listed] = (await town.get(base, key)).json()["people"]
    assert (listed["login"], listed["role"], listed["active"]) == ("samir", "agency-admin", True)
    off = await town.send("PUT", f"{base}/{person.id}", key, json={"active": False})
    assert off.json()["active"] is False
    assert (await town.send("PUT", f"{base}/{person.id}", key, json={"active": True})).json()["active"] is True
    password = await town.post(f"{base}/{person.id}/password", key)
    assert password.json()["link"].startswith(f"{ADDRESS}/admin/invite/")
    await town.post(f"{base}/invites", key, json={})
    [waiting] = (await town.get(base, key)).json()["invites"]
    assert (await town.send("DELETE", f"{base}/invites/{waiting['id']}", key)).status_code == 204
    assert (await town.send("DELETE", f"{base}/{person.id}", key)).status_code == 204
    assert (await town.get(base, key)).json() == {"people": [], "invites": []}
    shown = (await town.get(f"/agencies/{mine.slug}/audit?action=people.", key)).json()["deeds"]
    assert [one["action"] for one in shown][:2] == ["people.remove", "people.withdraw"]
    boss, platform = await hire(town, None), await town.house_key()
    last = await town.send("DELETE", f"/platform/people/{boss.id}", platform)
    assert (last.status_code, last.json()["code"]) == (409, "last-owner")


async def test_the_installation_is_looked_after(small_town: Town) -> None:
    platform, shop = await small_town.house_key(), small_town.tenant
    state = (await small_town.get("/platform/state", platform)).json()
    assert (state["waiting"], state["dead"], state["processes"]) == (0, 0, [])
    [letter] = (await small_town.get("/platform/letters", platform)).json()
    assert (letter["turn_id"], letter["cause"]) == ("turn-1", "vendor said 500")
    tries = [await small_town.post("/platform/letters/retry", platform, json={"turn_id": "turn-1"}) for _ in range(2)]
    assert [one.status_code for one in tries] == [204, 422]
    assert (await small_town.get("/platform/troubles", platform)).json() == []
    wrong = [one for one in (await small_town.get("/platform/findings", platform)).json() if not one["fine"]]
    assert any(one["what"] == "tts engine nobody" and one["fix"] for one in wrong)
    assert (await small_town.get("/platform/logs?level=ERROR", platform)).json() == []
    allowed = await small_town.send(
        "PUT", f"/platform/businesses/{shop.slug}/quota", platform, json={"messages": 500, "stop": True}
    )
    assert allowed.json() == {"messages": 500, "stop": True}
    [share] = (await small_town.get("/platform/costs", platform)).json()["businesses"]
    assert (share["slug"], share["most"], share["stop"]) == (shop.slug, 500, True)
    mine = await agency_of(small_town)
    assert (await small_town.get(f"/agencies/{mine.slug}/costs", platform)).json()["businesses"] == [share]
    given = {"media_days": 30, "words_days": 90, "quota": 10, "notice": "Back at nine"}
    assert (await small_town.send("PUT", "/platform/settings", platform, json=given)).json() == given
    assert (await small_town.get("/platform/settings", platform)).json() == given
    actions = {one["action"] for one in (await small_town.get("/platform/audit", platform)).json()["deeds"]}
    assert {"letter.retry", "quota.allow", "platform.choose"} <= actions


async def test_who_asks_too_fast_waits(sqlite_database: Floor, tmp_path: Path) -> None:
    rates = Rates(key=Rate(6, 0.01), stranger=Rate(4, 0.01))
    async with founded(sqlite_database, tmp_path, rates=rates) as town:
        platform, agency = await town.house_key(), await town.house_key(town.tenant.agency_id)
        made = [await town.post("/platform/keys", platform, json={"name": "x"}) for _ in range(2)]
        assert [one.status_code for one in made] == [201, 429]
        assert (await town.get("/agencies", agency)).status_code == 200
        guessed = [await town.get("/agencies", f"ak_{str(n) * 43}") for n in range(2)]
        assert [one.status_code for one in guessed] == [429, 429], "a guess costs more than strangers have"


@pytest.mark.parametrize("path", ["/agencies", "/platform/keys"])
async def test_what_such_a_key_asks_for_no_page_reads(small_town: Town, path: str) -> None:
    headers = {"Origin": "https://shop.example"}
    answer = await small_town.get(path, await small_town.house_key(), headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
