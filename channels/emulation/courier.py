"""Webhook calls: in order for one customer, at once for different ones, repeated until they are accepted."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import httpx

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class Courier:
    """Delivers to whatever url is set at the time of each try, for at most `patience` seconds per event."""

    def __init__(self, accepts: Callable[[int], bool], patience: float) -> None:
        self._accepts = accepts
        self._patience = patience
        # Webhooks of an emulator lie on this machine: the system's certificates would only cost 40 ms.
        self._http = httpx.AsyncClient(timeout=10.0, trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._lanes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._later: set[asyncio.Task[None]] = set()

    async def deliver(self, lane: str, url: Callable[[], str | None], body: bytes, headers: Mapping[str, str]) -> None:
        """Return once the event is accepted, or dropped for want of a url; raise TimeoutError when out of patience."""
        async with self._lanes[lane], asyncio.timeout(self._patience):
            pause = _FIRST_PAUSE
            while (target := url()) and not await self._accepted(target, body, headers):
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE, 2 * pause)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else until the courier is closed."""
        task = asyncio.create_task(_quietly(work))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def get(self, url: str, params: Mapping[str, str]) -> httpx.Response:
        """Ask a webhook for its handshake."""
        return await self._http.get(url, params=params)

    async def close(self) -> None:
        """Stop everything that is still under way."""
        running = list(self._later)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._http.aclose()

    async def _accepted(self, url: str, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            answer = await self._http.post(url, content=body, headers={"content-type": "application/json", **headers})
        except httpx.HTTPError:
            return False
        return self._accepts(answer.status_code)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except TimeoutError:
        # A vendor drops an event, too, that nobody accepts.
        return
