"""Many couriers, slow receivers, crashes in between: nothing is lost, nothing goes out twice at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from core_pipeline.guard import Answered, guarded_client
from core_pipeline.notices import Courier, notify, subscribe
from tenants.models import NoticeState, now
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.notices.office import VAULT, office
from tests.notices.receiver import receiving


async def test_two_couriers_share_the_work(database: Floor) -> None:
    async with office(database) as post, guarded_client({post.receiver.place}) as client:
        keys = [f"t{number}" for number in range(12)]
        await post.tell(*keys)
        couriers = [post.courier, Courier(post.floor.db, VAULT, client)]
        while any([await asyncio.gather(*(one.once() for one in couriers))][0]):
            pass
        assert sorted(one.told["data"]["turn"] for one in post.receiver.posts) == sorted(keys)
        assert {(one.state, one.attempts) for one in await post.notices()} == {(NoticeState.DELIVERED, 1)}


async def test_a_slow_receiver_does_not_hold_up_another(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post, receiving() as slow:
        stuck, client = asyncio.Event(), guarded_client({post.receiver.place, slow.place})
        other = await make_tenant(post.floor.db)
        async with post.floor.db.tenant(other.id) as session:
            await subscribe(session, VAULT, slow.url, ["turn.answered"], allow={slow.place})
            await notify(session, "turn.answered", "s1", {})
        held = asyncio.Event()

        async def stick(courier: Courier) -> None:
            posted = courier._posted

            async def waits(parcel: Any) -> Any:
                if slow.place in parcel.url:
                    stuck.set()
                    await held.wait()
                return await posted(parcel)

            courier._posted = waits  # type: ignore[method-assign]  # a receiver that takes its time
            await courier.run()

        async with client:
            running = asyncio.create_task(stick(Courier(post.floor.db, VAULT, client, poll=0.02)))
            await stuck.wait()
            await post.tell("t1")
            async with asyncio.timeout(10):
                while not post.receiver.posts:
                    await asyncio.sleep(0.01)
            assert slow.posts == []
            held.set()
            async with asyncio.timeout(10):
                while not slow.posts:
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_broken_off_in_the_middle_it_is_delivered_again_once_the_lease_is_over(database: Floor) -> None:
    async with office(database) as post:
        arrived, never = asyncio.Event(), asyncio.Event()
        posted = post.courier._posted

        async def killed(parcel: Any) -> Any:
            await posted(parcel)
            arrived.set()
            await never.wait()

        post.courier._posted = killed  # type: ignore[method-assign]  # the process ends between the answer and the note
        await post.tell("t1")
        running = asyncio.create_task(post.courier.run())
        await arrived.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        post.courier._posted = posted  # type: ignore[method-assign]  # and a new one starts
        assert await post.courier.once() == 0
        await post.hurry()
        assert await post.courier.once() == 1
        assert len({one.headers["webhook-id"] for one in post.receiver.posts}) == 1
        assert len(post.receiver.posts) == 2
        assert [(one.state, one.attempts) for one in await post.notices()] == [("delivered", 2)]


async def test_who_lost_the_claim_changes_nothing(sqlite_database: Floor) -> None:
    async with office(sqlite_database) as post:
        posted = post.courier._posted

        async def late(parcel: Any) -> Any:
            await post.hurry()
            await posted(parcel)
            return _answer(500)

        post.courier._posted = late  # type: ignore[method-assign]  # its lease runs out while it waits
        await post.tell("t1")
        await post.courier.once()
        [notice] = await post.notices()
        assert (notice.state, notice.cause, notice.attempts) == ("waiting", None, 1)
        assert notice.next_at < now()


def _answer(status: int) -> Answered:
    return Answered(status, "text/plain", b"", True, httpx.Headers())
