"""kill -9 between a colleague's reply and its sending: it is sent all the same, and once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from core_pipeline.contracts.channel import CustomerMessage
from core_pipeline.desk.reception import Draft, Reception
from tenants.blobs import Blobs
from tenants.inbox import Inbox
from tenants.models import Conversation
from tests.desk.counter import MONA
from tests.e2e.running import Town, environment, town
from webhooks.lines import OpenLines

WORDS = "معك منى، كيف أساعدك؟"


async def reply(place: Town) -> None:
    """Hand a reply in as a web process would that dies right after; again with the same nonce, as its page would."""
    settings = place.running.settings
    async with httpx.AsyncClient() as http, Inbox(settings.inbox_url) as inbox:
        lines = OpenLines(place.floor.book, http, lambda _: place.spec.demo.platform)
        async with place.floor.db.platform(reads=True) as session:
            [conversation] = (await session.scalars(select(Conversation))).all()
        desk = Reception(place.floor.db, Blobs(settings.blob_store), inbox, lines)
        for _ in range(2):
            await desk.reply(conversation.tenant_id, MONA, conversation.id, Draft("nonce-of-a-page", WORDS))
        await lines.close()


@pytest.mark.timeout(240)
async def test_a_reply_outlives_its_server(tmp_path: Path) -> None:
    async with town("whatsapp", tmp_path / "var", environment(), burst_seconds=0.0) as place:
        await place.emulator.customer_says(CustomerMessage("201000000001", text="عندكم كنافة؟"))
        await place.emulator.wait_delivery(1, 120)
        assert await place.running.end(signal.SIGKILL) == -signal.SIGKILL
        await reply(place)
        await place.running.start()
        assert await place.running.end(signal.SIGKILL) == -signal.SIGKILL
        await place.running.start()
        await place.emulator.wait_delivery(2, 120)
        await asyncio.sleep(1)
        deliveries = await place.emulator.wait_delivery(2, 1)
    assert [one.text for one in deliveries if one.text == WORDS] == [WORDS]
    assert len(deliveries) == 2
    assert [fault for one in deliveries for fault in one.faults] == []
