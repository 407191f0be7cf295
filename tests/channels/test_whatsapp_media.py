"""Customers' files on WhatsApp: which hosts see the token, how much is read, what runs out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from channels.whatsapp import SPEC
from channels.whatsapp.emulator import WhatsAppEmulator
from core_pipeline.contracts.channel import Channel, CustomerMessage
from core_pipeline.contracts.messages import MediaRef
from errors import Impossible, NeedsOwner, Retryable
from tests.channels.bench import Stage, hooked, staged
from tests.channels.wire import channel_on, resolved, streamed


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(SPEC) as ready:
        yield ready


def emulator_of(stage: Stage) -> WhatsAppEmulator:
    assert isinstance(stage.emulator, WhatsAppEmulator)
    return stage.emulator


async def test_a_url_that_ran_out_is_resolved_once_more(stage: Stage) -> None:
    shelf = emulator_of(stage).shelf
    async with hooked() as hook, staged(SPEC, webhook=hook.url) as there:
        await there.emulator.customer_says(CustomerMessage("201000000001", data=b"OggS" * 10, mime="audio/ogg"))
        [inbound] = hook.inbound(there.channel)
        assert inbound.media is not None
        there.emulator.fail_next("download", 404)
        assert b"".join([chunk async for chunk in there.channel.fetch(inbound.media)]) == b"OggS" * 10
        there.emulator.fail_next("download", 404, times=2)
        with pytest.raises(Impossible) as gone:
            [chunk async for chunk in there.channel.fetch(inbound.media)]
    assert gone.value.code == "media-gone"
    assert there.emulator.calls.count("resolve") == 4
    assert shelf.redeem("nothing") is None


async def test_urls_run_out_at_the_emulator(stage: Stage) -> None:
    shelf = emulator_of(stage).shelf
    ticket = shelf.ticket("1")
    shelf.expire_urls()
    assert shelf.redeem(ticket) is None


async def fetched(channel: Channel) -> bytes:
    return b"".join([chunk async for chunk in channel.fetch(MediaRef(id="1"))])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file",
        "http://lookaside.fbsbx.com/file",
        "https://lookaside.fbsbx.com:444/file",
        "https://lookaside.fbsbx.com.evil.example/file",
        "https://lookaside.fbsbx.com@evil.example/file",
        "https://user:pass@lookaside.fbsbx.com/file",
        "//lookaside.fbsbx.com/file",
        "file:///etc/passwd",
        "http://127.0.0.1/file",
        "https://[::1",
        "",
    ],
)
async def test_the_token_goes_to_no_other_host(url: str) -> None:
    channel, sent = channel_on(lambda _: resolved(url))
    with pytest.raises(Impossible) as refused:
        await fetched(channel)
    assert refused.value.code == "media-host"
    assert [request.url.host for request in sent] == ["graph.facebook.com"]


async def test_a_file_is_fetched_from_the_vendors_host_with_the_token() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            return resolved("https://lookaside.fbsbx.com/file?x=1", file_size="4")
        return httpx.Response(200, content=streamed(b"OggS"))

    channel, sent = channel_on(answer)
    assert await fetched(channel) == b"OggS"
    assert {request.headers["authorization"] for request in sent} == {"Bearer demo-token"}
    assert sent[0].url.params["phone_number_id"] == SPEC.demo.external_id


async def test_redirects_are_not_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            return resolved("https://lookaside.fbsbx.com/file")
        return httpx.Response(302, headers={"location": "https://evil.example/"})

    channel, sent = channel_on(answer)
    with pytest.raises(Impossible):
        await fetched(channel)
    assert {request.url.host for request in sent} == {"graph.facebook.com", "lookaside.fbsbx.com"}


@pytest.mark.parametrize("told", ["file_size", "content-length", "nothing"])
async def test_the_cap_holds_whatever_the_vendor_tells(told: str) -> None:
    size = SPEC.limits.fetch_bytes + 1

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            known = {"file_size": str(size)} if told == "file_size" else {}
            return resolved("https://lookaside.fbsbx.com/file", **known)
        headers = {"content-length": str(size)} if told == "content-length" else {}
        return httpx.Response(200, headers=headers, content=streamed(*[bytes(65536)] * (size // 65536 + 1)))

    channel, sent = channel_on(answer)
    with pytest.raises(Impossible) as refused:
        await fetched(channel)
    assert refused.value.code == "media-too-large"
    assert len(sent) == (1 if told == "file_size" else 2)


@pytest.mark.parametrize(
    ("status", "error"), [(401, NeedsOwner), (403, NeedsOwner), (429, Retryable), (500, Retryable), (410, Impossible)]
)
async def test_a_refused_download_says_what_to_do(status: int, error: type[Exception]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            return resolved("https://lookaside.fbsbx.com/file")
        return httpx.Response(status)

    with pytest.raises(error):
        await fetched(channel_on(answer)[0])
