"""The door of calls: who proves nothing gets nowhere, a token is good for one call, and silence costs nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the vendor ships no types
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from channels import discover
from channels.phone.config import DEMO_ACCOUNT
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.messages import Inbound, Kind
from errors import Impossible
from tenants.models import Call
from tests.conftest import Floor
from tests.contract.lines import Line, answered, tone
from tests.factories import make_tenant
from webhooks.calls import BODY_LIMIT
from webhooks.simulate import connect_demo

PHONE, WHATSAPP = discover()["phone"], discover()["whatsapp"]
CALL = "CA" + "1" * 32
FROM = "+201000000001"
POLICY_VIOLATION = 1008


@pytest.fixture
async def line(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Line]:
    async with answered(PHONE, sqlite_database, tmp_path) as ready:
        yield ready


class Vendor:
    """Somebody who knows the secret of one account, or believes so."""

    def __init__(
        self, line: Line, account_id: str = "", token: str = "demo-auth-token", sid: str = DEMO_ACCOUNT
    ) -> None:
        self.line, self.sid = line, sid
        self.account_id = account_id or line.account_id
        self._validator = RequestValidator(token)

    def signed(self, url: str, fields: Mapping[str, str]) -> dict[str, str]:
        return {"x-twilio-signature": self._validator.compute_signature(url, fields)}

    async def post(self, event: str, **fields: str) -> httpx.Response:
        url = f"{self.line.base}/calls/phone/{self.account_id}/{event}"
        given = {"CallSid": CALL, "AccountSid": self.sid, "From": FROM, "To": "+12025550142", **fields}
        headers = {**self.signed(url, given), "content-type": "application/x-www-form-urlencoded"}
        async with httpx.AsyncClient(trust_env=False) as http:
            return await http.post(url, content=urlencode(given), headers=headers)

    async def token(self, call_sid: str = CALL) -> str:
        """The token of a call that rings."""
        answer = await self.post("incoming", CallSid=call_sid, CallStatus="ringing")
        [token] = re.findall(r'name="token" value="([0-9a-f]+)"', answer.text)
        return str(token)

    def stream(self) -> connect:
        """A socket as the vendor opens it."""
        url = f"{self.line.base.replace('http', 'ws')}/calls/phone/{self.account_id}/stream"
        return connect(url, additional_headers=self.signed(url, {}), proxy=None)

    async def begin(self, socket: ClientConnection, token: str, call_sid: str = CALL) -> None:
        """Say whose call the socket carries."""
        form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        told = {"accountSid": self.sid, "callSid": call_sid, "mediaFormat": form, "customParameters": {"token": token}}
        await socket.send(json.dumps({"event": "start", "streamSid": "MZ" + call_sid[2:], "start": told}))


async def calls(line: Line) -> list[Call]:
    async with line.floor.db.platform(reads=True) as session:
        return list((await session.scalars(select(Call))).all())


async def cut_off(socket: ClientConnection) -> int:
    """The code with which we end a socket."""
    await asyncio.wait_for(socket.wait_closed(), 10)
    return socket.close_code or 0


async def refused(url: str, headers: Mapping[str, str] | None = None) -> int:
    """The status with which a handshake is turned down."""
    with pytest.raises(InvalidStatus) as found:
        async with connect(url, additional_headers=dict(headers or {}), proxy=None):
            pass
    return found.value.response.status_code


@pytest.mark.parametrize("event", ["incoming", "after", "recording", "status", "stream", "fallback"])
async def test_forged_requests_leave_no_trace(line: Line, event: str) -> None:
    stranger = Vendor(line, token="guessed")
    assert (await stranger.post(event, CallStatus="ringing")).status_code == 403
    other = Vendor(line, sid="AC" + "0" * 32)
    assert (await other.post(event, CallStatus="ringing")).status_code == 403
    async with httpx.AsyncClient(trust_env=False) as http:
        url = f"{line.base}/calls/phone/{line.account_id}/{event}"
        assert (await http.get(url)).status_code == 403
        assert (await http.post(url, content=b"\xff\x00")).status_code == 403
        assert (await http.put(url)).status_code == 405
    assert await calls(line) == []


async def test_forged_handshakes_are_refused_before_they_are_accepted(line: Line) -> None:
    url = f"{line.base.replace('http', 'ws')}/calls/phone/{line.account_id}/stream"
    vendor, stranger = Vendor(line), Vendor(line, token="guessed")
    assert await refused(url) == 403
    assert await refused(url, stranger.signed(url, {})) == 403
    assert await refused(url, vendor.signed(url.replace("stream", "other"), {})) == 403
    assert await refused(url.replace(line.account_id, "nobody"), vendor.signed(url, {})) == 403
    assert not line.parrot.begun.is_set()


async def test_there_are_no_other_doors(line: Line) -> None:
    others = {name: await connect_demo(line.book, spec, line.tenant.id) for name, spec in discover().items()}
    async with httpx.AsyncClient(trust_env=False, base_url=line.base) as http:
        for path in (
            f"pigeon/{line.account_id}/incoming",
            "phone/nobody/incoming",
            f"phone/{others['audiosocket']}/incoming",
            f"audiosocket/{line.account_id}/ring",
            f"telegram/{others['telegram']}/incoming",
            f"web/{others['web']}/offer",
        ):
            assert (await http.post(f"/calls/{path}")).status_code == 404, path
            assert await refused(f"{line.base.replace('http', 'ws')}/calls/{path}") == 403, path
    assert (await Vendor(line).post("dance")).status_code == 404


async def test_a_body_over_the_limit_is_refused(line: Line) -> None:
    assert (await Vendor(line).post("incoming", Long="x" * BODY_LIMIT)).status_code == 413
    assert await calls(line) == []


async def test_a_token_is_good_for_one_socket_of_its_own_call(line: Line) -> None:
    vendor = Vendor(line)
    token = await vendor.token()
    async with vendor.stream() as another:
        await vendor.begin(another, token, "CA" + "2" * 32)
        assert await cut_off(another) == POLICY_VIOLATION
    async with vendor.stream() as first, vendor.stream() as second:
        await vendor.begin(first, token)
        await asyncio.wait_for(line.parrot.begun.wait(), 10)
        await vendor.begin(second, token)
        assert await cut_off(second) == POLICY_VIOLATION
        assert not line.parrot.over.is_set()
    [call] = await calls(line)
    assert (call.provider_id, call.token) == (CALL, None)


async def test_a_token_is_worth_nothing_on_another_account(line: Line) -> None:
    token, sid = await Vendor(line).token(), "AC" + "7" * 32
    theirs = await make_tenant(line.floor.db)
    config = {"account_sid": sid, "number": "+12025550199"}
    account_id = await line.book.connect(theirs.id, "phone", "12025550199", "", config, {"auth_token": "their-own"})
    thief = Vendor(line, account_id, "their-own", sid)
    async with thief.stream() as socket:
        await thief.begin(socket, token)
        assert await cut_off(socket) == POLICY_VIOLATION
    assert not line.parrot.begun.is_set()
    [call] = await calls(line)
    assert call.state == CallState.RINGING


async def test_a_ring_that_is_told_again_is_the_same_call(database: Floor, tmp_path: Path) -> None:
    async with answered(PHONE, database, tmp_path) as line:
        vendor = Vendor(line)
        tokens = await asyncio.gather(*(vendor.token() for _ in range(5)))
        [call] = await calls(line)
        assert call.state == CallState.RINGING
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(vendor.stream()) for _ in tokens]
            for socket, token in zip(sockets, tokens, strict=True):
                await vendor.begin(socket, token)
            await asyncio.wait_for(line.parrot.begun.wait(), 10)
            async with asyncio.timeout(10):
                while sum(socket.close_code == POLICY_VIOLATION for socket in sockets) < len(sockets) - 1:
                    await asyncio.sleep(0.02)
            assert (await vendor.post("incoming", CallStatus="ringing")).status_code == 404
        assert len(await calls(line)) == 1


async def test_a_call_that_comes_twice_by_webhook_is_taken_once(sqlite_database: Floor, tmp_path: Path) -> None:
    async with answered(WHATSAPP, sqlite_database, tmp_path) as line:
        caller: Any = line.caller
        desk, post = caller._desk, caller._desk._post

        async def repeated(customer: str, event: dict[str, Any]) -> None:
            await post(customer, event)
            await post(customer, event)

        desk._post = repeated
        await caller.dial()
        await asyncio.wait_for(line.parrot.begun.wait(), 15)
        [call] = await calls(line)
        assert call.state == CallState.RUNNING
        await line.parrot.play(tone(48_000, 0.3), "heard")
        await line.parrot.until(lambda: line.parrot.marks == ["heard"])
        assert caller.faults == []


async def test_who_rings_in_vain_where_no_message_can_be_left_is_written_to(
    sqlite_database: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core_pipeline.calls.switchroom.MESSAGE_SECONDS", 0.1)
    async with answered(WHATSAPP, sqlite_database, tmp_path, {"most": 0}) as line:
        with pytest.raises(Impossible):
            await line.caller.dial()
        await line.inbox.wait(10)
        [written] = await line.inbox.pending(10)
        assert Inbound.model_validate_json(written.payload).kind == Kind.MISSED_CALL
        [call] = await calls(line)
        assert (call.state, call.reason) == (CallState.MISSED, "busy")


async def test_two_hundred_silent_sockets_disturb_no_call(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.phone.reception.NAME_SECONDS", 3.0)
    vendor = Vendor(line)
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(vendor.stream()) for _ in range(200)]
        await line.caller.dial()
        await asyncio.wait_for(line.parrot.begun.wait(), 10)
        await line.parrot.play(tone(8000, 2.0), "heard")
        await line.parrot.until(lambda: line.parrot.marks == ["heard"])
        assert [await cut_off(socket) for socket in silent] == [POLICY_VIOLATION] * 200
    caller: Any = line.caller
    assert (caller.underruns, caller.faults) == (0, [])
    await line.caller.hang_up()
    await asyncio.wait_for(line.parrot.over.wait(), 10)


async def test_no_more_sockets_wait_than_there_is_room_for(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.calls.MOST_GREETING", 3)
    monkeypatch.setattr("channels.phone.reception.NAME_SECONDS", 1.0)
    vendor = Vendor(line)
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(vendor.stream()) for _ in range(3)]
        with pytest.raises(InvalidStatus):
            await stack.enter_async_context(vendor.stream())
        assert [await cut_off(socket) for socket in silent] == [POLICY_VIOLATION] * 3
    await line.caller.dial()
    await asyncio.wait_for(line.parrot.begun.wait(), 10)
