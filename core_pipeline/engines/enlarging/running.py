"""Runs what blocks in a thread, a step at a time, so that whoever leaves waits for one step and no more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker.blocking import stepped

Step = Progress | bytes | None
PIECE = 1 << 20  # bytes of the made file that are handed over together


async def streamed(steps: Generator[Step, None, None]) -> AsyncGenerator[Progress | bytes, None]:
    """Yield what a blocking generator yields, each step taken in a thread of its own.

    It yields None where it may be left as well; its clean-up has run when this stream has been left.
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="upscale")
    try:
        async with aclosing(stepped(thread, steps)) as parts:
            async for part in parts:
                if part is not None:
                    yield part
    finally:
        thread.shutdown(wait=False)


def told(done: int, frames: int) -> Progress:
    """How many of the pictures are done."""
    return Progress("pictures", done, frames)


def cut(data: bytes) -> Iterator[bytes]:
    """Yield a made file in pieces of a size that travels well."""
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
