"""The command line of a worker that somebody runs on a machine of its own: what `deploy/workers` are made with."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from core_pipeline.engines.worker.jobs import Limits
from core_pipeline.engines.worker.server import About, worker_app
from core_pipeline.engines.worker.serving import Listen, serve
from errors import NeedsOwner, SawtakError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """Engines by kind, and what is to be said of them."""

    engines: Mapping[str, Any]
    about: About


Config = TypeVar("Config", bound=BaseModel)


def run(config: type[Config], load: Callable[[Config], Awaitable[Loaded]], given: Sequence[str] | None = None) -> None:
    """Read the command line and the configuration, load, and serve until SIGTERM; exits with 1 and the reason."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    arguments = _arguments(given)
    try:
        asyncio.run(_work(config, load, arguments))
    except SawtakError as error:
        raise SystemExit(f"{error}") from None


async def _work(
    config: type[Config], load: Callable[[Config], Awaitable[Loaded]], arguments: argparse.Namespace
) -> None:
    token = SecretStr(arguments.token_file.read_text(encoding="utf-8").strip()) if arguments.token_file else None
    listen = Listen(arguments.uds, arguments.host, arguments.port, arguments.certificate, arguments.key)
    listen.refuse_open_door(token)
    loaded = await load(_read(config, arguments.config))
    limits = Limits(arguments.at_once, arguments.waiting, arguments.seconds)
    app = worker_app(loaded.engines, loaded.about, token, limits)
    await serve(app, listen, lambda address: log.info("%s is ready at %s", loaded.about.engine, address))
    for engine in loaded.engines.values():
        await engine.close()
    # A thread in the middle of a computation would hold up an orderly exit.
    os._exit(0)


def _read(config: type[Config], path: Path | None) -> Config:
    try:
        return config.model_validate_json(path.read_bytes() if path else b"{}")
    except OSError as error:
        raise NeedsOwner("engine-config", f"{path} can't be read") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise NeedsOwner("engine-config", wrong) from None


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A worker of Sawtak.")
    parser.add_argument("--config", type=Path, help="a JSON file with the engine's settings")
    parser.add_argument("--token-file", type=Path, help="a file that holds the service token; a TCP port needs one")
    parser.add_argument("--uds", type=Path, help="a unix socket to listen at instead of a TCP port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--certificate", type=Path, help="a PEM file: serve TLS")
    parser.add_argument("--key", type=Path, help="the certificate's key")
    parser.add_argument("--at-once", type=int, default=1, help="requests at work together")
    parser.add_argument("--waiting", type=int, default=16, help="requests that may wait")
    parser.add_argument("--seconds", type=float, default=600.0, help="the longest that a request may take")
    return parser.parse_args(given)
