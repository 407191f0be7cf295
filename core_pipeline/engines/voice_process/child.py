"""Starts, feeds and ends a process that speaks; knows nothing of what speaks in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from core_pipeline.engines.voice_process.frames import LENGTHS, lengths, pack
from core_pipeline.engines.worker.burial import buried
from errors import Retryable

log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[3]
_GRACE = 2.0
_AGAIN = 0.5

Frame = tuple[dict[str, Any], bytes]


class Child:
    """One running process; it answers one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str) -> Self:
        """Launch `python -m module` without our environment, so that it holds no secret."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PYTHONPATH": str(_ROOT)},
            )
        except OSError as error:
            raise Retryable("voice-process-down", "it could not be launched", after=5.0) from error
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take another request."""
        return self._process.returncode is None

    async def ask(self, request: dict[str, Any], timeout: float) -> AsyncIterator[Frame]:
        """Yield the frames of the answer up to the one that says done or error.

        Raises Retryable when the process ends or stays silent for `timeout` seconds; it is killed then.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._write(pack(request))
            while True:
                async with asyncio.timeout(timeout):
                    frame = await self._read()
                yield frame
                if "done" in frame[0] or "error" in frame[0]:
                    return
        except TimeoutError as error:
            raise await self._lost("voice-process-slow") from error
        except (OSError, EOFError, ValueError) as error:
            raise await self._lost("voice-process-ended") from error

    async def kill(self) -> None:
        """End it at once."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await buried(self._process)

    async def close(self) -> None:
        """Let it end by itself; kill it when it doesn't."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE):
                await buried(self._process)
        except TimeoutError:
            await self.kill()

    async def _write(self, data: bytes) -> None:
        stream = self._process.stdin
        if stream is None:
            raise EOFError
        stream.write(data)
        await stream.drain()

    async def _read(self) -> Frame:
        stream = self._process.stdout
        if stream is None:
            raise EOFError
        header, body = lengths(await stream.readexactly(LENGTHS.size))
        return json.loads(await stream.readexactly(header)), await stream.readexactly(body)

    async def _lost(self, code: str) -> Retryable:
        await self.kill()
        log.warning("%s, exit status %s", code, self._process.returncode)
        return Retryable(code, after=_AGAIN)
