"""A process that is told to end in the middle of a long answer is buried, and the next one answers."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing

from core_pipeline.engines.voice_process.child import Child
from core_pipeline.engines.worker.burial import buried
from core_pipeline.engines.worker.process import WorkerProcess

SECONDS = 10.0
SHOUT = "import sys, time; sys.stdout.write('x' * 4_000_000); sys.stdout.flush(); time.sleep(60)"


async def shouting() -> asyncio.subprocess.Process:
    """A process of whose words so many lie unread that reading is paused."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", SHOUT, stdout=asyncio.subprocess.PIPE, limit=1024)


async def heard(process: asyncio.subprocess.Process) -> None:
    assert process.stdout
    await process.stdout.readexactly(1)


async def test_nobody_waits_for_what_is_left_unread() -> None:
    process = await shouting()
    await heard(process)
    process.kill()
    async with asyncio.timeout(SECONDS):
        assert await buried(process) < 0


async def test_a_voice_that_is_left_in_the_middle_of_a_long_answer_is_killed() -> None:
    child = await Child.start("tests.engines.chatty")
    async with aclosing(child.ask({}, SECONDS)) as frames:  # type: ignore[type-var]
        header, body = await anext(frames)
        assert (header["sample_rate"], len(body)) == (16_000, 2)
        await asyncio.sleep(0.5)  # the long one fills every buffer on the way
    async with asyncio.timeout(SECONDS):
        await child.kill()
    assert not child.alive


async def test_two_may_wait_for_a_worker_that_shouts() -> None:
    worker = WorkerProcess(await shouting())
    waiting = asyncio.create_task(worker.wait())
    await asyncio.sleep(0.2)
    async with asyncio.timeout(SECONDS):
        await worker.kill()
        assert await waiting < 0
