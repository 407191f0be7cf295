"""Telegram's two ways in: polling without loss, and the change to a webhook."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from channels.telegram import SPEC
from core_pipeline.contracts.channel import CustomerMessage
from errors import NeedsOwner
from tests.channels.bench import Stage, hooked, load, staged
from tests.channels.telegram_side import asked, emulator_of, waiting

CUSTOMER = SPEC.demo_customer


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(SPEC) as ready:
        yield ready


async def test_updates_are_kept_until_the_next_batch_is_asked_for(stage: Stage) -> None:
    said = [await stage.emulator.customer_says(CustomerMessage(CUSTOMER, text=str(n))) for n in range(3)]
    crashed = stage.channel.listen()
    assert [event.provider_id for event in await anext(crashed)] == said
    assert await waiting(stage) == 3
    again = stage.channel.listen()
    assert [event.provider_id for event in await anext(again)] == said
    later = asyncio.ensure_future(anext(again))
    while await waiting(stage):
        await asyncio.sleep(0.01)
    last = await stage.emulator.customer_says(CustomerMessage(CUSTOMER, text="last"))
    assert [event.provider_id for event in await later] == [last]


async def test_updates_that_want_no_answer_are_passed_over(stage: Stage) -> None:
    emulator = emulator_of(stage)
    for case in ("edited_message", "unknown_update", "blocked_by_user"):
        content = {key: value for key, value in load(SPEC, case).items() if key != "update_id"}
        await emulator.push(CUSTOMER, content)
    said = await emulator.customer_says(CustomerMessage(CUSTOMER, text="hi"))
    [event] = await anext(aiter(stage.channel.listen()))
    assert event.provider_id == said


async def test_listening_survives_failures_of_the_network(stage: Stage) -> None:
    stage.emulator.fail_next("getUpdates", 429, after=1)
    said = await stage.emulator.customer_says(CustomerMessage(CUSTOMER, text="hi"))
    start = time.monotonic()
    [event] = await anext(aiter(stage.channel.listen()))
    assert event.provider_id == said
    assert time.monotonic() - start >= 1


async def test_listening_beside_a_webhook_is_the_owners_matter() -> None:
    async with hooked() as hook, staged(SPEC, webhook=hook.url) as stage:
        with pytest.raises(NeedsOwner) as raised:
            await anext(aiter(stage.channel.listen()))
    assert raised.value.code == "telegram-409"


async def test_a_second_listener_ousts_the_first(stage: Stage) -> None:
    first = asyncio.ensure_future(anext(aiter(stage.channel.listen())))
    while not stage.emulator.calls:
        await asyncio.sleep(0.01)
    second = asyncio.ensure_future(anext(aiter(stage.channel.listen())))
    with pytest.raises(NeedsOwner):
        await first
    said = await stage.emulator.customer_says(CustomerMessage(CUSTOMER, text="hi"))
    assert [event.provider_id for event in await second] == [said]


async def test_updates_wait_for_the_webhook_and_are_then_delivered(stage: Stage) -> None:
    said = await stage.emulator.customer_says(CustomerMessage(CUSTOMER, text="hi"))
    async with hooked() as hook:
        await stage.channel.install(hook.url)
        while await waiting(stage):
            await asyncio.sleep(0.01)
        assert [message.provider_id for message in hook.inbound(stage.channel)] == [said]
    [call] = asked(stage, "setWebhook")
    assert json.loads(call["allowed_updates"]) == ["message", "callback_query", "business_message"]
    assert (call["drop_pending_updates"], call["secret_token"]) == ("false", SPEC.demo.secrets["webhook_secret"])
