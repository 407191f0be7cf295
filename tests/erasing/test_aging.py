"""What is older than it may be goes by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core_pipeline.erasing.aging import Gone, Terms, age, age_all, aging, terms_of
from tenants import choices
from tenants.choices import Choices
from tenants.models import now
from tenants.policy import Policy
from tests.erasing.conftest import Place

LONG = timedelta(days=40)


async def test_sounds_go_before_words(place: Place) -> None:
    at = now()
    await place.customer("old", at - LONG)
    await place.customer("new", at)
    gone = await age(place.floor.db, place.blobs, place.tenant.id, Terms(media_days=30, words_days=0), at)
    assert gone == Gone(files=2)
    counts = await place.counts()
    assert (counts["message"], counts["call"], counts["contact"]) == (2, 2, 2)
    assert place.stored().count(b"old") == 2
    gone = await age(place.floor.db, place.blobs, place.tenant.id, Terms(media_days=0, words_days=30), at)
    assert gone == Gone(messages=1, customers=1)
    counts = await place.counts()
    left = ("message", "turn", "turn_stage", "call", "conversation", "contact", "contact_identity", "open_question")
    assert {name: counts[name] for name in left} == dict.fromkeys(left, 1)
    assert place.stored().count(b"new") == 4


async def test_words_take_their_sounds_along(place: Place) -> None:
    at = now()
    await place.customer("old", at - LONG)
    assert await age(place.floor.db, place.blobs, place.tenant.id, Terms(0, 30), at) == Gone(2, 1, 1)


async def test_for_ever_is_for_ever(place: Place) -> None:
    await place.customer("old", now() - timedelta(days=4000))
    before = await place.counts()
    assert await age_all(place.floor.db, place.blobs) == Gone()
    assert await place.counts() == before


async def test_the_installations_choice_counts_for_every_tenant(place: Place) -> None:
    await place.customer("old", now() - LONG)
    async with place.floor.db.platform() as session:
        assert await choices.write(session, Choices(media_days=90, words_days=20)) == {}
    async with place.floor.db.platform(reads=True) as session:
        assert (await choices.read(session)).words_days == 20
    assert (await age_all(place.floor.db, place.blobs)).customers == 1


def test_the_shorter_time_counts() -> None:
    ours = Choices(media_days=30, words_days=0)
    assert terms_of(Policy(), ours) == Terms(30, 0)
    assert terms_of(Policy(keep_media_days=7, keep_words_days=90), ours) == Terms(7, 90)
    assert terms_of(Policy(keep_media_days=60), ours) == Terms(30, 0)


async def test_it_goes_on_in_the_process_that_holds_the_lock(place: Place) -> None:
    await place.customer("old", now() - LONG)
    async with place.floor.db.platform() as session:
        await choices.write(session, Choices(words_days=20))
    taken = asyncio.Event()

    class Lock:
        """Refused once, then held."""

        asked = 0

        async def take(self) -> bool:
            self.asked += 1
            if self.asked > 2:
                taken.set()
            return self.asked > 1

        async def free(self) -> None:
            self.asked = 0

    lock = Lock()
    async with aging(place.floor.db, place.blobs, lock, every=0.01), asyncio.timeout(20):
        await taken.wait()
    assert lock.asked == 0
    assert (await place.counts())["contact"] == 0
