"""Films are found again while they are asked for, and cleared away when nobody needs them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core_pipeline.portraits.reels import SETTLED, UNUSED, sweep
from errors import NeedsOwner
from tenants import films
from tests.factories import make_account, make_conversation, make_message
from tests.portraits.files import pack
from tests.portraits.house import House


async def test_a_film_is_found_by_what_was_said(house: House) -> None:
    avatar = await house.gallery.take_in(house.tenant.id, pack())
    film, other = await house.film(avatar.id, "hello"), await house.film(avatar.id, "hello")
    async with house.db.tenant(house.tenant.id) as session:
        assert await films.find(session, "hello", house.clock.at) is None
        assert await films.keep(session, film)
        assert not await films.keep(session, other)
    later = house.clock.at + timedelta(days=1)
    async with house.db.tenant(house.tenant.id) as session:
        found = await films.find(session, "hello", later)
        assert found is not None
        assert (found.blob, found.used_at) == (film.blob, later)
        assert await films.count(session) == 1
    assert len(await house.gallery.revoke(house.tenant.id, avatar.id)) == 3
    assert house.stored() == []


async def test_nothing_is_kept_of_an_avatar_that_may_not_be_shown(house: House) -> None:
    draft = await house.photo()
    revoked = await house.gallery.take_in(house.tenant.id, pack())
    await house.gallery.revoke(house.tenant.id, revoked.id)
    for avatar_id in (draft, revoked.id, "nobody"):
        film = await house.film(avatar_id, "k")
        with pytest.raises(NeedsOwner, match="avatar-revoked"):
            async with house.db.tenant(house.tenant.id) as session:
                await films.keep(session, film)


async def test_old_films_go_and_those_in_conversations_stay(house: House) -> None:
    tenant_id, now = house.tenant.id, house.clock.at
    account = await make_account(house.db, house.tenant)
    conversation = await make_conversation(house.db, account)
    avatar = await house.gallery.take_in(tenant_id, pack())
    before = len(house.stored())
    made = {
        "fresh": await house.film(None, "fresh", now),
        "old": await house.film(None, "old", now - UNUSED - SETTLED),
        "sent": await house.film(avatar.id, None, now - UNUSED),
        "loose": await house.film(avatar.id, None, now - UNUSED),
        "young": await house.film(avatar.id, None, now),
    }
    blobs = {name: film.blob for name, film in made.items()}
    await make_message(house.db, conversation, blob=blobs["sent"], kind="video")
    async with house.db.tenant(tenant_id) as session:
        for film in made.values():
            await films.keep(session, film)
    assert await sweep(house.db, house.blobs, tenant_id, now) == 2
    left = {file.name for file in house.stored()}
    assert {name for name, blob in blobs.items() if blob.rpartition("/")[2] in left} == {"fresh", "sent", "young"}
    assert await sweep(house.db, house.blobs, tenant_id, now) == 0
    gone = await house.gallery.revoke(tenant_id, avatar.id)
    assert blobs["sent"] in gone
    assert len(house.stored()) == 1 + before - 1


async def test_so_many_are_kept_and_no_more(house: House) -> None:
    tenant_id, now = house.tenant.id, house.clock.at
    async with house.db.tenant(tenant_id) as session:
        for number in range(5):
            await films.keep(session, await house.film(None, f"k{number}", now - timedelta(hours=10 - number)))
    assert await sweep(house.db, house.blobs, tenant_id, now, most=2) == 3
    async with house.db.tenant(tenant_id) as session:
        assert await films.count(session) == 2
        assert await films.find(session, "k4", now) is not None
        assert await films.find(session, "k0", now) is None
        await films.drop(session, "nobody")
    assert len(house.stored()) == 2
