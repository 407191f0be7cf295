"""One engine of ours in a process of its own: `python -m core_pipeline.engines.worker --kind asr --name demo --uds P`.

Stdin is one line of JSON: {"config", "token", "var", "limits"}, all optional, so that no secret is in arguments or the
environment. Stdout is one line of JSON: {"ready", "about"} once callers can connect, or the {"error"} that
loading ended in. With `--with-parent` the process ends when stdin ends, however the parent died.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import httpx
from pydantic import SecretStr, ValidationError

from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.worker.faults import fault, known
from core_pipeline.engines.worker.jobs import Limits
from core_pipeline.engines.worker.scenes import as_worker
from core_pipeline.engines.worker.server import About, worker_app
from core_pipeline.engines.worker.serving import Listen, serve
from errors import NeedsOwner

_CLOSING_SECONDS = 3.0


class _NoNetwork(httpx.AsyncBaseTransport):
    """Heavy engines work on local weights: whatever they were configured to call, they call nobody."""

    async def handle_async_request(self, request: httpx.Request) -> NoReturn:
        """Refuse."""
        del request
        raise NeedsOwner("no-network", "an engine in a process of its own reaches no network")


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="core_pipeline.engines.worker", description=__doc__)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--folder", default="core_pipeline.engines", help="the package that holds <kind>/<name>")
    parser.add_argument("--uds", type=Path, help="a unix socket to listen at")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--with-parent", action="store_true", help="end when stdin ends")
    return parser.parse_args(given)


async def _work(arguments: argparse.Namespace, order: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    token = SecretStr(order["token"]) if order.get("token") else None
    listen = Listen(arguments.uds, arguments.host, arguments.port, arguments.certificate, arguments.key)
    listen.refuse_open_door(token)
    spec = _spec(arguments)
    config = _config(spec, order.get("config", {}))
    async with httpx.AsyncClient(transport=_NoNetwork()) as http:
        engine = await spec.open(config, Bench(Path(order.get("var", ".")), http))
        languages = tuple(sorted(spec.languages_of(config)))
        about = About(spec.name, "", languages, spec.clones, spec.sample_rate)
        limits = Limits(**{"at_once": spec.at_once, **order.get("limits", {})})
        app = worker_app({spec.kind: as_worker(spec.kind, engine)}, about, token, limits)
        await serve(app, listen, lambda address: say({"ready": address, "about": asdict(about)}))
        async with asyncio.timeout(_CLOSING_SECONDS):
            await engine.close()


def _spec(arguments: argparse.Namespace) -> EngineSpec[Any]:
    try:
        module = import_module(f"{arguments.folder}.{arguments.kind}.{arguments.name}")
    except ModuleNotFoundError as error:
        raise NeedsOwner("unknown-engine", f"{arguments.kind}/{arguments.name}: no module {error.name}") from error
    spec: EngineSpec[Any] = module.SPEC
    return spec


def _config(spec: EngineSpec[Any], given: Any) -> Any:
    try:
        return spec.config.model_validate(given)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) or "configuration" for one in error.errors()}))
        raise NeedsOwner("engine-config", f"{spec.kind} engine {spec.name}: wrong: {wrong}") from None


def _end_with_parent() -> None:
    """Watch stdin in a thread, which loading and computing don't hold up for long; its end is the parent's."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n") and (read := os.read(0, 1)):
        line += read
    return bytes(line)


def main() -> NoReturn:
    """Load, say so, serve, end; whatever libraries print goes to stderr."""
    arguments = _arguments()
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(told: dict[str, Any]) -> None:
        print(json.dumps(told), file=said, flush=True)

    order = json.loads(_line() or b"{}")
    if arguments.with_parent:
        _end_with_parent()
    try:
        asyncio.run(_work(arguments, order, say))
    except BaseException as error:  # noqa: BLE001 - the parent is told of whatever loading ended in
        say({"error": fault(known(error))})
        os._exit(1)
    # Threads in the middle of a computation would hold up an orderly exit.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
