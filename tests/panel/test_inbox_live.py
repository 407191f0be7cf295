"""Open pages of the inbox hear of what others do, for as long as somebody is signed in there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tenants.people import signed_in
from tenants.people.roles import Role
from tests.panel.house import Panel
from tests.panel.talks import INBOX, talked
from webhooks.server import listening
from webhooks.simulate import free_port


@asynccontextmanager
async def streamed(panel: Panel, query: str = "") -> AsyncIterator[tuple[asyncio.Queue[dict[str, Any]], str]]:
    """What the live page is told, event by event, and the id of its person."""
    port = free_port()
    person = await panel.person(Role.AGENT)
    async with panel.db.platform() as session:
        token = await signed_in.begin(session, person.id, whole=True)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read() -> None:
        cookies = {"sawtak": token, "sawtak-language": "en"}
        name, address = "", f"http://127.0.0.1:{port}/admin{INBOX}/stream{query}"
        async with httpx.AsyncClient(cookies=cookies, timeout=60) as http, http.stream("GET", address) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                name = line[7:] if line.startswith("event: ") else name
                if line.startswith("retry: "):
                    heard.put_nowait({"name": "begun"})
                if line.startswith("data: "):
                    heard.put_nowait({"name": name, **json.loads(line[6:])})
        heard.put_nowait({"name": "ended"})

    async with listening(panel.web, "127.0.0.1", port):
        task = asyncio.create_task(read())
        try:
            assert (await asyncio.wait_for(heard.get(), 20))["name"] == "begun"
            yield heard, person.id
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def heard_of(heard: asyncio.Queue[dict[str, Any]], conversation_id: str) -> dict[str, Any]:
    """The next news of this conversation."""
    async with asyncio.timeout(20):
        while True:
            event = await heard.get()
            if any(one["id"] == conversation_id for one in event.get("rows", ())):
                return event


async def test_open_pages_hear_of_what_others_do(panel: Panel) -> None:
    conversation = await talked(panel)
    async with streamed(panel, f"?open={conversation.id}") as (heard, _), panel.visitor(Role.AGENT) as agent:
        await agent.post(f"{INBOX}/{conversation.id}/take")
        event = await heard_of(heard, conversation.id)
        while agent.person.name not in event["rows"][0]["html"]:  # it was told as it came before it is told as taken
            event = await heard_of(heard, conversation.id)
        assert "thread" in event
        await agent.post(f"{INBOX}/{conversation.id}/note", {"note": "انتبه"})
        async with asyncio.timeout(20):
            while not any("انتبه" in one["html"] for one in event.get("thread", {}).get("entries", ())):
                event = await heard.get()


async def test_a_stream_ends_with_the_sign_in(small_panel: Panel) -> None:
    async with streamed(small_panel) as (heard, person_id):
        async with small_panel.db.platform() as session:
            await signed_in.end_all(session, person_id)
        async with asyncio.timeout(20):
            while (await heard.get())["name"] != "over":
                pass
            assert (await heard.get())["name"] == "ended"


async def test_a_stream_ends_when_the_server_is_told_to_stop(small_panel: Panel) -> None:
    small_panel.web.state.over = asyncio.Event()
    async with streamed(small_panel) as (heard, _):
        small_panel.web.state.over.set()
        async with asyncio.timeout(1.5):
            while (await heard.get())["name"] != "ended":
                pass
