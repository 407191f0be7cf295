"""The way of one message as a durable workflow: every stage is a checkpointed step, retried, and never lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dbos import DBOS

from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.turns import answering, delivering, hearing, remembering, shooting
from core_pipeline.turns.busy import kept_busy
from core_pipeline.turns.deps import Here
from core_pipeline.turns.replying import DeadLetterError, Replying
from errors import Impossible, Retryable, SawtakError
from tenants.models import TurnState

if TYPE_CHECKING:
    from core_pipeline.turns.deps import Deps

log = logging.getLogger(__name__)

WORKFLOW = "turn"
Outcome = dict[str, Any]
Stage = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Tries:
    """How often a stage is tried, how long we wait before the second try (then twice as long each time).

    A try that takes longer than `patience` seconds is broken off and counts as failed; a film may take longer.
    """

    attempts: int = 5
    seconds: float = 1.0
    patience: float = 120.0
    film_patience: float = 600.0


async def outcome_of(stage: Stage, patience: float, deps: Deps, here: Here, *args: Any) -> Outcome:
    """Run a stage and say how it went as plain JSON: {"ok"}, {"retry", "cause"} or {"failed", "cause"}.

    "retry" is how many seconds to wait at least; "failed" tells whether this input can never work.
    """
    try:
        async with asyncio.timeout(patience):
            return {"ok": await stage(deps, here, *args)}
    except Retryable as error:
        return {"retry": error.after, "cause": str(error)}
    except SawtakError as error:
        return {"failed": isinstance(error, Impossible), "cause": str(error)}
    except TimeoutError:
        return {"retry": 0.0, "cause": f"took longer than {patience:g} s"}
    except Exception as error:
        log.exception("stage %s broke", stage.__name__)
        return {"retry": 0.0, "cause": type(error).__name__}


class Flow:
    """The workflow and its steps, registered with the engine once per launch."""

    def __init__(self, deps: Deps, tries: Tries) -> None:
        self._deps = deps
        self._tries = tries
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False
        stages: tuple[Stage, ...] = (
            hearing.begin,
            hearing.fetch,
            hearing.hear,
            hearing.settle,
            answering.answer,
            answering.speak,
            shooting.film,
            delivering.send_soon,
            delivering.send_video,
            delivering.send_voice,
            delivering.send_text,
            delivering.send_fallback,
            delivering.finish,
            remembering.remember,
        )
        self._steps = {stage.__name__: self._step(stage) for stage in stages}
        self.workflow = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=10)(self._workflow())

    def _step(self, stage: Stage) -> Callable[..., Awaitable[Outcome]]:
        patience = self._tries.film_patience if stage is shooting.film else self._tries.patience

        async def step(here: dict[str, Any], *args: Any) -> Outcome:
            return await outcome_of(stage, patience, self._deps, Here(**here), *args)

        return DBOS.step(name=stage.__name__)(step)

    def _workflow(self) -> Callable[..., Awaitable[str]]:
        async def turn(tenant_id: str, conversation_id: str, account_id: str, message_id: int) -> str:
            here = Here(str(DBOS.workflow_id), tenant_id, conversation_id, account_id, message_id)
            with self._counted():
                try:
                    return await self._turn(here)
                except DeadLetterError as dead:
                    await self._bury(here, dead)
                    return "dead"

        return turn

    @contextmanager
    def _counted(self) -> Iterator[None]:
        task = asyncio.current_task()
        if self._closing or task is None:
            raise asyncio.CancelledError
        self._running.add(task)
        try:
            yield
        finally:
            self._running.discard(task)

    async def drain(self, seconds: float) -> None:
        """Begin no more turns, let the running ones end, break off the rest: those go on at the next start."""
        self._closing = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        broken_off = list(self._running)
        for task in broken_off:
            task.cancel()
        await asyncio.gather(*broken_off, return_exceptions=True)
        await self._deps.darkroom.close()

    async def give_up(self, turn_id: str, arguments: Sequence[Any], status: str) -> None:
        """Apologise for a turn whose workflow will never go on, and make it a dead letter."""
        here = Here(turn_id, *arguments)
        ending: tuple[Any, ...] = ([], None, None, TurnState.DEAD.value, "workflow", status)
        for stage, more in ((delivering.send_fallback, ()), (delivering.finish, ending)):
            outcome = await outcome_of(stage, self._tries.patience, self._deps, here, *more)
            if "ok" not in outcome:
                log.error("turn %s was given up (%s): %s failed", turn_id, status, stage.__name__)

    async def _run(self, here: Here, name: str, *args: Any, attempts: int | None = None) -> Any:
        """Run one step until it works; `DeadLetterError` when it can't or the tries are used up."""
        cause, most = "", min(attempts or self._tries.attempts, self._tries.attempts)
        for attempt in range(most):
            outcome = await self._steps[name](asdict(here), *args)
            if "ok" in outcome:
                return outcome["ok"]
            cause = outcome["cause"]
            if "failed" in outcome:
                raise DeadLetterError(name, cause, impossible=outcome["failed"])
            if attempt + 1 < most:
                await DBOS.sleep_async(max(outcome["retry"], self._tries.seconds * 2**attempt))
        raise DeadLetterError(name, cause)

    async def _turn(self, here: Here) -> str:
        opened = await self._run(here, "begin")
        if opened["merged"]:
            return "merged"
        bills: list[dict[str, Any]] = []
        async with nullcontext() if opened.get("quiet") else kept_busy(lambda: self._busy(here, opened)):
            if opened["audible"]:
                bills += await self._hear(here, here.message_id)
            for message_id in (await self._run(here, "settle"))["to_hear"]:
                bills += await self._hear(here, message_id)
            plan = await self._run(here, "answer")
            bills += plan["bills"]
            opened["form"] = plan["form"]  # what the customer sees us prepare
            kind, note = await Replying(partial(self._run, here), plan, bills).reply()
        await self._run(here, "finish", bills, kind, note)
        await self._remember(here)
        return "answered"

    async def _remember(self, here: Here) -> None:
        """Sum up what falls out of the memory; the customer has their answer, so a failure only costs memory."""
        try:
            await self._run(here, "remember")
        except DeadLetterError as dead:
            log.warning("turn %s: the conversation was not summed up: %s", here.turn_id, dead.cause)

    async def _hear(self, here: Here, message_id: int) -> list[dict[str, Any]]:
        fetched = await self._run(here, "fetch", message_id)
        if not fetched["blob"]:
            return list(fetched["bills"])
        heard = await self._run(here, "hear", message_id, fetched["blob"])
        return [*fetched["bills"], *heard["bills"]]

    async def _busy(self, here: Here, opened: dict[str, Any]) -> float:
        line = await self._deps.lines.line(here.account_id)
        await line.channel.busy(opened["address"], ReplyKind(opened["form"]), opened["provider_id"])
        return line.limits.busy_seconds

    async def _bury(self, here: Here, dead: DeadLetterError) -> None:
        """Apologise in the tenant's words and keep the cause for the panel."""
        log.error("turn %s died at %s: %s", here.turn_id, dead.step, dead.cause)
        try:
            await self._run(here, "send_fallback")
        except DeadLetterError as again:
            log.error("turn %s: the fallback words could not be sent: %s", here.turn_id, again.cause)  # noqa: TRY400 - the cause says all, a traceback would only repeat it
        await self._run(here, "finish", [], None, None, TurnState.DEAD.value, dead.step, dead.cause)
