"""Brings notices to the tenants' systems: any number of processes may run one, on either database."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from core_pipeline.guard import exchange
from core_pipeline.notices import claims
from core_pipeline.notices.pauses import MOST_TRIES, asked_for, pause
from core_pipeline.notices.signing import headers
from core_pipeline.notices.subscriptions import opened
from core_pipeline.notices.telling import purge
from errors import NeedsOwner, Retryable, SawtakError
from tenants.models import Subscription, Tenant, now

if TYPE_CHECKING:
    from core_pipeline.guard import Answered, GuardedClient
    from core_pipeline.notices.claims import Claim
    from tenants.db import Database
    from tenants.vault import Vault

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
TIMEOUT_SECONDS = 10.0
AT_ONCE = 16
IN_A_ROW = 50
# Of each receiver's answer so much is read, and nothing of it is kept.
ANSWER_BYTES = 4096
GONE = 410
# A receiver that fails is left in peace for a moment, however much waits for it: 5 s, 10 s … a minute.
FIRST_REST, LONGEST_REST = 5.0, 60.0
OLDEST = timedelta(days=4)
KEEP_DELIVERED, KEEP_DEAD = timedelta(days=30), timedelta(days=90)
PURGE_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class _Parcel:
    claim: Claim
    url: str
    secret: str
    body: bytes


@dataclass
class _Rest:
    """How long a receiver that failed is left in peace."""

    seconds: float
    until: float


class Courier:
    """Delivers to many subscriptions side by side, to each one after the other; at least once, in loose order."""

    def __init__(
        self, db: Database, vault: Vault, client: GuardedClient, *, poll: float = POLL_SECONDS, at_once: int = AT_ONCE
    ) -> None:
        self._db, self._vault, self._client = db, vault, client
        self._poll, self._at_once = poll, at_once
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._rests: dict[str, _Rest] = {}
        self._bell = asyncio.Event()
        self._purged: datetime | None = None

    def ring(self) -> None:
        """Say that there may be something to deliver, so that it does not wait for the next look."""
        self._bell.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is delivered again later, under the same id."""
        try:
            while True:
                self._bell.clear()
                await self._look()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), self._poll)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def once(self) -> int:
        """Deliver what is due now and return how many subscriptions something was due for."""
        begun = await self._begin()
        await asyncio.gather(*begun)
        return len(begun)

    async def _look(self) -> None:
        try:
            await self._begin()
            await self._tidy()
        except SQLAlchemyError as error:
            log.warning("notices wait: %s", type(error).__name__)

    async def _begin(self) -> list[asyncio.Task[None]]:
        room = self._at_once - len(self._busy)
        if room <= 0:
            return []
        resting = [one for one, rest in self._rests.items() if rest.until > monotonic()]
        async with self._db.platform(reads=True) as session:
            due = await claims.due(session, [*self._busy, *resting], room)
        return [self._started(subscription_id) for subscription_id in due]

    def _started(self, subscription_id: str) -> asyncio.Task[None]:
        task = self._busy[subscription_id] = asyncio.create_task(self._serve(subscription_id))
        task.add_done_callback(lambda done: self._served(subscription_id, done))
        return task

    def _served(self, subscription_id: str, task: asyncio.Task[None]) -> None:
        self._busy.pop(subscription_id, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("notices of subscription %s broke", subscription_id, exc_info=task.exception())
            self._let_rest(subscription_id)

    async def _serve(self, subscription_id: str) -> None:
        """Deliver one after the other until one fails, or nothing is left, or others should have their turn."""
        try:
            for _ in range(IN_A_ROW):
                parcel = await self._next(subscription_id)
                if parcel is None or not await self._delivered(parcel):
                    return
        except SQLAlchemyError as error:
            log.warning("notices of subscription %s wait: %s", subscription_id, type(error).__name__)

    async def _next(self, subscription_id: str) -> _Parcel | None:
        async with self._db.platform() as session:
            subscription = await session.get(Subscription, subscription_id)
            if subscription is None or not subscription.active:
                return None
            claim = await claims.take(session, subscription_id)
            if claim is None:
                return None
            tenant = await session.get_one(Tenant, subscription.tenant_id)
            try:
                secret = opened(self._vault, subscription)
            except NeedsOwner as error:
                await claims.switch_off(session, subscription_id, error.code)
                return None
        return _Parcel(claim, subscription.url, secret, _body(claim, tenant.slug))

    async def _delivered(self, parcel: _Parcel) -> bool:
        notice = parcel.claim.notice
        try:
            answer = await self._posted(parcel)
        except Retryable as error:
            await self._failed(parcel.claim, error.code)
            return False
        except SawtakError as error:
            await self._given_up(parcel.claim, error.code)
            return True
        if 200 <= answer.status < 300:
            self._rests.pop(notice.subscription_id, None)
            async with self._db.platform() as session:
                await claims.delivered(session, parcel.claim)
            return True
        if answer.status == GONE:
            log.warning("subscription %s is gone; it is switched off", notice.subscription_id)
            async with self._db.platform() as session:
                await claims.switch_off(session, notice.subscription_id, f"http-{GONE}")
            return False
        await self._failed(parcel.claim, f"http-{answer.status}", asked_for(answer.headers.get("retry-after")))
        return False

    async def _posted(self, parcel: _Parcel) -> Answered:
        named = headers(parcel.secret, parcel.claim.notice.id, int(time()), parcel.body)
        request = self._client.build_request("POST", parcel.url, content=parcel.body, headers=named)
        return await exchange(self._client, request, limit=ANSWER_BYTES, timeout=TIMEOUT_SECONDS)

    async def _failed(self, claim: Claim, cause: str, asked: timedelta | None = None) -> None:
        tries = claim.notice.attempts + 1
        if tries >= MOST_TRIES or claim.notice.created_at < now() - OLDEST:
            await self._given_up(claim, cause)
        else:
            chance = random.random()  # noqa: S311 - spreads load, keeps no secret
            async with self._db.platform() as session:
                await claims.later(session, claim, pause(tries, chance, asked), cause)
        self._let_rest(claim.notice.subscription_id)
        async with self._db.platform() as session:
            await claims.expire(session, claim.notice.subscription_id, now() - OLDEST, cause)

    async def _given_up(self, claim: Claim, cause: str) -> None:
        log.warning("notice %s is given up after %d tries: %s", claim.notice.id, claim.notice.attempts + 1, cause)
        async with self._db.platform() as session:
            await claims.died(session, claim, cause)

    def _let_rest(self, subscription_id: str) -> None:
        before = self._rests.get(subscription_id)
        seconds = min(before.seconds * 2, LONGEST_REST) if before else FIRST_REST
        self._rests[subscription_id] = _Rest(seconds, monotonic() + seconds)

    async def _tidy(self) -> None:
        if self._purged is None or now() - self._purged > PURGE_EVERY:
            self._purged = now()
            async with self._db.platform() as session:
                await purge(session, self._purged - KEEP_DELIVERED, self._purged - KEEP_DEAD)


def _body(claim: Claim, tenant: str) -> bytes:
    """What is posted: the same bytes at every try."""
    notice = claim.notice
    told = {"id": notice.id, "event": notice.event, "at": notice.created_at.isoformat(), "tenant": tenant}
    return json.dumps({**told, "data": notice.payload}, ensure_ascii=False, separators=(",", ":")).encode()
