"""Keys, told addresses and the archive by the API, as the panel has them."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from core_pipeline import notices
from tenants.models import AuditEntry, Notice, NoticeState, new_id
from tests.api.town import Town
from tests.factories import make_account, make_conversation, make_message, make_tenant

HOOK = "https://example.com/hook"


async def deleted(town: Town, path: str) -> int:
    """What removing this is answered with."""
    return (await town.http.delete(f"/api/v1{path}", headers=town.bearer())).status_code


async def test_a_key_is_made_used_and_revoked(town: Town) -> None:
    made = (await town.post("/keys", json={"name": "Shop", "scopes": ["insight"]})).json()
    assert (await town.get("/insight", key=made["key"])).status_code == 200
    assert (await town.get("/keys", key=made["key"])).status_code == 403
    listed = (await town.get("/keys")).json()
    assert made["id"] in {one["id"] for one in listed}
    assert made["key"] not in str(listed)
    assert await deleted(town, f"/keys/{made['id']}") == 204
    assert (await town.get("/keys")).json()[0]["revoked_at"] is not None
    async with town.db.tenant(town.tenant.id, reads=True) as session:
        noted = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()  # type: ignore[arg-type]  # a column
    assert [one.action for one in noted] == ["api.make", "api.revoke"]
    assert made["key"] not in str([one.model_dump() for one in noted])


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "x", "scopes": ["everything"]},
        {"name": " ", "scopes": ["talk"]},
        {"name": "x", "scopes": ["insight"], "public": True},
        {"name": "x", "scopes": ["talk"], "public": True, "origins": ["not an origin"]},
    ],
)
async def test_keys_that_can_not_be(small_town: Town, asked: dict[str, object]) -> None:
    assert (await small_town.post("/keys", json=asked)).status_code == 422


async def test_an_address_is_added_tried_and_removed(town: Town) -> None:
    made = (await town.post("/subscriptions", json={"url": HOOK, "events": ["turn.answered"]})).json()
    assert made["secret"].startswith("whsec_")
    [one] = (await town.get("/subscriptions")).json()
    assert (one["id"], one["url"], one["events"], one["active"]) == (made["id"], HOOK, ["turn.answered"], True)
    queued = await town.post(f"/subscriptions/{made['id']}/test")
    [told] = (await town.get("/notices")).json()
    assert (queued.status_code, told["id"], told["state"]) == (202, queued.json()["id"], "waiting")
    assert (await town.post(f"/notices/{told['id']}/retry")).status_code == 422
    async with town.db.tenant(town.tenant.id) as session:
        (await session.get_one(Notice, told["id"])).state = NoticeState.DEAD
    assert (await town.post(f"/notices/{told['id']}/retry")).status_code == 204
    assert await deleted(town, f"/subscriptions/{made['id']}") == 204
    assert (await town.get("/subscriptions")).json() == []


async def test_addresses_that_can_not_be_and_what_is_not_there(small_town: Town) -> None:
    for url, events in ((HOOK, ["nothing.such"]), ("http://example.com/", list(notices.EVENTS)), ("https://", ["x"])):
        assert (await small_town.post("/subscriptions", json={"url": url, "events": events})).status_code == 422
    other = await make_tenant(small_town.db)
    theirs = (
        await small_town.post(
            "/subscriptions",
            json={"url": HOOK, "events": ["turn.dead"]},
            key=await small_town.key_of(other, "notices"),
        )
    ).json()
    for name in (theirs["id"], new_id()):
        assert await deleted(small_town, f"/subscriptions/{name}") == 404
        assert (await small_town.post(f"/subscriptions/{name}/test")).status_code == 404
        assert await deleted(small_town, f"/keys/{name}") == 404


async def test_the_archive_holds_ones_own(town: Town) -> None:
    for tenant, text in ((town.tenant, "mine"), (await make_tenant(town.db), "theirs")):
        account = await make_account(town.db, tenant)
        await make_message(town.db, await make_conversation(town.db, account), text=text)
    answer = await town.get("/archive")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with ZipFile(BytesIO(answer.content)) as archive:
        assert b"mine" in archive.read("message.jsonl")
        assert b"theirs" not in archive.read("message.jsonl")
