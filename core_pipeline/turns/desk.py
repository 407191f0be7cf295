"""The operator's desk: dead letters, and trying them again from the step that failed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from dbos import DBOSClient, DBOSPortableJSONSerializer

from core_pipeline.history import turns
from core_pipeline.turns.farm import NAME, QUEUE, VERSION, close_engine, engine_for
from errors import Impossible, Retryable
from tenants import audit
from tenants.models import Tenant, Turn, TurnState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.audit import Actor
    from tenants.db import Database

UNDER_WAY = ("PENDING", "ENQUEUED")
ENDING_SECONDS = 10.0


@dataclass(frozen=True)
class DeadLetter:
    """A turn that failed for good."""

    turn_id: str
    tenant: str
    failed_step: str
    cause: str
    died_at: datetime | None


class Desk:
    """Works beside a running installation, from another process too."""

    def __init__(self, db: Database, url: str) -> None:
        self._db = db
        self._engine = engine_for(url)
        self._client = DBOSClient(
            system_database_url=url,
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=NAME,
        )

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Every dead turn of every tenant, newest first."""
        async with self._db.platform() as session:
            found = []
            for turn in await turns.dead(session, limit):
                tenant = await session.get_one(Tenant, turn.tenant_id)
                letter = DeadLetter(turn.id, tenant.slug, turn.failed_step or "", turn.cause or "", turn.finished_at)
                found.append(letter)
        return found

    async def retry(self, actor: Actor, turn_id: str) -> None:
        """Queue a dead turn again from the step that failed; what it had finished is kept.

        Raises `Impossible` for one that is not dead or was forgotten, `Retryable` for one that has only just died.
        """
        async with self._db.platform() as session:
            turn = await session.get(Turn, turn_id)
            if turn is None or turn.state != TurnState.DEAD:
                raise Impossible(
                    "not-dead", "only a dead turn can be tried again; list them with `cli.py dead-letters`"
                )
            conversation_id, step = turn.conversation_id, turn.failed_step or ""
        await self._ended(turn_id)
        await asyncio.to_thread(self._rewind, turn_id, conversation_id, step)
        async with self._db.platform() as session:
            turn = await session.get_one(Turn, turn_id)
            turn.state, turn.failed_step, turn.cause, turn.finished_at = TurnState.RUNNING, None, None, None
            audit.record(session, actor, "letter.retry", turn_id)

    async def forget(self, turn_ids: Sequence[str]) -> None:
        """Delete what the workflow engine keeps of these turns, which are over."""
        if turn_ids:
            await asyncio.to_thread(self._client.delete_workflows, list(turn_ids))

    async def _ended(self, turn_id: str) -> None:
        """Wait for the workflow itself to end: it writes the turn's end a moment before its own."""
        until = monotonic() + ENDING_SECONDS
        while monotonic() < until:
            found = await asyncio.to_thread(self._client.list_workflows, workflow_ids=[turn_id])
            if not found:
                raise Impossible("turn-forgotten", "it is too long ago to be tried again")
            if found[0].status not in UNDER_WAY:
                return
            await asyncio.sleep(0.1)
        raise Retryable("turn-ending", "the turn has only just died: try again in a moment", after=ENDING_SECONDS)

    def _rewind(self, turn_id: str, conversation_id: str, failed_step: str) -> None:
        steps = self._client.list_workflow_steps(turn_id)
        self._client.rewind_workflow(
            turn_id,
            start_step=first_failure(steps, failed_step),
            application_version=VERSION,
            queue_name=QUEUE,
            queue_partition_key=conversation_id,
        )

    def close(self) -> None:
        """Let go of the engine's database."""
        self._client.destroy()
        close_engine(self._engine)


def first_failure(steps: Sequence[Any], failed_step: str) -> int:
    """The id of the first try, in the last run of tries, of the step that failed."""
    start: int | None = None
    for step in steps:
        if step["function_name"] != failed_step:
            continue
        worked = isinstance(step["output"], dict) and "ok" in step["output"]
        if worked:
            start = None
        elif start is None:
            start = int(step["function_id"])
    return start or 1
