"""Hearing what a colleague typed before the customer does: as the bot's voice will say it, and nothing is sent."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from core_pipeline.arabic.language import detect
from core_pipeline.desk import duty
from core_pipeline.desk.duty import agent_of
from core_pipeline.desk.reception import LONGEST_TEXT
from core_pipeline.tryout.speaking import OGG, encoded, spoken
from errors import Impossible, Retryable
from tenants.models import Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from core_pipeline.engines.router import For
    from core_pipeline.tryout.tried import Stand
    from tenants.audit import Actor
    from tenants.db import Database

MIME = OGG.mime
# So often a minute may one colleague listen: enough to mend a sentence, too little to have a book read.
MOST, WITHIN = 12, 60.0
MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Rehearsed:
    """The sound as OGG, its seconds, and the language in which it is spoken."""

    sound: bytes
    seconds: float
    language: str


class Pace:
    """How often each colleague has listened of late; for one process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._heard: dict[str, deque[float]] = {}

    def step(self, name: str) -> None:
        """Count once more; `Retryable("listen-wait")` when that is too often, and for how long."""
        at = self._clock()
        if len(self._heard) >= MOST_KNOWN:
            self._heard = {one: times for one, times in self._heard.items() if at - times[-1] < WITHIN}
        times = self._heard.setdefault(name, deque(maxlen=MOST))
        if len(times) == MOST and at - times[0] < WITHIN:
            raise Retryable("listen-wait", "wait before listening again", after=WITHIN - (at - times[0]))
        times.append(at)


_paces: WeakKeyDictionary[Database, Pace] = WeakKeyDictionary()


async def rehearsed(stand: Stand, order: For, by: Actor, conversation_id: str, text: str) -> Rehearsed:
    """How these words of a colleague's will sound to this customer, in the tenant's voice and its pronunciation.

    Raises `Impossible` where there is no such conversation, or nothing that can be spoken, `Retryable("listen-wait")`
    who listens too often, and what engines raise.
    """
    words = text.replace("\0", "").strip()
    if not words:
        raise Impossible("reply-empty", "write something first")
    if len(words) > LONGEST_TEXT:
        raise Impossible("reply-long", f"write at most {LONGEST_TEXT} letters at once")
    async with stand.db.tenant(order.tenant_id, reads=True) as session:
        before = (await duty.found(session, conversation_id)).language
        policy = Policy.model_validate((await session.get_one(Tenant, order.tenant_id)).policy)
    _paces.setdefault(stand.db, Pace()).step(f"{order.tenant_id} {agent_of(by)}")
    # The language as the turn that sends it finds it; in a thread, for mixed text loads a model on its first use.
    language = await asyncio.to_thread(detect, words) or before or policy.language
    parts = await spoken(stand, order, order.tenant_id, policy, words, language)
    sound, seconds = await encoded(stand, order, [one.pcm for _, said in parts for one in said])
    return Rehearsed(sound, seconds, language)
