"""The one HTTP pool that all bots of this process share: a TLS context per bot costs 80 ms and 1.6 MB."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from weakref import WeakKeyDictionary

from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from channels.wild import number, parse, table

# Every polling bot holds one connection for most of the time.
_CONNECTIONS = 1024

_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()


class Flood(TelegramError):
    """The network asks for `after` seconds of silence from this bot."""

    def __init__(self, after: float) -> None:
        super().__init__("Too Many Requests")
        self.after = after


class Pool(HTTPXRequest):
    """Raises `Flood` itself: the library's own error for it warns about its future on every use."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Return status and body of one request; raise `Flood` on 429."""
        status, payload = await super().do_request(*args, **kwargs)
        if status == 429:
            raise Flood(number(table(table(parse(payload)).get("parameters")).get("retry_after")) or 1.0)
        return status, payload


def shared_pool() -> Pool:
    """Return the pool of the running event loop, built on first use."""
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        _quieten()
        pool = _pools[loop] = Pool(_CONNECTIONS, pool_timeout=30.0, connect_timeout=10.0, media_write_timeout=120.0)
    return pool


async def close_pool() -> None:
    """Close the running loop's pool; the next bot to speak opens a new one."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool:
        await pool.shutdown()


def _quieten() -> None:
    # Both write the bot's token: httpx in the URL of its INFO lines, the library in DEBUG lines and dumps.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
