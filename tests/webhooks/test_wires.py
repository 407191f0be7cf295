"""The TCP door: genuine connections ring and are carried, strangers cost nothing, callers hear and are heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response

from channels import discover
from channels.audiosocket import greeting
from channels.audiosocket.frames import HANGUP, ID, Frame
from channels.emulation.server import served
from core_pipeline.contracts.calls import Switchboard
from core_pipeline.contracts.channel import WebhookRequest
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Key, Leg, LegEvent, Reached, Sound
from errors import Impossible, NeedsOwner, SawtakError
from tenants.accounts import AccountBook, AccountRef
from tenants.vault import Vault
from tests.channels.audiosocket.paper import PaperBoard, loud, tone
from tests.channels.bench import client
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks import wires
from webhooks.lines import OpenLines
from webhooks.simulate import connect_demo, free_port
from webhooks.wires import Wires

SPEC = discover()["audiosocket"]


@dataclass
class Exchange:
    """An open door with a switchboard of paper behind it, and a way for callers to it."""

    door: Wires
    board: PaperBoard
    port: int
    base: str
    account_id: str

    def caller(self, *, secret: bool = True, **platform: str) -> Any:
        setup = replace(SPEC.demo, port=self.port, platform=platform, secrets=SPEC.demo.secrets if secret else {})
        assert SPEC.calls is not None
        return SPEC.calls.caller(setup, self.base, self.account_id)

    async def leg(self) -> Leg:
        async with asyncio.timeout(10):
            return (await self.board.legs.get())[1]

    async def counted(self, name: str, count: int = 1) -> None:
        async with asyncio.timeout(10):
            while self.door.counters[name] < count:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def exchange(floor: Floor) -> AsyncIterator[Exchange]:
    book, board, port = AccountBook(floor.db, Vault.generate()), PaperBoard(), free_port()
    tenant = await make_tenant(floor.db)
    account_id = await connect_demo(book, SPEC, tenant.id)

    def of(_: AccountRef) -> Switchboard:
        return board

    async def whose(token: str) -> str | None:
        return account_id if token in board.tokens else None

    async with client() as http:
        lines = OpenLines(book, http, lambda name: {"port": str(port)} if name == SPEC.name else {})
        async with dialplan_door(lines, account_id, board) as base, Wires(lines, book, of, whose) as door:
            yield Exchange(door, board, port, base, account_id)
        await lines.close()


@asynccontextmanager
async def dialplan_door(lines: OpenLines, account_id: str, board: PaperBoard) -> AsyncIterator[str]:
    """As much of the HTTP door as a dialplan needs."""
    app = FastAPI()

    async def signal(request: Request, event: str) -> Response:
        line: Any = (await lines.line(account_id)).channel
        seen = WebhookRequest("POST", dict(request.headers), {}, await request.body())
        try:
            answer = await line.signal(event, seen, board)
        except SawtakError:
            return Response(status_code=403)
        return Response(answer.body, answer.status)

    app.add_api_route(f"/calls/{SPEC.name}/{account_id}/{{event}}", signal, methods=["POST"])
    async with served(app) as port:
        yield f"http://127.0.0.1:{port}"


async def until(line: Leg, enough: Any) -> list[LegEvent]:
    """The events of a leg up to the first that is enough."""
    seen: list[LegEvent] = []
    async with asyncio.timeout(15):
        async for event in line.events():
            seen.append(event)
            if enough(event):
                break
    return seen


async def test_a_call_by_the_dialplan_is_heard_both_ways_and_put_through(sqlite_database: Floor) -> None:
    async with exchange(sqlite_database) as door, door.caller() as caller:
        dialling = asyncio.create_task(caller.dial())
        line = await door.leg()
        events: list[LegEvent] = []

        async def lead() -> None:
            await line.play(tone(0.3))
            await line.mark("greeting")
            async for event in line.events():
                events.append(event)
                if event == Key("0"):
                    await line.transfer("+201009999999")

        leading = asyncio.create_task(lead())
        await dialling
        await caller.quiet(0.2, 15)
        await caller.say(Pcm(tone(0.3, 16000), 16000))
        await caller.press("0")
        assert await caller.wait_end(15) == "transfer:+201009999999"
        await leading
        assert loud(caller.heard) == pytest.approx(0.3, abs=0.05)
        assert caller.faults == []
    sound = Pcm(b"".join(event.pcm for event in events if isinstance(event, Sound)), 8000)
    assert loud(sound) == pytest.approx(0.3, abs=0.05)
    assert Reached("greeting") in events
    [ring] = door.board.rings
    assert ring.sender.identities[0].value == "201000000001"
    assert door.board.tokens == {}


async def test_a_fixed_uuid_rings_for_somebody_unknown_and_cannot_be_put_through(sqlite_database: Floor) -> None:
    async with exchange(sqlite_database) as door:
        for _ in range(2):
            async with door.caller(secret=False) as caller:
                dialling = asyncio.create_task(caller.dial())
                line = await door.leg()
                events = line.events()
                await anext(events)
                await dialling
                with pytest.raises(Impossible, match="no-transfer"):
                    await line.transfer("+201009999999")
                await line.hang_up()
                assert await caller.wait_end(15) == "hangup"
                async for _ in events:
                    pass
        first, second = door.board.rings
    assert first.account == SPEC.demo.external_id
    assert first.sender != second.sender
    assert first.provider_id != second.provider_id


@pytest.mark.parametrize(("kind", "end"), [("message", "message"), ("refuse", "refused")])
async def test_a_call_that_is_not_taken_ends_in_the_dialplan(sqlite_database: Floor, kind: Any, end: str) -> None:
    async with exchange(sqlite_database) as door:
        door.board.kind = kind
        async with door.caller() as caller:
            with pytest.raises(Impossible, match=end):
                await caller.dial()
            assert await caller.wait_end() == end
        async with door.caller(secret=False) as caller:
            with pytest.raises(Impossible, match="refused"):
                await caller.dial()
        await door.counted("refused")
        assert door.board.legs.empty()


async def test_strangers_and_used_tokens_are_hung_up_on(sqlite_database: Floor) -> None:
    async with exchange(sqlite_database) as door:
        async with door.caller() as caller:
            dialling = asyncio.create_task(caller.dial())
            line = await door.leg()
            running = asyncio.create_task(until(line, lambda _: False))
            await dialling
            again = await raw(door.port, Frame(ID, caller._uuid.bytes).wire)
            assert await everything(again) == Frame(HANGUP).wire
            await caller.hang_up()
            await running
        for wild, answer in ((Frame(ID, bytes(16)).wire, Frame(HANGUP).wire), (b"GET / HTTP/1.1\r\n\r\n", b"")):
            assert await everything(await raw(door.port, wild, end=True)) == answer
        await door.counted("refused", 3)
        assert door.door.counters["calls"] == 1


Raw = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def raw(port: int, data: bytes = b"", *, end: bool = False) -> Raw:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if end:
        writer.write_eof()
    return reader, writer


async def everything(connection: Raw) -> bytes:
    reader, writer = connection
    try:
        async with asyncio.timeout(15):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_two_hundred_half_open_connections_do_not_disturb_a_call(
    sqlite_database: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(sqlite_database) as door, door.caller() as caller:
        idle = [await raw(door.port, b"\x01\x00"[: number % 3]) for number in range(200)]
        dialling = asyncio.create_task(caller.dial())
        line = await door.leg()
        events = asyncio.create_task(until(line, lambda event: event == Reached("said")))
        await line.play(tone(0.4))
        await line.mark("said")
        await dialling
        assert Reached("said") in await events
        await caller.drop()
        assert loud(caller.heard) == pytest.approx(0.4, abs=0.1)
        monkeypatch.setattr(wires, "MOST_GREETING", 10)
        one_more = await raw(door.port)
        assert await everything(idle[0]) == b""
        for _, writer in [*idle[1:], one_more]:
            writer.transport.abort()
        await door.counted("refused", 100)


async def test_who_says_nothing_is_let_go(sqlite_database: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "GREETING_SECONDS", 0.05)
    async with exchange(sqlite_database) as door:
        assert await everything(await raw(door.port)) == b""
        await door.counted("refused")
        assert door.door._greeting == {}


async def test_closing_the_door_lets_go_of_who_has_not_spoken_yet(sqlite_database: Floor) -> None:
    async with exchange(sqlite_database) as door:
        idle = await raw(door.port)
        async with asyncio.timeout(10):
            while not door.door._greeting:
                await asyncio.sleep(0.01)
    assert await everything(idle) == b""


async def test_an_address_that_is_taken_says_what_to_set(sqlite_database: Floor) -> None:
    async with exchange(sqlite_database) as door:
        book = AccountBook(sqlite_database.db, Vault.generate())
        async with client() as http:
            lines = OpenLines(book, http, lambda name: {"port": str(door.port)} if name == SPEC.name else {})
            with pytest.raises(NeedsOwner, match="AUDIOSOCKET_HOST"):
                async with Wires(lines, book, lambda _: door.board, _nobodys):
                    pass
            await lines.close()


async def _nobodys(token: str) -> str | None:
    return None
