from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from channels.phone import reception
from channels.phone.adapter import PhoneChannel
from channels.phone.config import DEMO_ACCOUNT
from core_pipeline.contracts.channel import WebhookRequest
from errors import Forged
from tests.channels.bench import client
from tests.channels.phone.house import channel
from tests.channels.phone.paper import PaperBoard, PaperSocket, sign

URL = "wss://sawtak.example/calls/phone/acc1/stream"
CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'


def shake(url: str = URL, signature: str | None = None) -> WebhookRequest:
    given = {"x-twilio-signature": sign(URL, {}) if signature is None else signature}
    return WebhookRequest("GET", {name: value for name, value in given.items() if value}, {}, b"", url)


def begun(token: str, **changed: Any) -> str:
    told = {
        "streamSid": "MZ1",
        "accountSid": DEMO_ACCOUNT,
        "callSid": "CA1",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
        **changed,
    }
    return json.dumps({"event": "start", "streamSid": "MZ1", "start": told})


async def welcomed(socket: PaperSocket, board: PaperBoard, opened: PhoneChannel | None = None) -> Any:
    async with client() as http:
        return await (opened or channel(http)).connect(socket, board)


async def test_a_proven_stream_brings_its_call() -> None:
    board = PaperBoard()
    ticket = board.ticket("CA1")
    socket = PaperSocket(shake(), [CONNECTED, begun(ticket.token)])
    found, leg = await welcomed(socket, board)
    assert (found, leg.sample_rate, socket.accepted, socket.closed) == (ticket, 8000, True, None)


@pytest.mark.parametrize(
    "request_",
    [
        shake(signature=""),
        shake(signature="é"),
        shake(signature=sign(URL, {}, "another")),
        shake("wss://sawtak.example/calls/phone/acc2/stream"),
        shake("wss://elsewhere.example/calls/phone/acc1/stream"),
        shake(f"{URL}?token=token1"),
        shake(signature=sign(URL.replace("wss", "https"), {})),
    ],
)
async def test_who_proves_nothing_is_never_accepted(request_: WebhookRequest) -> None:
    board = PaperBoard()
    ticket = board.ticket("CA1")
    socket = PaperSocket(request_, [CONNECTED, begun(ticket.token)])
    with pytest.raises(Forged):
        await welcomed(socket, board)
    assert (socket.accepted, board.redeemed) == (False, [])


@pytest.mark.parametrize(
    "changed",
    [
        {"accountSid": "AC" + "0" * 32},
        {"callSid": "CA2"},
        {"callSid": ""},
        {"callSid": "CA1/../../Messages"},
        {"mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1}},
        {"mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 8000, "channels": 1}},
        {"mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 2}},
        {"mediaFormat": None},
        {"customParameters": {"token": "guessed"}},
        {"customParameters": []},
        {"streamSid": 'MZ","event":"clear'},
    ],
)
async def test_a_stream_that_is_not_as_agreed_is_closed(changed: dict[str, Any]) -> None:
    board = PaperBoard()
    socket = PaperSocket(shake(), [CONNECTED, begun(**{"token": board.ticket("CA1").token, **changed})], ends=True)
    with pytest.raises(Forged):
        await welcomed(socket, board)
    assert (socket.closed, board.redeemed) == (1008, [])


async def test_a_token_is_good_for_one_stream() -> None:
    board = PaperBoard()
    token = board.ticket("CA1").token
    await welcomed(PaperSocket(shake(), [begun(token)]), board)
    again = PaperSocket(shake(), [begun(token)])
    with pytest.raises(Forged):
        await welcomed(again, board)
    assert again.closed == 1008


@pytest.mark.parametrize(
    "messages",
    [["x" * 70_000], [CONNECTED] * 100, [b"\xff\xfe", "[1]", "{", '"start"'], [], ['{"event":"stop"}']],
)
async def test_who_says_something_else_is_closed(messages: list[str | bytes]) -> None:
    socket = PaperSocket(shake(), messages, ends=True)
    with pytest.raises(Forged):
        await welcomed(socket, PaperBoard())
    assert socket.closed == 1008


async def test_who_says_nothing_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "NAME_SECONDS", 0.05)
    sockets = [PaperSocket(shake(), [CONNECTED]) for _ in range(20)]
    found = await asyncio.gather(*(welcomed(one, PaperBoard()) for one in sockets), return_exceptions=True)
    assert {getattr(one, "code", "") for one in found} == {"stream-silent"}
    assert {one.closed for one in sockets} == {1008}


async def test_a_tokens_failed_check_closes_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    board = PaperBoard()

    async def broken(token: str, provider_id: str | None = None) -> None:
        raise TimeoutError

    monkeypatch.setattr(board, "redeem", broken)
    socket = PaperSocket(shake(), [begun("t")])
    with pytest.raises(TimeoutError):
        await welcomed(socket, board)
    assert socket.closed == 1008
