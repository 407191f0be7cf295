"""Starts, watches and ends a worker's process on this machine; it does not outlive us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, SecretStr

from core_pipeline.engines.worker.burial import buried
from core_pipeline.engines.worker.faults import fault_from
from errors import NeedsOwner, Retryable

_ROOT = Path(__file__).resolve().parents[3]
_MODULE = "core_pipeline.engines.worker"
_AGAIN = 1.0


@dataclass(frozen=True)
class Order:
    """Which engine to start and how: `python` runs it, `environment` is all it gets beside our path.

    `folder` is the package that holds <kind>/<name>; `uds` None means any free TCP port; `limits` are fields of Limits.
    """

    kind: str
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    folder: str = "core_pipeline.engines"
    uds: Path | None = None
    token: SecretStr | None = None
    var: Path = Path()
    limits: Mapping[str, Any] = field(default_factory=dict)
    python: Path = Path(sys.executable)
    environment: Mapping[str, str] = field(default_factory=dict)

    def arguments(self) -> list[str]:
        """The command line; it holds no secret."""
        where = ["--uds", str(self.uds)] if self.uds else []
        return [
            *(str(self.python), "-P", "-m", _MODULE, "--with-parent"),
            *("--kind", self.kind, "--name", self.name, "--folder", self.folder, *where),
        ]

    def told(self) -> bytes:
        """What goes to its standard input."""
        told = {"config": dict(self.config), "var": str(self.var.resolve()), "limits": dict(self.limits)}
        if self.token:
            told["token"] = self.token.get_secret_value()
        return json.dumps(told).encode() + b"\n"


def plain(config: BaseModel) -> dict[str, Any]:
    """Return a configuration as JSON with its secrets opened, for the process that is to use them."""
    opened = {name: value.get_secret_value() for name, value in config if isinstance(value, SecretStr)}
    return config.model_dump(mode="json") | opened


class WorkerProcess:
    """One running process of a worker."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._burying = asyncio.Lock()  # several may wait, one reads what it still says

    @classmethod
    async def start(cls, order: Order) -> Self:
        """Launch it; `NeedsOwner` when its Python is not there, Retryable when there is no room for a process."""
        try:
            process = await asyncio.create_subprocess_exec(
                *order.arguments(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PYTHONPATH": str(_ROOT), **order.environment},
            )
        except FileNotFoundError as error:
            raise NeedsOwner("no-python", f"{order.python} is not there: set up the engines' environment") from error
        except OSError as error:
            raise Retryable("worker-down", "it could not be launched", after=_AGAIN) from error
        started = cls(process)
        started._feed(order.told())
        return started

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is still there."""
        return self._process.returncode is None

    async def ready(self, seconds: float) -> str:
        """Return its address once it serves.

        Raises the engine's own error when loading ended in one, Retryable when it died or took too long; it has ended
        then.
        """
        try:
            async with asyncio.timeout(seconds):
                said = await self._said()
        except TimeoutError as error:
            await self.kill()
            raise Retryable("worker-slow", f"loading took more than {seconds:g} seconds", after=_AGAIN) from error
        except asyncio.CancelledError:
            await asyncio.shield(self.kill())
            raise
        if "ready" not in said:
            await self.kill()
            raise fault_from(said["error"])
        return str(said["ready"])

    async def wait(self) -> int:
        """Return its exit status once it has ended and is buried."""
        async with self._burying:
            status = await buried(self._process)
        if self._process.stdin:
            self._process.stdin.close()
        return status

    async def end(self, grace: float) -> None:
        """Ask it to end, kill it after `grace` seconds; it is gone, with its memory, when this returns."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        try:
            async with asyncio.timeout(grace):
                await self.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self.wait()

    def _feed(self, data: bytes) -> None:
        # Its end stays open: when we die the process reads the end of its input and dies, too.
        if self._process.stdin:
            self._process.stdin.write(data)

    async def _said(self) -> dict[str, Any]:
        line = await self._process.stdout.readline() if self._process.stdout else b""
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            await self.kill()
            status = self._process.returncode
            raise Retryable("worker-died", f"it ended with status {status} while loading", after=_AGAIN) from None
        return said
