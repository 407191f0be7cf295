"""What only Telegram promises: one shared pool, pace, buttons, business chats."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from channels.telegram import SPEC
from channels.telegram.pace import Limiter, Pace
from channels.telegram.pool import Pool
from core_pipeline.contracts.channel import CustomerMessage, Opening, WebhookRequest
from core_pipeline.contracts.messages import MediaRef, ReplyKind
from errors import Forged, Impossible, NeedsOwner, Retryable
from tests.channels.bench import Stage, client, first_message, hooked, opening, reply_to, staged, voice_note
from tests.channels.telegram_side import asked, emulator_of

CUSTOMER = SPEC.demo_customer


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(SPEC) as ready:
        yield ready


async def test_only_posts_with_the_secret_are_believed(stage: Stage) -> None:
    headers = stage.emulator.sign(b"")
    assert stage.channel.verify(WebhookRequest("POST", headers, {}, b"{}")) is None
    with pytest.raises(Forged):
        stage.channel.verify(WebhookRequest("GET", headers, {}, b""))


@pytest.mark.parametrize("token", ["", "demo-token", "abc:demo-token", "7000000001:", "7000000001:bad token"])
def test_a_malformed_token_has_no_bot(token: str) -> None:
    with pytest.raises(NeedsOwner) as raised:
        SPEC.identify(SPEC.config(), {"bot_token": token})
    assert raised.value.code == "token-malformed"


async def test_a_webhook_needs_a_secret() -> None:
    async with staged(SPEC, secrets={"bot_token": SPEC.demo.secrets["bot_token"]}) as stage:
        with pytest.raises(NeedsOwner):
            await stage.channel.install("https://sawtak.example/hook")


def test_a_chat_takes_a_burst_and_then_one_a_second() -> None:
    pace = Pace(1, burst=3)
    delays = []
    for _ in range(5):
        delays.append(pace.delay(7, now=100.0))
        pace.take(7, now=100.0)
    assert delays == [0, 0, 0, 1, 2]
    assert pace.delay(8, now=100.0) == 0
    assert pace.delay(7, now=200.0) == 0


async def test_many_messages_to_one_chat_are_spread_and_other_chats_go_on() -> None:
    limiter, start = Limiter(), time.monotonic()
    await asyncio.gather(*(limiter.turn(chat) for chat in range(1, 20)))
    assert time.monotonic() - start < 0.5
    await asyncio.gather(*(limiter.turn(1) for _ in range(3)))
    assert time.monotonic() - start >= 0.9


async def test_a_group_that_is_far_over_its_pace_is_put_off() -> None:
    limiter = Limiter()
    turns = [asyncio.ensure_future(limiter.turn(-100)) for _ in range(5 + 11)]
    await asyncio.sleep(0)
    put_off = [turn.exception() for turn in turns if turn.done() and turn.exception()]
    for turn in turns:
        turn.cancel()
    await asyncio.gather(*turns, return_exceptions=True)
    assert all(isinstance(error, Retryable) and error.after > 30 for error in put_off)
    assert len(put_off) == 1


async def test_a_flooded_bot_keeps_silent_as_long_as_it_is_told(stage: Stage) -> None:
    reply = reply_to(await first_message(stage, "text"), ReplyKind.TEXT)
    stage.emulator.fail_next("sendMessage", 429, after=60)
    for _ in range(2):
        with pytest.raises(Retryable) as raised:
            await stage.channel.send(reply)
        assert raised.value.after == pytest.approx(60, abs=2)
        assert not raised.value.landed
    assert stage.emulator.calls == ["sendMessage"]


async def test_all_bots_share_one_pool_and_survive_its_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build = Pool.__init__

    def count(self: Pool, *arguments: Any, **named: Any) -> None:
        built.append(self)
        build(self, *arguments, **named)

    monkeypatch.setattr(Pool, "__init__", count)
    async with staged(SPEC) as stage:
        for number in range(20):
            secrets = {"bot_token": SecretStr(f"{number + 1}:demo-token")}
            platform = SPEC.platform.model_validate({"api_url": stage.emulator.url})
            channel = SPEC.open(Opening(str(number + 1), SPEC.config(), secrets, platform, stage.http))
            with pytest.raises(NeedsOwner):
                await channel.busy({"chat_id": 1}, ReplyKind.TEXT, "1")
        assert len(built) == 1
        assert SPEC.close is not None
        await SPEC.close()
        await stage.channel.send(reply_to(await first_message(stage), ReplyKind.TEXT))
        assert len(built) == 2


def test_one_channel_speaks_in_several_event_loops() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    http = client()
    channel = SPEC.open(opening(SPEC, http, api_url=f"http://127.0.0.1:{port}"))

    async def once() -> int:
        async with SPEC.emulate(replace(SPEC.demo, port=port)) as emulator:
            await channel.busy({"chat_id": 1}, ReplyKind.VOICE, "1")
            assert SPEC.close is not None
            await SPEC.close()
            return len(emulator.calls)

    assert [asyncio.run(once()), asyncio.run(once())] == [1, 1]


async def test_answers_go_to_the_topic_the_business_and_the_quoted_message(stage: Stage) -> None:
    for case in ("forum_topic", "business_message"):
        inbound = await first_message(stage, case)
        await stage.channel.send(reply_to(inbound, ReplyKind.TEXT, reply_to=inbound.provider_id))
        await stage.channel.busy(inbound.address, ReplyKind.VOICE, inbound.provider_id)
    topic, business = asked(stage, "sendMessage")
    assert (topic["message_thread_id"], topic["chat_id"]) == ("42", "-1001234567890")
    assert business["business_connection_id"] == "DEMO-connection"
    assert "parse_mode" not in topic
    quoted = json.loads(topic["reply_parameters"])
    assert quoted == {"message_id": 11, "allow_sending_without_reply": True}
    assert [call["action"] for call in asked(stage, "sendChatAction")] == ["record_voice"] * 2


async def test_a_pressed_button_is_answered_once(stage: Stage) -> None:
    inbound = await first_message(stage, "callback_button")
    for _ in range(2):
        await stage.channel.busy(inbound.address, ReplyKind.VOICE, inbound.provider_id)
    await stage.channel.send(reply_to(inbound, ReplyKind.TEXT))
    assert [call["callback_query_id"] for call in asked(stage, "answerCallbackQuery")] == ["9000000000000000001"]


async def test_a_button_too_old_to_be_answered_does_not_hold_up_the_answer(stage: Stage) -> None:
    inbound = await first_message(stage, "callback_button")
    stage.emulator.fail_next("answerCallbackQuery", 400, text="Bad Request: query is too old")
    await stage.channel.send(reply_to(inbound, ReplyKind.TEXT))
    assert len(stage.emulator.deliveries) == 1


async def test_a_voice_note_carries_its_length(stage: Stage) -> None:
    await stage.channel.send(reply_to(await first_message(stage), ReplyKind.VOICE, seconds=3.4))
    assert [call["duration"] for call in asked(stage, "sendVoice")] == ["3"]
    [delivery] = stage.emulator.deliveries
    assert (delivery.mime, delivery.faults) == ("audio/ogg", ())


async def test_the_emulator_notes_what_is_no_voice_note(stage: Stage) -> None:
    wrong = voice_note(layout="stereo")
    await stage.channel.send(reply_to(await first_message(stage), ReplyKind.VOICE, data=wrong))
    assert stage.emulator.deliveries[0].faults == ("2 channels, not 1",)


@pytest.mark.parametrize(
    ("answer", "code"),
    [(b'{"ok":true,"result":{}}', "telegram-answer"), (b"<html>", "telegram-unreachable")],
)
async def test_an_answer_that_cannot_be_read_may_have_landed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, answer: bytes, code: str
) -> None:
    async def do_request(*_: Any, **__: Any) -> tuple[int, bytes]:
        return 200, answer

    reply = reply_to(await first_message(stage), ReplyKind.TEXT)
    monkeypatch.setattr(Pool, "do_request", do_request)
    with pytest.raises(Retryable) as raised:
        await stage.channel.send(reply)
    assert (raised.value.code, raised.value.landed) == (code, True)


@pytest.mark.parametrize("path", ["/var/lib/file.oga", __file__, "../../getMe", "", "https://evil.example/x/../y"])
async def test_files_are_fetched_from_the_vendors_file_address_only(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def do_request(*_: Any, **__: Any) -> tuple[int, bytes]:
        file = {"file_id": "1", "file_unique_id": "1", "file_path": path}
        return 200, json.dumps({"ok": True, "result": file}).encode()

    monkeypatch.setattr(Pool, "do_request", do_request)
    with pytest.raises(Impossible) as refused:
        [chunk async for chunk in stage.channel.fetch(MediaRef(id="1"))]
    assert refused.value.code == "media-path"


@pytest.mark.parametrize(
    ("status", "error"), [(401, NeedsOwner), (404, Impossible), (429, Retryable), (500, Retryable)]
)
async def test_a_refused_download_says_what_to_do(status: int, error: type[Exception]) -> None:
    async with hooked() as hook, staged(SPEC, webhook=hook.url) as stage:
        await stage.emulator.customer_says(CustomerMessage(CUSTOMER, data=b"OggS", mime="audio/ogg"))
        [inbound] = hook.inbound(stage.channel)
        assert inbound.media is not None
        stage.emulator.fail_next("download", status)
        with pytest.raises(error):
            [chunk async for chunk in stage.channel.fetch(inbound.media)]


async def test_a_lost_download_can_be_repeated(stage: Stage) -> None:
    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("lost", request=request)

    emulator_of(stage).api.files["1"] = b"OggS"
    http = httpx.AsyncClient(transport=httpx.MockTransport(lose))
    channel = SPEC.open(opening(SPEC, http, api_url=stage.emulator.url))
    with pytest.raises(Retryable):
        [chunk async for chunk in channel.fetch(MediaRef(id="1"))]
