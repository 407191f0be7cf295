"""Delivering: signed, at least once, in peace with receivers that fail, never twice at the same time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from fastapi import Response
from sqlalchemy import update
from sqlmodel import col

from core_pipeline.guard import guarded_client
from core_pipeline.notices import Courier, dead, listing, purge, retry
from core_pipeline.notices.pauses import LONGEST, MOST_TRIES
from errors import Impossible
from tenants.models import Notice, now
from tenants.vault import Vault
from tests.conftest import Floor
from tests.notices.office import VAULT, office
from tests.notices.receiver import Post


async def test_what_is_told_arrives_signed(database: Floor) -> None:
    async with office(database) as post:
        await post.tell("t1", answer="أهلا وسهلا")
        assert await post.courier.once() == 1
        assert await post.courier.once() == 0
        [posted], [notice] = post.receiver.posts, await post.notices()
    assert posted.genuine(post.secret)
    assert not posted.genuine("whsec_" + "A" * 44)
    assert posted.headers["webhook-id"] == posted.told["id"] == notice.id
    assert posted.headers["content-type"] == "application/json"
    assert abs(int(posted.headers["webhook-timestamp"]) - now().timestamp()) < 60
    assert posted.told["data"] == {"turn": "t1", "answer": "أهلا وسهلا"}
    assert (posted.told["event"], posted.told["tenant"]) == ("turn.answered", post.tenant.slug)
    assert posted.told["at"] == notice.created_at.isoformat()
    assert (notice.state, notice.attempts, notice.cause) == ("delivered", 1, None)
    assert notice.done_at is not None


async def test_a_failure_is_tried_again_later_under_the_same_id_and_signed_anew(database: Floor) -> None:
    async with office(database) as post:
        post.receiver.answer = lambda _: Response(status_code=500)
        await post.tell("t1")
        before = now()
        await post.courier.once()
        [notice] = await post.notices()
        assert (notice.state, notice.attempts, notice.cause) == ("waiting", 1, "http-500")
        assert timedelta(seconds=7) < notice.next_at - before < timedelta(seconds=30)
        assert await post.courier.once() == 0
        post.receiver.answer = lambda _: Response(status_code=200)
        await post.hurry()
        await post.courier.once()
        first, second = post.receiver.posts
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        assert first.genuine(post.secret)
        assert second.genuine(post.secret)
        assert [one.state for one in await post.notices()] == ["delivered"]


async def test_a_receiver_that_never_answers_well_makes_a_dead_letter_that_can_be_tried_again(
    sqlite_database: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(sqlite_database) as post:
        post.receiver.answer = lambda _: Response("no: كلام العميل", status_code=503)
        await post.tell("t1", heard="كلام العميل")
        for _ in range(MOST_TRIES):
            await post.hurry()
            await post.courier.once()
        assert len(post.receiver.posts) == MOST_TRIES
        async with post.floor.db.tenant(post.tenant.id) as session:
            [letter] = await dead(session)
            assert (letter.cause, letter.attempts) == ("http-503", MOST_TRIES)
            await retry(session, letter.id)
            with pytest.raises(Impossible, match="not-dead"):
                await retry(session, letter.id)
        post.receiver.answer = lambda _: Response()
        post.courier._rests.clear()
        await post.courier.once()
        assert [one.state for one in await post.notices()] == ["delivered"]
    assert "كلام" not in caplog.text
    assert post.secret not in caplog.text


async def test_what_was_longest_under_way_is_given_up_with_the_first_failure(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post:
        post.receiver.answer = lambda _: Response(status_code=500)
        await post.tell("old", "young")
        old = update(Notice).where(col(Notice.key) == "turn.answered:old")
        async with post.floor.db.platform() as session:
            await session.execute(old.values(created_at=now() - timedelta(days=5)))
        await post.courier.once()
        await post.hurry()
        await post.courier.once()
        assert [one.state for one in await post.notices()] == ["dead", "waiting"]


async def test_gone_switches_the_subscription_off_until_a_letter_is_tried_again(database: Floor) -> None:
    async with office(database) as post:
        post.receiver.answer = lambda _: Response(status_code=410)
        await post.tell("t1", "t2")
        await post.courier.once()
        async with post.floor.db.tenant(post.tenant.id) as session:
            assert [one.active for one in await listing(session)] == [False]
            letters = await dead(session)
        assert [one.cause for one in letters] == ["http-410", "http-410"]
        await post.tell("t3")
        await post.courier.once()
        assert len(post.receiver.posts) == 1
        post.receiver.answer = lambda _: Response()
        async with post.floor.db.tenant(post.tenant.id) as session:
            await retry(session, letters[0].id)
        await post.tell("t4")
        await post.courier.once()
        assert len(post.receiver.posts) == 3


async def test_the_receiver_says_when_to_come_again(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post:
        for asked, at_least, at_most in (("600", 590, 610), ("99999999999", LONGEST.total_seconds() - 10, 43210)):
            answer = Response(status_code=429, headers={"Retry-After": asked})
            post.receiver.answer = partial(_same, answer)
            await post.tell(asked)
            post.courier._rests.clear()
            await post.courier.once()
            wait = (await post.notices())[-1].next_at - now()
            assert at_least < wait.total_seconds() < at_most


def _same(answer: Response, post: Post) -> Response:
    return answer


async def test_a_redirect_is_not_followed(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post:
        post.receiver.answer = lambda _: Response(status_code=307, headers={"Location": post.receiver.url})
        await post.tell("t1")
        await post.courier.once()
        assert [one.cause for one in await post.notices()] == ["http-307"]
        assert len(post.receiver.posts) == 1


async def test_an_address_that_leads_inside_is_dead_at_once(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post, guarded_client() as strict:
        await post.tell("t1", "t2")
        await Courier(post.floor.db, VAULT, strict).once()
        assert [(one.state, one.cause) for one in await post.notices()] == [("dead", "url-forbidden")] * 2
        assert post.receiver.posts == []


async def test_a_secret_that_does_not_open_switches_the_subscription_off(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post, guarded_client({post.receiver.place}) as client:
        await post.tell("t1")
        await Courier(post.floor.db, Vault.generate(), client).once()
        assert [(one.state, one.cause) for one in await post.notices()] == [("dead", "seal-broken")]
        assert post.receiver.posts == []


async def test_one_courier_keeps_the_order(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post:
        keys = [f"t{number}" for number in range(8)]
        await post.tell(*keys)
        await post.courier.once()
        assert [one.told["data"]["turn"] for one in post.receiver.posts] == keys


async def test_old_notices_are_forgotten(database: Floor) -> None:
    async with office(database) as post:
        await post.tell("old", "new")
        await post.courier.once()
        async with post.floor.db.platform() as session:
            old = update(Notice).where(col(Notice.key) == "turn.answered:old")
            await session.execute(old.values(done_at=now() - timedelta(days=31)))
        async with post.floor.db.platform() as session:
            assert await purge(session, now() - timedelta(days=30), now() - timedelta(days=90)) == 1
        assert [one.key for one in await post.notices()] == ["turn.answered:new"]
