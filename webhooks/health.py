"""Whether the process lives and whether it can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

UNAVAILABLE = 503


def routes(
    checks: Mapping[str, Callable[[], Awaitable[object]]], counters: Callable[[], Mapping[str, Any]]
) -> list[Route]:
    """`/health` and `/health/live` answer while the process lives; `/health/ready` only when no check raises."""

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> JSONResponse:
        results = {name: await _passes(check) for name, check in checks.items()}
        fine = all(results.values())
        body = {"status": "ready" if fine else "not ready", "checks": results, "counters": dict(counters())}
        return JSONResponse(body, status_code=200 if fine else UNAVAILABLE)

    return [Route("/health", ready), Route("/health/live", live), Route("/health/ready", ready)]


async def _passes(check: Callable[[], Awaitable[object]]) -> bool:
    try:
        await check()
    except Exception:  # noqa: BLE001 - a check that breaks has failed, whatever broke it
        return False
    return True
