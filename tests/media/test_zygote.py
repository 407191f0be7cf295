"""The sandbox as a machine: it survives its own death, serves many at once, and leaves nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.media.link import Link, ZygoteGone
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.media.wire import BROKEN, DONE, REFUSED, Order, Verdict, expected, frame, parse
from errors import Impossible, Retryable, SawtakError
from tests.media.files import FORMATS, long_silence, sample


async def test_the_first_decode_starts_the_zygote() -> None:
    sandbox = Sandbox()
    try:
        assert sandbox.pid is None
        assert (await sandbox.decode(sample("opus-ogg"))).seconds > 1.9
        assert sandbox.pid is not None
    finally:
        await sandbox.close()


async def test_a_killed_zygote_is_replaced() -> None:
    async with Sandbox() as sandbox:
        first = _zygote(sandbox)
        os.kill(first, signal.SIGKILL)
        assert (await sandbox.decode(sample("opus-ogg"))).seconds > 1.9
        assert sandbox.pid not in {None, first}


async def test_a_line_found_dead_before_the_news_of_it_is_replaced() -> None:
    async with Sandbox() as sandbox:
        first = _zygote(sandbox)
        assert sandbox._link is not None
        sandbox._link._control.shutdown(socket.SHUT_WR)
        assert (await sandbox.decode(sample("opus-ogg"))).seconds > 1.9
        assert sandbox.pid not in {None, first}


async def test_a_zygote_killed_half_way_costs_nobody_his_note() -> None:
    async with Sandbox(concurrency=4) as sandbox:
        first = _zygote(sandbox)
        bombs = [asyncio.create_task(sandbox.decode(long_silence(7_200))) for _ in range(4)]
        await _children(first, 4)
        os.kill(first, signal.SIGKILL)
        assert (await sandbox.decode(sample("mp3"))).seconds > 1.9
        for outcome in await asyncio.gather(*bombs, return_exceptions=True):
            assert isinstance(outcome, Impossible)
            assert outcome.code == "media-too-long"
        assert sandbox.pid != first


async def test_a_zygote_that_dies_over_every_file_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(self: Link, order: Order, data: bytes, most: int) -> None:
        raise ZygoteGone

    monkeypatch.setattr(Link, "run", gone)
    async with Sandbox() as sandbox:
        with pytest.raises(Retryable, match="sandbox-down") as error:
            await sandbox.decode(sample("mp3"))
        assert error.value.after > 0


async def test_a_frozen_zygote_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core_pipeline.media.link.GRACE_SECONDS", 0.2)
    async with Sandbox(wall_seconds=1.0) as sandbox:
        first = _zygote(sandbox)
        os.kill(first, signal.SIGSTOP)
        assert (await sandbox.decode(sample("mp3"))).seconds > 1.9
        assert sandbox.pid != first


@pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python"])
async def test_no_zygote_at_all_is_retryable(monkeypatch: pytest.MonkeyPatch, python: str) -> None:
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(Retryable, match="sandbox-down"):
        await Sandbox().decode(sample("mp3"))


async def test_a_zygote_that_never_gets_warm_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core_pipeline.media.link.READY_SECONDS", 0.001)
    before = _list_children(os.getpid())
    with pytest.raises(Retryable, match="sandbox-down"):
        await Sandbox().start()
    assert _list_children(os.getpid()) == before


async def test_a_cancelled_start_leaves_no_zygote() -> None:
    before = _list_children(os.getpid())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await Sandbox().start()
    assert _list_children(os.getpid()) == before


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ((BROKEN, b""), Retryable, "sandbox-down"),
        (Verdict(1, born=False), Retryable, "sandbox-down"),
        (Verdict(1), Impossible, "media-unreadable"),
        (Verdict(1, late=True), Impossible, "media-too-slow"),
        ((REFUSED, b"media-too-long\n"), Impossible, "media-too-long"),
        ((REFUSED, b"give-all-away\nplease"), Impossible, "media-unreadable"),
        ((REFUSED, b"\xff\xfe"), Impossible, "media-unreadable"),
        ((DONE, b""), Impossible, "media-unreadable"),
        ((DONE, b"odd"), Impossible, "media-unreadable"),
    ],
)
async def test_whatever_a_child_says_has_one_meaning(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, bytes] | Verdict, error: type[SawtakError], code: str
) -> None:
    async def say(self: Link, order: Order, data: bytes, most: int) -> tuple[int, bytes] | Verdict:
        return answer

    monkeypatch.setattr(Link, "run", say)
    async with Sandbox() as sandbox:
        for ask in (sandbox.decode, sandbox.probe):
            with pytest.raises(error) as raised:
                await ask(b"a file")
            assert raised.value.code == code


@given(st.binary(max_size=40))
def test_only_a_whole_answer_is_one(noise: bytes) -> None:
    assert parse(frame(DONE, noise)) == (DONE, noise)
    assert parse(frame(DONE, noise)[:-1]) is None
    assert parse(frame(DONE, noise) + b"!") is None
    assert parse(frame(77, noise)) is None
    assert expected(frame(DONE, noise)) == len(frame(DONE, noise))


async def test_the_wall_clock_kills_and_names_it() -> None:
    async with Sandbox(wall_seconds=0.1) as sandbox:
        zygote = _zygote(sandbox)
        with pytest.raises(Impossible, match="media-too-slow"):
            await sandbox.decode(long_silence(7_200))
        assert sandbox.pid == zygote
        assert await _children(zygote, 0) == []


async def test_a_child_killed_from_outside_is_the_files_fault() -> None:
    async with Sandbox() as sandbox:
        task = asyncio.create_task(sandbox.decode(long_silence(7_200)))
        (child,) = await _children(_zygote(sandbox), 1)
        os.kill(child, signal.SIGKILL)
        with pytest.raises(Impossible, match="media-unreadable"):
            await task


async def test_a_cancelled_decode_leaves_no_child() -> None:
    async with Sandbox(concurrency=1) as sandbox:
        task = asyncio.create_task(sandbox.decode(long_silence(7_200)))
        await _children(_zygote(sandbox), 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _children(_zygote(sandbox), 0) == []
        assert (await sandbox.decode(sample("flac"))).seconds > 1.9


async def test_twenty_at_once_and_no_zombies() -> None:
    async with Sandbox() as sandbox:
        names = [*FORMATS, *FORMATS][:20]
        crowd = asyncio.gather(*(sandbox.decode(sample(name)) for name in names))
        most = 0
        while not crowd.done():
            most = max(most, len(_living(_list_children(_zygote(sandbox)))))
            await asyncio.sleep(0.001)
        assert all(pcm.seconds > 1.9 for pcm in await crowd)
        assert 1 <= most <= 8  # two at work; those before them may still be giving back their memory
        assert await _children(_zygote(sandbox), 0) == []


async def test_a_slow_file_does_not_hold_up_the_next() -> None:
    async with Sandbox() as sandbox:
        slow = asyncio.create_task(sandbox.decode(long_silence(7_200)))
        await _children(_zygote(sandbox), 1)
        assert (await sandbox.decode(sample("opus-ogg"))).seconds > 1.9
        assert not slow.done()
        with pytest.raises(Impossible, match="media-too-long"):
            await slow


async def test_closing_ends_the_zygote_and_refuses_more() -> None:
    sandbox = Sandbox()
    await sandbox.start()
    zygote = _zygote(sandbox)
    task = asyncio.create_task(sandbox.decode(long_silence(7_200)))
    (child,) = await _children(zygote, 1)
    await sandbox.close()
    assert not _exists(zygote)
    assert not _exists(child)
    with pytest.raises(Retryable, match="sandbox-down"):
        await task
    with pytest.raises(Retryable, match="closed"):
        await sandbox.decode(sample("mp3"))
    await sandbox.start()
    assert (await sandbox.decode(sample("mp3"))).seconds > 1.9
    await sandbox.close()


def test_the_zygote_dies_with_the_platform() -> None:
    platform = (
        "import asyncio, sys\nfrom core_pipeline.media.sandbox import Sandbox\nasync def main():\n"
        "    sandbox = Sandbox()\n    await sandbox.start()\n    print(sandbox.pid, flush=True)\n"
        "    await asyncio.sleep(60)\nasyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", platform], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        zygote = int(process.stdout.readline())
        assert _is_running(zygote)
        process.kill()
    deadline = time.monotonic() + 5
    while _is_running(zygote) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _is_running(zygote)


def _zygote(sandbox: Sandbox) -> int:
    assert sandbox.pid is not None
    return sandbox.pid


async def _children(zygote: int, count: int) -> list[int]:
    """Return the zygote's children once there are `count` of them, dead or alive."""
    deadline = time.monotonic() + 5
    while len(children := _list_children(zygote)) != count and time.monotonic() < deadline:
        await asyncio.sleep(0.002)
    return children


def _list_children(zygote: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()]


def _living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _is_running(pid)]


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
