"""Pulls updates for accounts that have no public address; the other way into the same inbox."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from errors import NeedsOwner, SawtakError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core_pipeline.turns.locks import Lock
    from tenants.accounts import AccountBook
    from tenants.models import ChannelAccount
    from webhooks.lines import OpenLines
    from webhooks.receive import FrontDoor

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
BREATH_SECONDS = 5.0
OWNER_SECONDS = 30.0


class Poller:
    """One task per polled account; on Postgres, an account is polled by one process at a time."""

    def __init__(self, lines: OpenLines, book: AccountBook, front: FrontDoor, lock: Callable[[str], Lock]) -> None:
        self._lines = lines
        self._book = book
        self._front = front
        self._lock = lock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Start and stop pollers as accounts come and go, until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look(self) -> None:
        wanted = {a.id: a for a in await self._book.everyone() if self._polls(a)}
        for gone in self._tasks.keys() - wanted.keys():
            task = self._tasks.pop(gone)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for account_id, account in wanted.items():
            if account_id not in self._tasks:
                self._tasks[account_id] = asyncio.create_task(self._poll(account))

    def _polls(self, account: ChannelAccount) -> bool:
        spec = self._lines.spec(account.channel)
        return spec is not None and spec.limits.polling and account.config.get("mode", "polling") == "polling"

    async def _poll(self, account: ChannelAccount) -> None:
        lock = self._lock(f"poll:{account.id}")
        try:
            while True:
                pause = await self._listen(account) if await lock.take() else BREATH_SECONDS
                await asyncio.sleep(pause)
        finally:
            await lock.free()

    async def _listen(self, account: ChannelAccount) -> float:
        """Store batch after batch; asking for the next one tells the vendor that the last is safe."""
        try:
            line = await self._lines.line(account.id)
            async for events in line.channel.listen():
                await self._front.store(account.channel, events, account.tenant_id)
        except NeedsOwner as error:
            log.error("account %s is not polled: %s", account.id, error)  # noqa: TRY400 - the code says what to do, a traceback does not
            return OWNER_SECONDS
        except SawtakError as error:
            log.warning("polling account %s: %s", account.id, error.code)
        except Exception:
            log.exception("polling account %s broke", account.id)
        return BREATH_SECONDS
