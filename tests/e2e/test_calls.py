"""Whole calls: a server process with the real embedded engines, and customers with telephones."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import av
import pytest
import pytest_asyncio

from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.wav import unpacked
from errors import Impossible
from tests.e2e.calling import Customer, Exchange, exchange, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

FRIDAY = "ما هي ساعات العمل يوم الجمعة"
FEE = "كم رسوم التوصيل"
LEAST = "كم الحد الأدنى للطلب"
PERSON = "+201000000009"
CLOSED_AT = {day: f"{(datetime.now(UTC).hour + 12) % 24:02}:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
CLOSED = {"hours": {day: [f"{at}-{at[:2]}:30"] for day, at in CLOSED_AT.items()}, "zone": "UTC"}
HELLO = {"greeting": {"ar": "أهلا بكم في مطعم اللؤلؤة", "en": "Welcome."}}
DRAIN_SECONDS = 6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path_factory.mktemp("calls") / "var", {"DRAIN_SECONDS": str(DRAIN_SECONDS)}) as ready:
        await ready.policy(ready.demo_id, phrases=HELLO)
        yield ready


@pytest_asyncio.fixture(loop_scope="module")
async def caller(here: Exchange) -> AsyncIterator[Customer]:
    async with here.customer(await here.number(here.demo_id)) as somebody:
        yield somebody


async def test_an_arabic_call_from_the_greeting_to_a_person(here: Exchange, caller: Customer) -> None:
    await here.policy(here.demo_id, calls={"person": PERSON, "record": True})
    async with caller.call() as talk:
        greeting = await caller.understood()
        await caller.says(FRIDAY)
        await caller.begins_to_hear()
        await asyncio.sleep(1.2)
        answer = await caller.ask(FEE)
        await caller.phone.press("0")
        assert await caller.phone.wait_end() == f"transfer:{PERSON}"
    print(greeting, answer)
    call = await caller.over()
    print(call, await caller.said(), await caller.told())
    assert "مطعم اللؤلؤة" in greeting
    assert "ثلاثون جنيه" in answer
    assert (call.state, call.reason) == (CallState.ENDED, "transfer")
    interrupted, answered, keyed = await caller.said()


async def test_calls_of_three_businesses_at_once(here: Exchange) -> None:
    sweets = await here.business(
        "sweets", {"minimum-order": "الحد الأدنى لطلب التوصيل هو 90 جنيه."}, phrases={"greeting": {"ar": "مرحبا."}}
    )
    silent = await here.business("silent", {}, language="en", calls={"silence": 3.0}, phrases=HELLO)
    demo = await here.number(here.demo_id)
    await here.policy(here.demo_id, calls={})
    async with (
        here.customer(demo) as one,
        here.customer(demo) as two,
        here.customer(await here.number(sweets, "12025550143")) as three,
        here.customer(await here.number(silent, "12025550144")) as four,
    ):
        heard = await asyncio.gather(conversed(one, LEAST), conversed(two, FEE), conversed(three, LEAST), kept_silent(four))
        print(heard)
        print([await c.said() for c in (one, two, three, four)])
        print([await c.told() for c in (one, two, three, four)])
        print([c.phone.faults for c in (one, two, three, four)], [c.phone.underruns for c in (one, two, three, four)])


async def conversed(caller: Customer, question: str) -> str:
    async with caller.call():
        await caller.ask(question)
        everything = await caller.understood()
        await caller.phone.hang_up()
    return everything


async def kept_silent(caller: Customer) -> str:
    async with caller.call():
        return await caller.phone.wait_end()


async def test_a_closed_business_takes_a_message(here: Exchange, caller: Customer) -> None:
    await here.policy(here.demo_id, calls=CLOSED)
    customer = caller.phone.number.removeprefix("+")
    await here.writes(customer, "مرحبا")
    with pytest.raises(Impossible, match="message"):
        await caller.phone.dial()
    [sound] = caller.phone.sounds
    words = unpacked(sound)
    assert words.sample_rate == 8000
    assert "مغلقون" in await here.people.understands(words)
    await caller.says(FRIDAY)
    await caller.phone.hang_up()
    note = await here.sent(customer, 2)
    print(note.kind, note.faults, await here.people.understands(decoded(note.data)))
    print(await caller.kept())

async def test_a_message_of_a_stranger(here: Exchange) -> None:
    await here.policy(here.demo_id, calls=CLOSED)
    async with here.customer(await here.number(here.demo_id, "12025550145", call_back=True)) as stranger:
        with pytest.raises(Impossible, match="message"):
            await stranger.phone.dial()
        await stranger.says(FRIDAY)
        await stranger.phone.hang_up()
        async def there() -> bool:
            return len(stranger.phone.sounds) > 1
        await until(there)
        print(await here.people.understands(unpacked(stranger.phone.sounds[1])))


async def test_a_dropped_call(here: Exchange, caller: Customer) -> None:
    await here.policy(here.demo_id, calls={})
    customer = caller.phone.number.removeprefix("+")
    await here.writes(customer, "مرحبا")
    async with caller.call():
        await caller.says(FRIDAY)
        await caller.begins_to_hear()
        await caller.phone.drop()
    call = await caller.over()
    print(call.state, call.reason, await caller.said())
    note = await here.sent(customer, 2)
    print(note.kind, note.faults, await here.people.understands(decoded(note.data)))
    await here.writes(customer, "شكرا")
    assert len(here.sent_to(customer)) == 3


async def test_a_deploy(here: Exchange, caller: Customer) -> None:
    async with here.customer(caller.account_id) as patient, here.customer(caller.account_id) as late:
        async with caller.call(), patient.call():
            here.town.running.process.send_signal(signal.SIGTERM)
            async def refuses():
                return None
            with pytest.raises(Impossible, match="message"):
                await late.phone.dial()
            print(late.phone.said, [await here.people.understands(unpacked(one)) for one in late.phone.sounds])
            print(await caller.ask(FEE))
            await caller.phone.hang_up()
            print(await patient.phone.wait_end(), await patient.understood())
        assert await here.town.running.process.wait() == 0, here.town.running.log()
        print(await patient.kept())
        print(await caller.kept())
    await here.town.running.start()


async def test_kill(here: Exchange, caller: Customer) -> None:
    customer = caller.phone.number.removeprefix("+")
    await here.writes(customer, "مرحبا")
    async with caller.call():
        await caller.says(FRIDAY)
        await caller.begins_to_hear()
        await here.town.running.end(signal.SIGKILL)
        assert (await caller.kept()).state == CallState.RUNNING
    await here.town.running.start()
    call = await caller.over()
    print(call.state, call.reason)
    note = await here.sent(customer, 2)
    print(note.kind, note.faults, await here.people.understands(decoded(note.data)))


def decoded(data: bytes | None) -> Pcm:
    with av.open(io.BytesIO(data or b"")) as file:
        resampler = av.AudioResampler("s16", "mono", 16_000)
        parts = [piece for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
        return Pcm(b"".join(part.to_ndarray().tobytes() for part in [*parts, *resampler.resample(None)]), 16_000)
