"""kill -9 in the middle of the work: everything is answered, in order, and nothing twice."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from core_pipeline.contracts.channel import CustomerMessage, Delivery
from tenants import demo
from tests.e2e.running import Running, Town, environment, town

MESSAGES, CUSTOMERS = 50, 10


async def say_everything(place: Town, messages: int = MESSAGES) -> dict[str, list[str]]:
    """Every customer asks its questions one after the other; return the ids in order."""
    questions = [entry.question for entry in demo.load().entries if entry.language == "ar"]
    asked: dict[str, list[str]] = {}

    async def one(customer: str, numbers: range) -> None:
        for number in numbers:
            message = CustomerMessage(customer, text=questions[number])
            asked.setdefault(customer, []).append(await place.emulator.customer_says(message))

    customers = [f"2010000000{n:02}" for n in range(CUSTOMERS)]
    await asyncio.gather(*(one(c, range(n, messages, CUSTOMERS)) for n, c in enumerate(customers)))
    return asked


@pytest.mark.timeout(300)
async def test_kill_nine_in_the_middle_of_fifty_messages(tmp_path: Path) -> None:
    async with town("whatsapp", tmp_path / "var", environment(), burst_seconds=0.0) as place:
        asking = asyncio.create_task(say_everything(place))
        for so_far in (8, 25):
            await place.emulator.wait_delivery(so_far, 120)
            assert await place.running.end(signal.SIGKILL) == -signal.SIGKILL
            await place.running.start()
        asked = await asking
        deliveries = await all_deliveries(place, MESSAGES)
    assert_once_and_in_order(deliveries, asked)


async def all_deliveries(place: Town, count: int) -> list[Delivery]:
    """What has arrived once `count` have, and whatever comes on top of it."""
    await place.emulator.wait_delivery(count, 180)
    await asyncio.sleep(2)
    found: list[Delivery] = await place.emulator.wait_delivery(count, 1)
    return found


def assert_once_and_in_order(deliveries: list[Delivery], asked: dict[str, list[str]]) -> None:
    answered = Counter(delivery.key for delivery in deliveries)
    assert [key for key, times in answered.items() if times > 1] == []
    assert [fault for delivery in deliveries for fault in delivery.faults] == []
    for customer, ids in asked.items():
        assert [question_of(d.key) for d in deliveries if d.customer == customer] == ids


def question_of(key: str | None) -> str:
    """The customer's message that an answer's key (account:message:form…) belongs to."""
    return (key or "").split(":")[1]


async def test_control_c_stops_cleanly_and_loses_nothing(tmp_path: Path) -> None:
    async with town("telegram", tmp_path / "var", environment(), burst_seconds=1.0) as place:
        await place.emulator.customer_says(CustomerMessage("700000001", text="عندكم كنافة بالقشطة؟"))
        assert await place.running.end(signal.SIGINT) == 0, place.running.log()
        assert "Traceback" not in place.running.log()
        assert "كنافة" not in place.running.log()
        await place.running.start()
        [delivery] = await place.emulator.wait_delivery(1, 60)
        assert delivery.faults == ()


@pytest.mark.timeout(300)
async def test_a_dead_workers_turns_are_adopted_by_another(tmp_path: Path, postgres_url_pair: tuple[str, str]) -> None:
    url, messages = postgres_url_pair[0], 20
    away = town("whatsapp", tmp_path / "var", environment(), command=("serve", "--no-work"), url=url, burst_seconds=0.0)
    async with away as place:
        workers = [Running(place.running.settings, place.running.env, ("worker",)) for _ in range(2)]
        for worker in workers:
            await worker.start()
        try:
            asked = await say_everything(place, messages)
            await place.emulator.wait_delivery(4, 120)
            assert await workers[0].end(signal.SIGKILL) == -signal.SIGKILL
            deliveries = await all_deliveries(place, messages)
        finally:
            for worker in workers:
                await worker.end(signal.SIGTERM)
    assert_once_and_in_order(deliveries, asked)
