"""One engine of ours in a process of its own, started from its folder's name."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.worker.client import RemoteTts
from core_pipeline.engines.worker.line import Line, Patience
from core_pipeline.engines.worker.process import Order, WorkerProcess, plain
from errors import NeedsOwner, Retryable, SawtakError

ESPEAK = Order("tts", "espeak")
SHY = replace(ESPEAK, token=SecretStr("t"))
SECONDS = 30.0


@asynccontextmanager
async def started(order: Order) -> AsyncIterator[WorkerProcess]:
    process = await WorkerProcess.start(order)
    try:
        yield process
    finally:
        await process.kill()
    assert not process.alive


async def test_it_speaks_by_a_unix_socket(tmp_path: Path) -> None:
    order = replace(ESPEAK, uds=tmp_path / "s", config={"words_per_minute": 200})
    transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "s"))
    async with started(order) as process, httpx.AsyncClient(transport=transport) as http:
        assert await process.ready(SECONDS) == str(tmp_path / "s")
        line = Line(http, "http://worker", patience=Patience(2, 10, 20))
        assert [part async for part in RemoteTts(line).speak(Saying("نعم", "ar"))]
        with pytest.raises(NeedsOwner, match="unknown-voice"):
            [part async for part in RemoteTts(line).speak(Saying("نعم", "ar", voice="ar+nobody"))]
        await process.end(5)
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("order", "error", "says"),
    [
        (replace(SHY, name="nobody"), NeedsOwner, "unknown-engine"),
        (replace(SHY, config={"words_per_minute": "fast"}), NeedsOwner, r"engine-config.*words_per_minute"),
        (replace(SHY, config={"colour": 1}), NeedsOwner, r"engine-config.*colour"),
        (ESPEAK, NeedsOwner, "worker-token"),
        (replace(ESPEAK, uds=Path("/nowhere/at/all")), NeedsOwner, "worker-address"),
        (replace(SHY, folder="tests.worker.engines", name="mute"), NeedsOwner, "no-weights"),
        (replace(SHY, folder="tests.worker.engines", name="dying"), Retryable, "worker-died"),
    ],
)
async def test_why_it_could_not_begin_is_told(order: Order, error: type[SawtakError], says: str) -> None:
    async with started(order) as process:
        with pytest.raises(error, match=says):
            await process.ready(SECONDS)
        assert not process.alive


async def test_loading_that_takes_too_long_is_ended() -> None:
    async with started(SHY) as process:
        with pytest.raises(Retryable, match="worker-slow"):
            await process.ready(0.01)
        assert not process.alive


async def test_a_python_that_is_not_there_is_the_owners() -> None:
    with pytest.raises(NeedsOwner, match="no-python"):
        await WorkerProcess.start(replace(ESPEAK, python=Path("/nowhere/python")))


async def test_secrets_are_neither_in_arguments_nor_in_the_environment(tmp_path: Path) -> None:
    secret = "a-very-secret-token"
    async with started(replace(ESPEAK, token=SecretStr(secret), environment={"LANG": "C"})) as process:
        await process.ready(SECONDS)
        seen = Path(f"/proc/{process.pid}/cmdline").read_bytes() + Path(f"/proc/{process.pid}/environ").read_bytes()
        assert secret.encode() not in seen
        names = {line.partition(b"=")[0] for line in seen.split(b"\0") if line.isascii() and b"=" in line}
        assert names <= {b"LANG", b"PYTHONPATH", b"LC_CTYPE"}


async def test_it_ends_when_its_parent_is_killed() -> None:
    code = (
        "import asyncio, os\n"
        "from pydantic import SecretStr\n"
        "from core_pipeline.engines.worker.process import Order, WorkerProcess\n"
        "async def main():\n"
        "    process = await WorkerProcess.start(Order('tts', 'espeak', token=SecretStr('t')))\n"
        "    await process.ready(30)\n"
        "    print(process.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=root, stdout=asyncio.subprocess.PIPE)
    said, _ = await parent.communicate()
    child = Path(f"/proc/{int(said)}")
    async with asyncio.timeout(5):
        while child.exists() and "\nState:\tZ" not in (child / "status").read_text(encoding="ascii"):
            await asyncio.sleep(0.01)


class Keys(BaseModel):
    url: str = "u"
    key: SecretStr = SecretStr("k")


def test_a_configuration_travels_with_its_secrets_opened() -> None:
    assert plain(Keys()) == {"url": "u", "key": "k"}
