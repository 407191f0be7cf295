"""An emulator as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from core_pipeline.contracts.channel import Emulator, EmulatorSetup

Build = Callable[[EmulatorSetup, Path | None], AbstractAsyncContextManager[Emulator]]


def main(build: Build, demo: EmulatorSetup) -> None:
    """Run the emulator of the demo account until interrupted; the first line on standard output is its url."""
    parser = argparse.ArgumentParser(description="Emulate the vendor's servers for the demo account.")
    parser.add_argument("--port", type=int, default=0, help="0 = any free port")
    parser.add_argument("--webhook", help="where to deliver customers' messages; without it, wait to be polled")
    parser.add_argument("--record", type=Path, help="folder for deliveries.jsonl and media files")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(build, replace(demo, port=given.port, webhook_url=given.webhook), given.record))


async def _run(build: Build, setup: EmulatorSetup, record: Path | None) -> None:
    async with build(setup, record) as emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
