"""Fetches weights from the hub, in a process of its own that ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.weights.place import installed, size_of
from core_pipeline.engines.worker.burial import buried
from errors import NeedsOwner, Retryable

HUB = "https://huggingface.co"
_ROOT = Path(__file__).parents[3]
_PERIOD = 0.5


async def pull(model: str, folder: Path, patterns: Sequence[str], hub: str = HUB) -> AsyncGenerator[Progress]:
    """Fetch the files of `model` that match `patterns` into `folder`, which then holds all of them or does not exist.

    Raises NeedsOwner for an unknown or closed model or a full disk, Retryable when the hub fails; what was fetched
    until then stays for the next time.
    """
    installed(("huggingface_hub",))
    if folder.is_dir():
        yield Progress(model, size_of(folder), size_of(folder))
        return
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    process = await _begun(model, partial, patterns, hub)
    try:
        total = (await _said(process)).get("total", 0)
        async with aclosing(_watched(process, partial)) as watched:
            async for done in watched:
                yield Progress(model, min(done, total), total)
    finally:
        await _ended(process)
    partial.rename(folder)
    yield Progress(model, total, total)


async def _watched(process: asyncio.subprocess.Process, partial: Path) -> AsyncGenerator[int]:
    """Yield the bytes that are there until the process says that it is done."""
    ending = asyncio.ensure_future(_said(process))
    try:
        while not (await asyncio.wait([ending], timeout=_PERIOD))[0]:
            yield size_of(partial)
        await ending
    finally:
        ending.cancel()
        await asyncio.wait([ending])  # until then nobody else may read what the process says


async def _begun(model: str, partial: Path, patterns: Sequence[str], hub: str) -> asyncio.subprocess.Process:
    order = json.dumps({"model": model, "folder": str(partial), "patterns": list(patterns), "hub": hub})
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core_pipeline.engines.weights.child", order, cwd=_ROOT, stdout=asyncio.subprocess.PIPE
    )


async def _said(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the next line of the process; raises what it says went wrong."""
    line = await process.stdout.readline() if process.stdout else b""
    if not line:
        raise Retryable("pull-failed", "the download ended without a word; run it again")
    said: dict[str, Any] = json.loads(line)
    if said.get("owner"):
        raise NeedsOwner("pull-refused", said["owner"])
    if said.get("later"):
        raise Retryable("pull-failed", said["later"])
    return said


async def _ended(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await buried(process)
