"""A stranger's server cannot make us read, wait or wander more than we want."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from core_pipeline.guard import exchange, fetch, guarded_client
from errors import Impossible, Retryable, SawtakError
from tests.guard.stranger import reply, stranger


async def fetched(answer: bytes, limit: int = 1000, **more: object) -> tuple[int, str, bytes]:
    async with stranger(answer) as server, guarded_client({server.place}) as client:
        found = await fetch(client, server.url, limit=limit, timeout=5.0, **more)  # type: ignore[arg-type]  # `kinds` only
        assert found.url == server.url
        return found.status, found.mime, found.body


async def test_a_page_is_fetched() -> None:
    page = reply(b"<p>", mime="Text/HTML; charset=utf-8")
    assert await fetched(page, kinds={"text/html"}) == (200, "text/html", b"<p>")
    assert await fetched(page, kinds={"text/*"}) == (200, "text/html", b"<p>")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_a_packed_page_is_unpacked(pack: object) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    body = pack(b"hello " * 20)  # type: ignore[operator]  # one of the two above
    assert await fetched(reply(body, Content_Encoding=encoding)) == (200, "text/plain", b"hello " * 20)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(b"x" * 1001), "url-too-large"),
        (reply(b"x", mime="image/png"), "url-kind"),
        (reply(b"x", "404 Not Found"), "url-status"),
        (reply(b"x", "304 Not Modified"), "url-status"),
        (reply(b"x", "429 Too Many Requests"), "url-busy"),
        (reply(b"x", "503 Unavailable"), "url-busy"),
        (reply(b"not gzip", Content_Encoding="gzip"), "url-too-large"),
        (reply(gzip.compress(b"cut off" * 9)[:-9], Content_Encoding="gzip"), "url-too-large"),
        (reply(b"x", Content_Encoding="br"), "url-too-large"),
        (reply(b"", "302 Found", Location="http://169.254.169.254/latest/meta-data/"), "url-forbidden"),
        (reply(b"", "302 Found", Location="file:///etc/passwd"), "url-forbidden"),
        (reply(b"", "302 Found", Location="http://localhost:8080/"), "url-forbidden"),
        (reply(b"", "302 Found", Location="http://[::1"), "url-unreachable"),
        (reply(b"", "302 Found", Location="http://xn--a/"), "url-unreachable"),
        (reply(b"", "302 Found", Location="/again"), "url-redirects"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "url-slow"),
        (b"nonsense\r\n\r\n", "url-unreachable"),
    ],
)
async def test_what_goes_wrong_has_its_name(answer: bytes, code: str) -> None:
    async with stranger(answer) as server, guarded_client({server.place}) as client:
        with pytest.raises(SawtakError) as caught:
            await fetch(client, server.url, limit=1000, timeout=0.3, kinds={"text/plain"})
    assert caught.value.code == code


async def test_a_server_that_is_not_there() -> None:
    async with stranger(reply()) as server:
        place, url = server.place, server.url
    async with guarded_client({place}) as client:
        with pytest.raises(Retryable, match="url-unreachable") as caught:
            await fetch(client, url, limit=1000, timeout=5.0)
    assert not caught.value.landed


async def test_three_redirects_are_followed() -> None:
    async def leading(line: str, writer: asyncio.StreamWriter) -> None:
        step = int(line.split()[1].strip("/") or 0)
        writer.write(reply(b"there") if step == 3 else reply(b"", "307 Temporary Redirect", Location=f"{step + 1}"))

    async with stranger(leading) as server, guarded_client({server.place}) as client:
        found = await fetch(client, server.url, limit=1000, timeout=5.0)
    assert (found.url, found.body) == (f"{server.url}3", b"there")


async def test_a_server_that_drips_is_left_in_time() -> None:
    async def dripping(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with stranger(dripping) as server, guarded_client({server.place}) as client:
        started = asyncio.get_running_loop().time()
        with pytest.raises(Retryable, match="url-slow") as caught:
            await fetch(client, server.url, limit=1000, timeout=0.2)
        assert asyncio.get_running_loop().time() - started < 1.0
    assert not caught.value.landed or caught.value.after > 0


async def test_redirects_share_the_time() -> None:
    async def slow(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(reply(b"", "302 Found", Location="/again"))

    async with stranger(slow) as server, guarded_client({server.place}) as client:
        with pytest.raises(Retryable, match="url-slow"):
            await fetch(client, server.url, limit=1000, timeout=0.2)


async def test_a_packed_bomb_ends_at_the_limit() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    async with stranger(reply(bomb, Content_Encoding="gzip")) as server, guarded_client({server.place}) as client:
        tracemalloc.start()
        try:
            with pytest.raises(Impossible, match="url-too-large"):
                await fetch(client, server.url, limit=1_000_000, timeout=5.0)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


async def test_an_endless_body_ends_at_the_limit() -> None:
    async def endless(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    async with stranger(endless) as server, guarded_client({server.place}) as client:
        with pytest.raises(Impossible, match="url-too-large"):
            await fetch(client, server.url, limit=100_000, timeout=5.0)


async def test_an_exchange_tells_the_status_and_what_fits() -> None:
    async with stranger(reply(b"x" * 50, "409 Conflict")) as server, guarded_client({server.place}) as client:
        answer = await exchange(client, client.build_request("POST", server.url), limit=10, timeout=5.0)
    assert (answer.status, answer.body, answer.whole) == (409, b"x" * 10, False)


async def test_a_request_whose_answer_is_lost_may_have_landed() -> None:
    async def cut(_: str, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with stranger(cut) as server, guarded_client({server.place}) as client:
        with pytest.raises(Retryable, match="url-unreachable") as caught:
            await exchange(client, client.build_request("POST", server.url), limit=10, timeout=5.0)
    assert caught.value.landed
