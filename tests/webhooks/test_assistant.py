"""The door of the assistant's socket, with a real server and visitors who speak its protocol."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from channels.web.caller import visiting
from channels.web.leg import Patience, WebLeg
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Finished, Leg, LegEvent, Reached, Sound, Typed
from errors import Impossible
from tests.conftest import Floor
from tests.webhooks.visiting import PAGE, SPEC, house, key_of, loud, parrot, tone
from webhooks.assistant import MESSAGE_BYTES, Room


async def test_a_visitor_hears_and_is_heard(sqlite_database: Floor) -> None:
    async with house(sqlite_database, parrot) as running, running.visitor() as visitor:
        await visitor.dial()
        await visitor.quiet(0.3)
        greeting = loud(visitor.heard)
        await visitor.say(Pcm(tone(0.3), 16000))
        await visitor.listen(0.3)
        assert greeting == pytest.approx(0.5, abs=0.1)
        assert loud(visitor.heard) - greeting > 0.2
        await visitor.hang_up()
        assert await visitor.wait_end() == "caller"
        assert visitor.faults == []
    assert [news.state for news in running.board.told] == ["ended"]


async def test_a_visitor_who_loses_the_network_goes_on(sqlite_database: Floor) -> None:
    async with house(sqlite_database, parrot) as running, running.visitor() as visitor:
        await visitor.dial()
        await visitor.drop()
        await visitor.resume()
        await visitor.quiet(0.3)
        assert loud(visitor.heard) >= 0.4
        assert [message["resumed"] for message in visitor.said if message["type"] == "started"] == [False, True]
        assert len(running.board.legs) == 1
        assert len(running.board.rings) == 1
        await visitor.press("1")


async def test_with_a_button_the_turn_ends_when_it_is_released(sqlite_database: Floor) -> None:
    seen: list[LegEvent] = []

    async def note(leg: Leg) -> None:
        async for event in leg.events():
            seen.append(event)
            if isinstance(event, Finished):
                await leg.hang_up()

    async with house(sqlite_database, note) as running, running.visitor(mode="push") as visitor:
        await visitor.dial()
        await visitor.write("مرحبا")
        await visitor.say(Pcm(tone(0.2), 16000))
        assert await visitor.wait_end() == "hangup"
    assert Typed("مرحبا") in seen
    assert sum(len(event.pcm) for event in seen[: seen.index(Finished())] if isinstance(event, Sound)) >= 6400


async def test_an_interruption_is_heard_as_silence_at_once(sqlite_database: Floor) -> None:
    async def talker(leg: Leg) -> None:
        await leg.play(tone(5.0))
        await leg.mark("long")
        async for event in leg.events():
            if not isinstance(event, Reached):
                await leg.clear()

    async with house(sqlite_database, talker) as running, running.visitor(mode="push") as visitor:
        await visitor.dial()
        await visitor.listen(0.2)
        await visitor.interrupt()
        await visitor.quiet(0.3, timeout=10)
        assert len(visitor.cleared) == 1
        assert loud(visitor.heard) < 4.0


async def test_who_has_no_key_or_comes_from_a_bad_page_is_refused_before_a_word(sqlite_database: Floor) -> None:
    async with house(sqlite_database) as running:
        token = running.signer.issue("somebody", ["stages"])
        for key, origin in (
            ("", ""),
            ("pk_" + "x" * 43, PAGE),
            ("one", "https://bad.example"),
            ("one", ""),
            (token, ""),
        ):
            async with running.visitor(key, origin=origin) as visitor:
                with pytest.raises(Impossible, match="403"):
                    await visitor.dial()
        assert running.board.rings == []
        assert running.asked_for == []
        assert running.assistant.counters["assistant_refusal"] == 5


async def test_people_are_who_they_say_only_where_somebody_vouches_for_it(sqlite_database: Floor) -> None:
    async with house(sqlite_database, parrot) as running:
        async with running.visitor() as claimed:
            await claimed.dial()
        tenant_id = running.asked_for[0].tenant_id
        token = running.signer.issue(tenant_id, ["talk"], visitor="v-7")
        secret = await key_of(tenant_id, sqlite_database, public=False)
        for secrets in ({"token": token}, {"bearer": token}, {"bearer": secret}):
            setup = replace(SPEC.demo, external_id="v-1", secrets=secrets)
            async with visiting(setup, running.base, "") as caller:
                await caller.dial()
        assert [ring.sender.identities[0].value for ring in running.board.rings] == ["~v-1", "v-7", "v-7", "v-1"]


async def test_a_tenant_gets_an_account_on_first_use_and_keeps_it(database: Floor) -> None:
    async with house(database, parrot) as running:
        async with AsyncExitStack() as visits:
            visitors = [await visits.enter_async_context(running.visitor()) for _ in range(4)]
            await asyncio.gather(*(visitor.dial() for visitor in visitors))
        async with running.visitor("two") as other:
            await other.dial()
        accounts = {account.id: account.tenant_id for account in running.asked_for}
        assert len(accounts) == 2
        tenant_id = running.asked_for[0].tenant_id
        await running.book.disconnect(tenant_id, running.asked_for[0].id)
        async with running.visitor() as late:
            with pytest.raises(Impossible, match="403"):
                await late.dial()


async def test_there_is_only_so_much_room(sqlite_database: Floor) -> None:
    async with house(sqlite_database, parrot, Room(in_all=3, of_tenant=1, from_address=2)) as running:
        async with running.visitor() as first, running.visitor() as second, running.visitor("two") as third:
            await first.dial()
            with pytest.raises(Impossible, match="403"):
                await second.dial()
            await third.dial()
        async with running.visitor() as again:
            await again.dial()


async def test_two_hundred_who_say_nothing_do_not_disturb_a_call(
    sqlite_database: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.web.channel.START_SECONDS", 2.0)
    room = Room(in_all=300, of_tenant=300, from_address=300)
    async with house(sqlite_database, parrot, room) as running, AsyncExitStack() as open_sockets:
        silent = [
            await open_sockets.enter_async_context(connect(running.socket, origin=Origin(PAGE), proxy=None))
            for _ in range(200)
        ]
        async with running.visitor() as visitor:
            await visitor.dial()
            await visitor.quiet(0.2)
            assert loud(visitor.heard) == pytest.approx(0.5, abs=0.1)
            assert visitor.underruns == 0
        said = json.loads(await silent[0].recv())
        assert said["code"] == "start-late"
        with pytest.raises(ConnectionClosed):
            await silent[0].recv()


async def talk_on(leg: WebLeg) -> None:
    """More than any buffer on the way holds."""
    while not leg.over.is_set():
        await leg.film(bytes(256 * 1024), "film")
        await asyncio.sleep(0.01)


async def test_a_page_that_stops_reading_is_cut_off(sqlite_database: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.sockets.LINGER_SECONDS", 0.1)
    monkeypatch.setattr("channels.web.leg.Patience", partial(Patience, back=0.1, slow=0.2))
    legs: list[WebLeg] = []

    async def flood(leg: Leg) -> None:
        assert isinstance(leg, WebLeg)
        legs.append(leg)
        talking = asyncio.create_task(talk_on(leg))
        async for _ in leg.events():
            pass
        await talking

    async with (
        house(sqlite_database, flood) as running,
        connect(
            running.socket, origin=Origin(PAGE), proxy=None, compression=None, max_size=None, ping_interval=None
        ) as page,
    ):
        page.transport.pause_reading()
        await page.send('{"type": "start"}')
        async with asyncio.timeout(20):
            while not running.board.tasks:
                await asyncio.sleep(0.01)
            await running.board.tasks[0]
        page.transport.abort()
    assert legs[0].over.is_set()
    assert [news.state for news in running.board.told] == ["dropped"]


async def until_closed(page: ClientConnection) -> None:
    while True:
        await page.recv()


async def test_a_message_that_is_too_long_ends_the_socket_but_not_the_door(sqlite_database: Floor) -> None:
    async with house(sqlite_database, parrot) as running:
        async with connect(running.socket, origin=Origin(PAGE), proxy=None) as page:
            await page.send('{"type": "start"}')
            await page.recv()
            await page.send(bytes(MESSAGE_BYTES + 2))
            with pytest.raises(ConnectionClosed):
                await until_closed(page)
        async with running.visitor() as visitor:
            await visitor.dial()


async def test_pages_ask_for_webrtc_over_http(sqlite_database: Floor) -> None:
    async with house(sqlite_database) as running:
        ask, rtc = {"X-Sawtak-Key": running.keys["one"], "Origin": PAGE}, f"{running.base}/api/v1/rtc"
        ice = await running.http.get(f"{rtc}/ice", headers=ask)
        assert ice.json() == {"ice_servers": [{"urls": ["stun:stun.example"]}]}
        assert ice.headers["access-control-allow-origin"] == PAGE
        wrong = await running.http.post(rtc, headers=ask, json={"sdp": ""})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "offer")
        nobody = await running.http.get(f"{rtc}/ice")
        assert (nobody.status_code, nobody.json()["code"]) == (401, "no-key")
        elsewhere = await running.http.get(f"{rtc}/ice", headers={**ask, "Origin": "https://other.example"})
        assert elsewhere.status_code == 403


async def test_a_plain_handshake_elsewhere_is_no_socket(sqlite_database: Floor) -> None:
    async with house(sqlite_database) as running:
        with pytest.raises(InvalidStatus):
            async with connect(running.base.replace("http", "ws") + "/ws/other", proxy=None):
                pass
