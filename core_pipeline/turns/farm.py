"""The workflow engine's life: launch, queue, recovery of dead workers' turns, clean stop."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from core_pipeline.history import turns
from core_pipeline.turns.flow import WORKFLOW, Flow, Tries
from core_pipeline.turns.locks import lock_for
from errors import NeedsOwner

if TYPE_CHECKING:
    from core_pipeline.turns.deps import Deps

log = logging.getLogger(__name__)

QUEUE = "turns"
# Fixed: by default the engine hashes the source, and after an update the waiting turns would never run.
VERSION = "1"
NAME = "sawtak"
POLL_SECONDS = 0.05
WATCH_SECONDS = 2.0
SWEEP_EVERY = 15
STALE = timedelta(minutes=1)
LOST = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"]
FORGET_BATCH = 1000
DRAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Job:
    """One message to be answered: the workflow's id, its arguments and its place in the conversation's queue."""

    turn_id: str
    tenant_id: str
    conversation_id: str
    account_id: str
    message_id: int
    priority: int


def engine_for(url: str) -> sa.Engine:
    """The engine on which the workflow library keeps its checkpoints, with the settings it needs."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=20, max_overflow=0, pool_pre_ping=True)
    engine = sa.create_engine(url, pool_size=8, max_overflow=0, connect_args={"check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def close_engine(engine: sa.Engine) -> None:
    """Close every connection; those that threads of the library still have out are closed when they bring them back."""
    sa.event.listen(engine, "checkin", lambda _connection, record: record.invalidate())
    engine.dispose()


class Farm:
    """Runs turns on the running event loop; one per process, and on SQLite one per installation."""

    def __init__(self, url: str, deps: Deps, *, executor_id: str, tries: Tries, at_once: int) -> None:
        self._url = url
        self._deps = deps
        self._executor_id = executor_id
        self._tries = tries
        self._at_once = at_once
        self._lock = lock_for(url, f"executor:{executor_id}")
        self._engine = engine_for(url)
        self._client: DBOSClient | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._flow: Flow | None = None

    async def start(self) -> None:
        """Launch, take up this executor's unfinished turns, and listen to the queue."""
        if not await self._lock.take():
            raise NeedsOwner("already-running", f"another process runs executor {self._executor_id!r} on this database")
        DBOS(
            config={
                "name": NAME,
                "system_database_url": self._url,
                "system_database_engine": self._engine,
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": VERSION,
                "executor_id": self._executor_id,
                "log_level": "WARNING",
                "notification_listener_polling_interval_sec": 0.1,
            }
        )
        self._flow = Flow(self._deps, self._tries)
        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE, partition_concurrency=1, worker_concurrency=self._at_once, polling_interval_sec=POLL_SECONDS
        )
        self._client = DBOSClient(
            system_database_url=self._url,
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=NAME,
        )
        self._watcher = asyncio.create_task(self._watch())

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        """Queue turns in one commit; a job that is already known is left as it is."""
        await asyncio.to_thread(self._enqueue, jobs)

    def _enqueue(self, jobs: Sequence[Job]) -> None:
        if self._client is None:
            raise NeedsOwner("not-started", "the farm must be started before turns are queued")
        with self._engine.begin() as connection:
            for job in jobs:
                self._client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_name": WORKFLOW,
                        "queue_name": QUEUE,
                        "workflow_id": job.turn_id,
                        "app_version": VERSION,
                        "queue_partition_key": job.conversation_id,
                        "priority": job.priority,
                    },
                    job.tenant_id,
                    job.conversation_id,
                    job.account_id,
                    job.message_id,
                )

    async def forget(self, before: datetime) -> int:
        """Delete the checkpoints of turns that ended before then, at most a batch of them; return how many."""
        ended = await DBOS.list_workflows_async(
            name=WORKFLOW, completed_before=before.isoformat(), limit=FORGET_BATCH, load_input=False, load_output=False
        )
        await DBOS.delete_workflows_async([one.workflow_id for one in ended])
        return len(ended)

    async def _watch(self) -> None:
        """Look after what nobody else would: dead workers' turns, and turns that the engine has given up."""
        rounds = itertools.cycle(range(SWEEP_EVERY))
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                if not self._url.startswith("sqlite"):
                    for executor in await self._strangers():
                        await self._adopt(executor)
                if next(rounds) == 0:
                    await self.sweep(datetime.now(UTC) - STALE)
            except sa.exc.SQLAlchemyError as error:
                log.warning("watch: %s", type(error).__name__)

    async def sweep(self, before: datetime) -> int:
        """Apologise for turns begun before then that will never end by themselves; return how many there were.

        The engine gives a turn up that has taken its process down too often; an operator may have cancelled it.
        """
        async with self._deps.db.platform(reads=True) as session:
            running = await turns.running(session, before)
        if not running or self._flow is None:
            return 0
        lost = await DBOS.list_workflows_async(workflow_ids=running, status=LOST, load_output=False)
        for one in lost:
            if one.input:
                await self._flow.give_up(one.workflow_id, one.input["args"], one.status)
        return len(lost)

    async def _strangers(self) -> set[str]:
        pending = await DBOS.list_workflows_async(status="PENDING", name=WORKFLOW, load_input=False, load_output=False)
        return {w.executor_id for w in pending if w.executor_id and w.executor_id != self._executor_id}

    async def _adopt(self, executor: str) -> None:
        lock = lock_for(self._url, f"executor:{executor}")
        try:
            if await lock.take():
                log.warning("worker %s is gone; taking over its turns", executor)
                # Private, but the only way to adopt another executor's work while running; a test guards it.
                await asyncio.to_thread(DBOS._recover_pending_workflows, [executor])  # noqa: SLF001 - as said above
        finally:
            await lock.free()

    async def stop(self) -> None:
        """Stop taking up turns; those that don't end soon go on from their last step at the next start."""
        logging.getLogger("dbos").setLevel(logging.ERROR)  # it warns of every turn that we break off on purpose
        if self._flow is not None:
            await self._flow.drain(DRAIN_SECONDS)
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
        if self._client is not None:
            self._client.destroy()
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        close_engine(self._engine)
        await self._lock.free()
