"""Calls on WhatsApp: real WebRTC between the adapter and an emulated customer, steered by the emulated vendor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from channels.whatsapp import SPEC
from channels.whatsapp.calls import CallSide
from channels.whatsapp.emulator import WhatsAppEmulator
from channels.whatsapp.emulator_caller import CUSTOMER, WhatsAppCaller
from core_pipeline.contracts.calls import CallNews, CallState, Ring, Ticket
from core_pipeline.contracts.channel import CustomerMessage, Event
from core_pipeline.contracts.legs import Key, Leg, LegEvent, Sound
from errors import Forged, Impossible, NeedsOwner, Retryable
from tests.channels.bench import Hook, client, hooked, load, opening, post
from tests.channels.rtc.ends import babble, likeness

TICKET = Ticket("call-1", "tenant-1", "account-1", "token")
BOARD = cast("Any", None)  # no method of it is for this channel


@dataclass
class House:
    """An opened number, the emulated vendor with one customer, and the webhook between them."""

    line: CallSide
    emulator: WhatsAppEmulator
    caller: WhatsAppCaller
    hook: Hook
    read: int = 0

    async def event(self, timeout: float = 10.0) -> Event:
        """The next event that the vendor tells of."""
        async with asyncio.timeout(timeout):
            while len(self.hook.requests) <= self.read:
                await asyncio.sleep(0.01)
        request = self.hook.requests[self.read]
        self.read += 1
        assert self.line.verify(request) is None  # type: ignore[attr-defined] # it is the channel
        [event] = self.line.read(request)  # type: ignore[attr-defined] # as above
        return cast("Event", event)

    async def news(self) -> CallNews:
        event = await self.event()
        assert isinstance(event, CallNews)
        return event

    async def ring(self) -> Ring:
        event = await self.event()
        assert isinstance(event, Ring)
        return event


@asynccontextmanager
async def house(**config: Any) -> AsyncIterator[House]:
    async with (
        hooked() as hook,
        WhatsAppEmulator(replace(SPEC.demo, webhook_url=hook.url)) as emulator,
        client() as http,
    ):
        given = opening(SPEC, http, api_url=emulator.url)
        given = replace(given, config=SPEC.config.model_validate({**SPEC.demo_config, **config}))
        line = SPEC.open(given)
        assert isinstance(line, CallSide)
        caller = WhatsAppCaller(emulator.desk)
        try:
            yield House(line, emulator, caller, hook)
        finally:
            await caller.close()


@dataclass
class Ear:
    """What a leg was told."""

    events: list[LegEvent]
    sound: bytearray


async def listen(leg: Leg, ear: Ear) -> None:
    async for event in leg.events():
        if isinstance(event, Sound):
            ear.sound += event.pcm
        else:
            ear.events.append(event)


@asynccontextmanager
async def talking(here: House) -> AsyncIterator[tuple[Leg, Ear]]:
    """The customer's call, taken."""
    dialling = asyncio.create_task(here.caller.dial())
    leg = await here.line.pick_up(await here.ring(), TICKET)
    await dialling
    ear = Ear([], bytearray())
    listening = asyncio.create_task(listen(leg, ear))
    try:
        yield leg, ear
    finally:
        await leg.hang_up()
        await listening


async def test_a_customers_call_is_taken_and_both_hear_one_another() -> None:
    said, answered = babble(1.0), babble(1.0, seed=4)
    async with house() as here:
        async with talking(here) as (leg, ear):
            assert leg.screen == "none"
            await leg.play(answered.data)
            await here.caller.say(said)
            await here.caller.press("0")
            await here.caller.listen(0.3)
            assert likeness(ear.sound, said.data)[0] > 0.7
            assert likeness(here.caller.heard.data, answered.data)[0] > 0.7
            assert ear.events == [Key("0")]
        assert await here.caller.wait_end() == "hangup"
        ended = await here.news()
        assert (ended.state, ended.over) == (CallState.ENDED, True)
        assert ended.seconds is not None
        assert here.emulator.calls == ["pre_accept", "accept", "terminate"]
        assert here.emulator.desk.faults == here.caller.faults == []


async def test_a_customer_who_hangs_up_ends_the_leg_and_we_end_the_call_too() -> None:
    async with house() as here, talking(here) as (leg, _):
        await here.caller.hang_up()
        await asyncio.wait_for(leg.wait_gone(), 10)  # type: ignore[attr-defined] # an RtcLeg
        assert (await here.news()).state is CallState.ENDED
        async with asyncio.timeout(10):
            while here.emulator.calls[-1] != "terminate":
                await asyncio.sleep(0.01)


async def test_a_call_that_we_do_not_take_is_rejected() -> None:
    async with house() as here:
        dialling = asyncio.create_task(here.caller.dial())
        await here.line.reject(await here.ring())
        with pytest.raises(Impossible, match="refused"):
            await dialling
        assert await here.caller.wait_end() == "refused"


async def test_a_number_whose_calls_are_off_rejects_and_says_what_to_do() -> None:
    async with house(calls=False) as here:
        dialling = asyncio.create_task(here.caller.dial())
        with pytest.raises(NeedsOwner, match="calls-off"):
            await here.line.pick_up(await here.ring(), TICKET)
        with pytest.raises(Impossible, match="refused"):
            await dialling
        with pytest.raises(NeedsOwner, match="calls-off"):
            await here.line.dial({"to": CUSTOMER}, TICKET, BOARD)


async def test_a_customer_who_gives_up_before_we_answer_is_no_call_any_more() -> None:
    async with house() as here:
        dialling = asyncio.create_task(here.caller.dial())
        ring = await here.ring()
        [call] = here.emulator.desk.calls.values()
        await here.emulator.desk.hang_up(call)
        with pytest.raises(Impossible, match="refused"):
            await dialling
        assert (await here.news()).state is CallState.FAILED
        with pytest.raises(Impossible):
            await here.line.pick_up(ring, TICKET)


async def test_an_accept_that_comes_too_late_is_refused_by_the_vendor() -> None:
    async with house() as here:
        here.emulator.desk.allow(0.0)
        dialling = asyncio.create_task(here.caller.dial())
        with pytest.raises(Impossible, match="138007"):
            await here.line.pick_up(await here.ring(), TICKET)
        with pytest.raises(Impossible, match="refused"):
            await dialling
        assert here.emulator.desk.faults == ["accepted too late"]


async def test_an_offer_that_cannot_be_agreed_to_is_rejected() -> None:
    async with house() as here:
        dialling = asyncio.create_task(here.caller.dial())
        ring = await here.ring()
        with pytest.raises(Impossible, match="sdp"):
            await here.line.pick_up(ring.model_copy(update={"offer": "v=0\r\nm=audio 9 RTP/AVP 0\r\n"}), TICKET)
        with pytest.raises(Impossible, match="refused"):
            await dialling


async def test_a_customer_who_allows_it_is_called() -> None:
    said, answered = babble(1.0), babble(1.0, seed=4)
    async with house() as here:
        here.emulator.desk.permitted.add(CUSTOMER)
        wacid = await here.line.dial({"to": f"+{CUSTOMER}"}, TICKET, BOARD)
        taking = asyncio.create_task(here.caller.be_called())
        news = await here.news()
        assert (news.provider_id, bool(news.answer), news.over) == (wacid, True, False)
        leg = await here.line.picked_up(news, TICKET)
        await taking
        assert (await here.news()).state is CallState.RUNNING
        ear = Ear([], bytearray())
        listening = asyncio.create_task(listen(leg, ear))
        await leg.play(answered.data)
        await here.caller.say(said)
        await here.caller.listen(0.2)
        await leg.hang_up()
        await listening
        assert likeness(ear.sound, said.data)[0] > 0.7
        assert likeness(here.caller.heard.data, answered.data)[0] > 0.7
        assert await here.caller.wait_end() == "hangup"
        with pytest.raises(Impossible, match="no-such-call"):
            await here.line.picked_up(news, TICKET)


async def test_a_customer_who_was_never_asked_is_asked_where_the_account_says_how() -> None:
    async with house(ask_to_call="هل يمكننا الاتصال بك؟") as here:
        with pytest.raises(Impossible, match="138006") as refused:
            await here.line.dial({"to": CUSTOMER}, TICKET, BOARD)
        assert "asked" in refused.value.detail
        assert here.emulator.desk.asked == ["هل يمكننا الاتصال بك؟"]
    async with house() as here:
        with pytest.raises(Impossible, match="138006"):
            await here.line.dial({"to": CUSTOMER}, TICKET, BOARD)
        assert here.emulator.desk.asked == []


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (138000, 401, NeedsOwner),
        (138002, 429, Retryable),
        (138004, 500, Retryable),
        (138012, 429, Impossible),
        (138013, 400, Impossible),
        (138099, 400, Impossible),
    ],
)
async def test_refusals_of_calls_say_what_they_mean(code: int, status: int, error: type[Exception]) -> None:
    async with house() as here:
        here.emulator.fail_next("connect", status, code=code)
        with pytest.raises(error, match=str(code)):
            await here.line.dial({"to": CUSTOMER}, TICKET, BOARD)


async def test_installing_the_webhook_switches_calls_on() -> None:
    async with house() as here:
        here.hook.channel = cast("Any", here.line)
        await here.line.install(here.hook.url)  # type: ignore[attr-defined] # it is the channel
        assert here.emulator.desk.enabled
        assert here.emulator.calls == ["webhook", "settings"]
    async with house(calls=False) as here:
        here.hook.channel = cast("Any", here.line)
        await here.line.install(here.hook.url)  # type: ignore[attr-defined] # it is the channel
        assert not here.emulator.desk.enabled


async def test_sound_comes_by_no_other_way() -> None:
    async with house() as here:
        with pytest.raises(Impossible, match="no-signals"):
            await here.line.signal("incoming", post(b"", {}), BOARD)
        with pytest.raises(Forged, match="no-sockets"):
            await here.line.connect(BOARD, BOARD)


async def test_an_answer_to_a_permission_request_is_no_message() -> None:
    async with house() as here:
        await here.emulator.customer_says(CustomerMessage(CUSTOMER, text="مرحبا"))
        body = json.dumps(load(SPEC, "call_permission_reply")).encode()
        assert here.line.read(post(body, {})) == []  # type: ignore[attr-defined] # it is the channel
