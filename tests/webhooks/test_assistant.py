"""The door of the assistant's socket, with a real server and visitors who speak its protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from channels.web.leg import Patience, WebLeg
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Finished, Holding, Leg, LegEvent, Reached, Typed
from errors import Impossible
from tenants.api_keys import Keyring, make
from tenants.signing import Signer
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.webhooks.visiting import VAULT, House, PaperGate, Talker, house, loud, parrot, tone
from webhooks.assistant import MESSAGE_BYTES, Room
from webhooks.gate import Credentials, KeyGate


@asynccontextmanager
async def opened(floor: Floor, talk: Talker | None = None, room: Room | None = None) -> AsyncIterator[House]:
    """The door with two tenants, "pk_one" and "pk_two"."""
    tenants = {key: (await make_tenant(floor.db, slug=key)).id for key in ("pk_one", "pk_two")}
    async with house(floor, PaperGate(tenants), talk, room) as running:
        yield running


async def test_a_visitor_hears_and_is_heard(sqlite_database: Floor) -> None:
    async with opened(sqlite_database, parrot) as running, running.visitor() as visitor:
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
    async with opened(sqlite_database, parrot) as running, running.visitor() as visitor:
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

    async with opened(sqlite_database, note) as running, running.visitor(mode="push") as visitor:
        await visitor.dial()
        await visitor.write("مرحبا")
        await visitor.say(Pcm(tone(0.2), 16000))
        assert await visitor.wait_end() == "hangup"
    assert Typed("مرحبا") in seen
    assert seen.index(Holding()) < seen.index(Finished())


async def test_an_interruption_is_heard_as_silence_at_once(sqlite_database: Floor) -> None:
    async def talker(leg: Leg) -> None:
        await leg.play(tone(5.0))
        await leg.mark("long")
        async for event in leg.events():
            if not isinstance(event, Reached):
                await leg.clear()

    async with opened(sqlite_database, talker) as running, running.visitor(mode="push") as visitor:
        await visitor.dial()
        await visitor.listen(0.2)
        await visitor.interrupt()
        await visitor.quiet(0.3, timeout=10)
        assert len(visitor.cleared) == 1
        assert loud(visitor.heard) < 4.0


async def test_who_has_no_key_or_comes_from_a_bad_page_is_refused_before_a_word(sqlite_database: Floor) -> None:
    async with opened(sqlite_database) as running:
        for key, origin in (("", ""), ("pk_none", ""), ("pk_one", "https://bad.example")):
            async with running.visitor(key, **({"origin": origin} if origin else {})) as visitor:
                with pytest.raises(Impossible, match="403"):
                    await visitor.dial()
        assert running.board.rings == []
        assert running.assistant.counters["assistant_forged"] == 3


async def test_a_tenant_gets_an_account_on_first_use_and_keeps_it(database: Floor) -> None:
    async with opened(database, parrot) as running:
        async with AsyncExitStack() as visits:
            visitors = [await visits.enter_async_context(running.visitor()) for _ in range(4)]
            await asyncio.gather(*(visitor.dial() for visitor in visitors))
        async with running.visitor("pk_two") as other:
            await other.dial()
        accounts = {account.id: account.tenant_id for account in running.asked_for}
        assert len(accounts) == 2
        tenant_id = running.asked_for[0].tenant_id
        await running.book.disconnect(tenant_id, running.asked_for[0].id)
        async with running.visitor() as late:
            with pytest.raises(Impossible, match="403"):
                await late.dial()


async def test_there_is_only_so_much_room(sqlite_database: Floor) -> None:
    async with opened(sqlite_database, parrot, Room(in_all=3, of_tenant=1, from_address=2)) as running:
        async with running.visitor() as first, running.visitor() as second, running.visitor("pk_two") as third:
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
    async with opened(sqlite_database, parrot, room) as running, AsyncExitStack() as open_sockets:
        address = running.base.replace("http", "ws") + "/ws/assistant?key=pk_two"
        silent = [await open_sockets.enter_async_context(connect(address, proxy=None)) for _ in range(200)]
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

    async with opened(sqlite_database, flood) as running:
        address = running.base.replace("http", "ws") + "/ws/assistant?key=pk_one"
        async with connect(address, proxy=None, compression=None, max_size=None, ping_interval=None) as page:
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
    async with opened(sqlite_database, parrot) as running:
        address = running.base.replace("http", "ws") + "/ws/assistant?key=pk_one"
        async with connect(address, proxy=None) as page:
            await page.send('{"type": "start"}')
            await page.recv()
            await page.send(bytes(MESSAGE_BYTES + 2))
            with pytest.raises(ConnectionClosed):
                await until_closed(page)
        async with running.visitor() as visitor:
            await visitor.dial()


async def test_pages_ask_for_webrtc_over_http(sqlite_database: Floor) -> None:
    async with opened(sqlite_database) as running:
        ask = {"X-Sawtak-Key": "pk_one", "Origin": "https://shop.example"}
        ice = await running.http.get(f"{running.base}/api/v1/rtc/ice", headers=ask)
        assert ice.json() == {"ice_servers": [{"urls": ["stun:stun.example"]}]}
        assert ice.headers["access-control-allow-origin"] == "https://shop.example"
        before = await running.http.options(f"{running.base}/api/v1/rtc", headers={"Origin": "https://shop.example"})
        assert before.status_code == 204
        assert "X-Sawtak-Key".lower() in before.headers["access-control-allow-headers"].lower()
        wrong = await running.http.post(f"{running.base}/api/v1/rtc", headers=ask, json={"sdp": ""})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "offer")
        big = await running.http.post(f"{running.base}/api/v1/rtc", headers=ask, content=b"x" * 70_000)
        assert big.status_code == 400
        nobody = await running.http.get(f"{running.base}/api/v1/rtc/ice")
        assert nobody.status_code == 401


async def test_keys_and_tokens_admit_as_they_promise(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with sqlite_database.db.tenant(tenant.id) as session:
        public, _ = await make(session, "page", ["talk"], public=True, origins=["https://shop.example"])
        secret, _ = await make(session, "server", ["talk"])
        other, _ = await make(session, "voices", ["voices"])
    signer = Signer(Vault.from_text(VAULT))
    gate = KeyGate(Keyring(sqlite_database.db), signer)
    page = "https://shop.example"
    assert (await gate.admit(Credentials(public, True, page))).tenant_id == tenant.id
    assert (await gate.admit(Credentials(secret, False, ""))).tenant_id == tenant.id
    token = signer.issue(tenant.id, ["talk"], visitor="v-7")
    assert (await gate.admit(Credentials(token, True, ""))).visitor == "v-7"
    refused = [
        Credentials(public, True, "https://other.example"),
        Credentials(public, True, ""),
        Credentials(secret, True, ""),
        Credentials(other, False, ""),
        Credentials("", True, ""),
        Credentials(signer.issue(tenant.id, ["stages"]), True, ""),
        Credentials(token[:-4] + "AAAA", True, ""),
    ]
    for shown in refused:
        with pytest.raises(Exception, match=r"origin|key|token"):
            await gate.admit(shown)


async def test_a_secret_may_come_in_any_of_four_ways(sqlite_database: Floor) -> None:
    async with opened(sqlite_database) as running:
        url = f"{running.base}/api/v1/rtc/ice"
        for headers, query in (
            ({"Authorization": "Bearer pk_one"}, {}),
            ({"X-Sawtak-Key": "pk_one"}, {}),
            ({}, {"key": "pk_one"}),
            ({}, {"token": "pk_one"}),
        ):
            assert (await running.http.get(url, headers=headers, params=query)).status_code == 200


async def test_a_plain_handshake_elsewhere_is_no_socket(sqlite_database: Floor) -> None:
    async with opened(sqlite_database) as running:
        with pytest.raises(InvalidStatus):
            async with connect(running.base.replace("http", "ws") + "/ws/other?key=pk_one", proxy=None):
                pass
