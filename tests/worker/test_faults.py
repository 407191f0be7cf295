"""Workers that die, lie, fall silent or are none: always an error that says what to do, never a hang."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.worker.client import RemoteAsr, RemoteTts
from core_pipeline.engines.worker.frames import Frame, Type, unpacked
from core_pipeline.engines.worker.line import Line, Patience
from core_pipeline.engines.worker.pool import Pool
from core_pipeline.engines.worker.server import worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.worker.conftest import PATIENCE, TOKEN, puppet_process
from tests.worker.liar import CHUNKED, UNTIL_CLOSED, liar
from tests.worker.puppet import Config, load

SHORT = Patience(connect=1, silence=0.2, whole=1)
PART = Frame(Type.PART, {"sample_rate": 8000}, bytes(100)).pack()
END = Frame(Type.END).pack()
DEAD = "http://127.0.0.1:1"


async def speak(line: Line, text: str = "x") -> int:
    return len([part async for part in RemoteTts(line).speak(Saying(text, "ar"))])


async def split(data: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        yield data[start:end]


@given(
    st.lists(st.tuples(st.dictionaries(st.text(), st.text() | st.integers()), st.binary()), max_size=5),
    st.lists(st.integers(0), max_size=20),
)
def test_frames_survive_any_cutting(told: list[tuple[dict[str, object], bytes]], cuts: list[int]) -> None:
    frames = [Frame(Type.PART, header, body) for header, body in told]
    data = b"".join(frame.pack() for frame in frames) + END

    async def read() -> list[Frame]:
        return [frame async for frame in unpacked(split(data, cuts))]

    assert asyncio.run(read()) == frames


@given(st.binary(max_size=60), st.lists(st.integers(0), max_size=5))
def test_garbage_is_an_error_of_ours(data: bytes, cuts: list[int]) -> None:
    async def read() -> None:
        async for _ in unpacked(split(data, cuts)):
            pass

    if not data.startswith(END[:2]):
        with pytest.raises(SawtakError):
            asyncio.run(read())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (UNTIL_CLOSED + PART, "half-sent"),
        (UNTIL_CLOSED + PART + END[:-1], "half-sent"),
        (UNTIL_CLOSED, "half-sent"),
        (CHUNKED + b"72\r\n" + PART[:20], "half-sent"),
        (b"", "half-sent"),
        (UNTIL_CLOSED + b"\x01\x09" + bytes(8) + END, "worker-garbled"),
        (UNTIL_CLOSED + b"\x01\x01\xff\xff\xff\xff" + bytes(4), "worker-garbled"),
        (UNTIL_CLOSED + Frame(Type.PART, {}, b"123").pack() + END, "worker-garbled"),
        (UNTIL_CLOSED + Frame(Type.PART, {"sample_rate": 0}, b"").pack() + END, "worker-garbled"),
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 4\r\n\r\nOops", "worker-down"),
        (b"HTTP/1.1 429 Slow\r\ncontent-length: 2\r\n\r\n{}", "worker-down"),
    ],
)
async def test_what_breaks_off_or_makes_no_sense_is_tried_again(answer: bytes, error: str) -> None:
    async with httpx.AsyncClient() as http, liar(answer) as url:
        with pytest.raises(Retryable, match=error):
            await speak(Line(http, url, patience=SHORT))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (UNTIL_CLOSED + b"\x02" + PART[1:], "worker-version"),
        (b"HTTP/1.1 404 No\r\ncontent-length: 6\r\n\r\n<html>", "no-worker"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", "no-worker"),
        (b"HTTP/1.1 302 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "no-worker"),
    ],
)
async def test_what_is_no_worker_of_this_version_is_for_the_owner(answer: bytes, error: str) -> None:
    async with httpx.AsyncClient() as http, liar(answer) as url:
        with pytest.raises(NeedsOwner, match=error):
            await speak(Line(http, url, patience=SHORT))


@pytest.mark.parametrize("answer", [b"", UNTIL_CLOSED, UNTIL_CLOSED + PART])
async def test_silence_is_not_waited_for_forever(answer: bytes) -> None:
    async with httpx.AsyncClient() as http, liar(answer, silent=True) as url:
        with pytest.raises(Retryable, match="worker-slow"):
            await speak(Line(http, url, patience=SHORT))


async def test_nobody_there_is_retryable_and_a_wrong_address_the_owners() -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(Retryable, match="worker-down"):
            await speak(Line(http, DEAD, patience=SHORT))
        with pytest.raises(NeedsOwner, match="worker-address"):
            await speak(Line(http, "unix:/tmp/x", patience=SHORT))


async def test_a_worker_killed_in_the_middle_of_a_saying(tmp_path: Path) -> None:
    with puppet_process(tmp_path) as (address, _, process):
        async with httpx.AsyncClient() as http:
            line = Line(http, address, TOKEN, PATIENCE)
            async with aclosing(RemoteTts(line).speak(Saying("parts 1000 0.02", "ar"))) as parts:
                await anext(parts)
                os.kill(process.pid, signal.SIGKILL)
                with pytest.raises(Retryable, match="half-sent"):
                    async for _ in parts:
                        pass
            process.wait(5)
            with pytest.raises(Retryable, match="worker-down"):
                await line.health()


async def test_a_worker_told_to_end_closes_its_engine(tmp_path: Path) -> None:
    with puppet_process(tmp_path) as (address, notes, process):
        async with httpx.AsyncClient() as http:
            assert await speak(Line(http, address, TOKEN, PATIENCE), "parts 1 0") == 1
        process.terminate()
        assert process.wait(5) == 0
        assert notes.read_text(encoding="utf-8").endswith("closed\n")


async def test_a_unix_socket_goes_without_a_token_and_a_port_does_not(tmp_path: Path) -> None:
    loaded = await load(Config(notes=tmp_path / "notes"))
    app = worker_app(loaded.engines, loaded.about)
    transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "s"))
    async with serving(app, Listen(uds=tmp_path / "s")), httpx.AsyncClient(transport=transport) as http:
        assert await speak(Line(http, "http://worker", patience=SHORT), "parts 1 0") == 1
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
    async with serving(app, Listen()) as served, httpx.AsyncClient() as http:
        with pytest.raises(NeedsOwner, match="worker-token"):
            await speak(Line(http, served.address, patience=SHORT))
    for token in (None, SecretStr("")):
        with pytest.raises(NeedsOwner, match="worker-token"):
            Listen().refuse_open_door(token)


async def test_a_pool_goes_over_to_the_next_and_lets_the_dead_one_rest(tmp_path: Path) -> None:
    with puppet_process(tmp_path) as (address, notes, _):
        tried: list[str] = []
        async with httpx.AsyncClient(event_hooks={"request": [noting(tried)]}) as http:
            pool = Pool.of(http, [DEAD, address + "/"], TOKEN, PATIENCE)
            for _ in range(4):
                parts = pool.stream(lambda line: RemoteTts(line).speak(Saying("parts 2 0", "ar")))
                assert len([part async for part in parts]) == 2
                heard = await pool.call(lambda line: RemoteAsr(line).transcribe(Pcm(bytes(4), 8000)))
                assert heard.text == "4 8000"
            assert tried.count("127.0.0.1:1") == 1
            await pool.check("tts", frozenset({"ar"}))
            with pytest.raises(NeedsOwner, match="worker-language"):
                await pool.check("tts", frozenset({"fr"}))
            with pytest.raises(Retryable, match="worker-down"):
                await pool.each(lambda line: line.forget("c1"))
            assert "forgot c1" in notes.read_text(encoding="utf-8")


def noting(tried: list[str]):  # type: ignore[no-untyped-def]  # a hook as httpx wants it
    async def note(request: httpx.Request) -> None:
        tried.append(request.url.netloc.decode())

    return note


async def test_a_pool_does_not_begin_again_what_was_begun() -> None:
    async with httpx.AsyncClient() as http, liar(UNTIL_CLOSED + PART) as one, liar(UNTIL_CLOSED + PART + END) as other:
        pool = Pool.of(http, [one, other], SecretStr(""), SHORT)
        parts = pool.stream(lambda line: RemoteTts(line).speak(Saying("x", "ar")))
        async with aclosing(parts):
            await anext(parts)
            with pytest.raises(Retryable, match="half-sent"):
                await anext(parts)
        assert [len([p async for p in pool.stream(lambda line: RemoteTts(line).speak(Saying("x", "ar")))])] == [1]


async def test_a_pool_whose_workers_all_fail_says_why_and_tries_again_at_once() -> None:
    async with httpx.AsyncClient() as http:
        pool = Pool.of(http, [DEAD], SecretStr(""), SHORT)
        for _ in range(2):
            with pytest.raises(Retryable, match="worker-down"):
                await pool.call(lambda line: RemoteAsr(line).transcribe(Pcm(b"", 8000)))
        with pytest.raises(NeedsOwner, match="set the address"):
            Pool.of(http, [], SecretStr(""), SHORT)


async def test_what_is_impossible_is_not_tried_elsewhere(tmp_path: Path) -> None:
    with puppet_process(tmp_path) as (address, _, _):
        async with httpx.AsyncClient() as http:
            pool = Pool.of(http, [address, DEAD], TOKEN, PATIENCE)
            parts = pool.stream(lambda line: RemoteTts(line).speak(Saying("raise impossible", "ar")))
            with pytest.raises(Impossible, match="too-long"):
                [part async for part in parts]
