"""The end of a process that we were listening to."""

from __future__ import annotations

import asyncio

_CHUNK = 1 << 16


async def buried(process: asyncio.subprocess.Process) -> int:
    """Wait until the process has ended, throw away what it still said, and return its exit status.

    `Process.wait` alone also waits for the end of its output, which nobody sees while reading is paused: whoever stops
    listening in the middle of a long answer would wait for ever.
    """
    while process.stdout and await process.stdout.read(_CHUNK):
        pass
    return await process.wait()
