"""The residency of heavy engines: loads, lends and ends their processes within a budget of memory."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from core_pipeline.contracts.engines import Asr, Embedder, Llm, Speaker, Tts
from core_pipeline.contracts.faces import Upscale, Video
from core_pipeline.contracts.specs import EngineSpec, Priority
from core_pipeline.engines.residency import lent
from core_pipeline.engines.residency.folder import SocketFolder
from core_pipeline.engines.residency.resident import Figures, Resident, Stay, key_of
from core_pipeline.engines.residency.room import decide
from core_pipeline.engines.residency.waiting import Waiter
from core_pipeline.engines.worker.faults import known
from core_pipeline.engines.worker.line import Line, Patience
from core_pipeline.engines.worker.process import Order, WorkerProcess
from errors import NeedsOwner, Retryable, SawtakError

_PATIENCE = Patience(connect=5.0, silence=120.0, whole=600.0)
_PULSE_SECONDS = 2.0
_MOST_KNOWN = 256
_SPARE_PLACES = 8  # in the child: work that was cancelled may not have left its seat yet


@dataclass(frozen=True)
class Terms:
    """How the residency works: places in each engine's queue, and seconds.

    `idle` seconds without work end an engine (None: never), `load` seconds are given to loading, `grace` to an orderly
    end. `environment` is all that the processes get of ours, `folder` the package that holds <kind>/<name>.
    """

    places: int = 64
    idle: float | None = 600.0
    load: float = 300.0
    grace: float = 5.0
    patience: Patience = _PATIENCE
    python: Path = Path(sys.executable)
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = "core_pipeline.engines"


class Residency:
    """Heavy engines within `budget` bytes; `var` is the folder for their files."""

    def __init__(self, budget: int, var: Path, terms: Terms | None = None) -> None:
        self._budget, self._var, self.terms = budget, var, terms or Terms()
        self._residents: dict[tuple[str, str, str], Resident] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets = SocketFolder()
        self._started = 0
        self._closed = False

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    def asr(self, spec: EngineSpec[Asr], config: Any, tenant_id: str, priority: Priority) -> Asr:
        """The engine as if it were here: every use waits for its turn and holds a place while it lasts."""
        return lent.LentAsr(self._lease(spec, config, tenant_id, priority))

    def tts(self, spec: EngineSpec[Tts], config: Any, tenant_id: str, priority: Priority) -> Tts:
        """As `asr`."""
        return lent.LentTts(self._lease(spec, config, tenant_id, priority))

    def llm(self, spec: EngineSpec[Llm], config: Any, tenant_id: str, priority: Priority) -> Llm:
        """As `asr`."""
        return lent.LentLlm(self._lease(spec, config, tenant_id, priority))

    def embed(self, spec: EngineSpec[Embedder], config: Any, tenant_id: str, priority: Priority) -> Embedder:
        """As `asr`."""
        return lent.LentEmbedder(self._lease(spec, config, tenant_id, priority))

    def speaker(self, spec: EngineSpec[Speaker], config: Any, tenant_id: str, priority: Priority) -> Speaker:
        """As `asr`; it compares voices by the cosine of their prints, or raises NeedsOwner."""
        return lent.LentSpeaker(self._lease(spec, config, tenant_id, priority))

    def video(self, spec: EngineSpec[Video], config: Any, tenant_id: str, priority: Priority) -> Video:
        """As `asr`."""
        return lent.LentVideo(self._lease(spec, config, tenant_id, priority))

    def upscale(self, spec: EngineSpec[Upscale], config: Any, tenant_id: str, priority: Priority) -> Upscale:
        """As `asr`."""
        return lent.LentUpscale(self._lease(spec, config, tenant_id, priority))

    async def warm(self, spec: EngineSpec[Any], config: Any) -> None:
        """Load the engine now; raises as a use would."""
        async with self._lease(spec, config, "", Priority.VIDEO)():
            return

    async def forget(self, clone_id: str) -> None:
        """Make every voice that is there drop what it keeps of that clone; raises when one could not be told."""
        lines = [one.stay.line for one in self._residents.values() if one.stay and one.spec.clones]
        await asyncio.gather(*(line.forget(clone_id) for line in lines if line))

    def figures(self) -> list[Figures]:
        """How every engine stands that was asked for so far."""
        return [one.figures() for one in self._residents.values()]

    def wait(self, serves: Callable[[EngineSpec[Any]], bool]) -> float:
        """The shortest wait in seconds to expect at the engines that serve; 0 before one of them was asked for."""
        return min((one.wait for one in self._residents.values() if serves(one.spec)), default=0.0)

    async def close(self) -> None:
        """End every process and remove the sockets; who waits gets Retryable."""
        self._closed = True
        for one in self._residents.values():
            one.failed(Retryable("closing", "the platform is stopping", after=1.0))
            if one.stay:
                self._end(one.stay)
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._sockets.close()

    def _lease(self, spec: EngineSpec[Any], config: Any, tenant_id: str, priority: Priority) -> lent.Lease:
        def lease() -> AbstractAsyncContextManager[Line]:
            return self._lent(self._resident(spec, config), tenant_id, priority)

        return lease

    def _resident(self, spec: EngineSpec[Any], config: Any) -> Resident:
        key = key_of(spec, config)
        if key not in self._residents:
            if len(self._residents) >= _MOST_KNOWN:
                idle = [k for k, one in self._residents.items() if not one.stay and not len(one.queue)]
                for old in idle[: len(idle) // 2]:
                    del self._residents[old]
            self._residents[key] = Resident(spec, config, self.terms.places)
        return self._residents[key]

    @asynccontextmanager
    async def _lent(self, one: Resident, tenant_id: str, priority: Priority) -> AsyncIterator[Line]:
        stay, line = await self._place(one, tenant_id, priority)
        start = time.monotonic()
        try:
            yield line
            one.did_well()
        except Retryable as error:
            if error.code == "worker-slow":
                await self._take_pulse(stay, line)
            raise
        finally:
            one.tally.worked(time.monotonic() - start)
            self._give_back(one, stay)

    async def _place(self, one: Resident, tenant_id: str, priority: Priority) -> tuple[Stay, Line]:
        if self._closed:
            raise Retryable("closing", "the platform is stopping", after=1.0)
        if one.memory > self._budget:
            figures = f"{one.name} takes {one.memory / 2**30:.1f} GiB of the {self._budget / 2**30:.1f} GiB there are"
            raise NeedsOwner("engine-too-big", f"{figures}: choose a smaller model or raise the budget")
        one.refuse_while_resting()
        place: asyncio.Future[tuple[Stay, Line]] = asyncio.get_running_loop().create_future()
        waiter = Waiter(tenant_id, priority, time.monotonic(), place)
        excess = one.queue.put(waiter)
        if excess and not excess.place.done():
            excess.place.set_exception(one.full())
        self._advance()
        try:
            stay, line = await place
        except asyncio.CancelledError:
            self._leave(one, waiter)
            raise
        one.tally.waits.append(time.monotonic() - waiter.since)
        return stay, line

    def _leave(self, one: Resident, waiter: Waiter) -> None:
        """Leave the queue clean behind a caller who was cancelled, even one whose turn had just come."""
        one.queue.drop(waiter)
        place = waiter.place
        if place.done() and not place.cancelled() and place.exception() is None:
            self._give_back(one, place.result()[0])
        self._advance()

    def _give_back(self, one: Resident, stay: Stay) -> None:
        stay.busy -= 1
        stay.used = time.monotonic()
        if stay.timer is None and one.stay is stay:
            self._watch(one, stay)
        self._advance()

    def _watch(self, one: Resident, stay: Stay) -> None:
        """End the process once it has been idle for long enough, look again later when it has not."""
        stay.timer = None
        if self.terms.idle is None or stay.ending:
            return
        left = stay.used + self.terms.idle - time.monotonic()
        if stay.busy or len(one.queue):
            left = self.terms.idle
        if left > 0:
            stay.timer = asyncio.get_running_loop().call_later(left, self._watch, one, stay)
        else:
            self._end(stay)

    def _advance(self) -> None:
        """Load, end and lend whatever can be now."""
        if self._closed:
            return
        decision = decide(self._residents.values(), self._budget)
        for one in decision.load:
            one.stay = Stay(time.monotonic())
            self._run(self._live(one, one.stay))
        for one in decision.end:
            if one.stay:
                self._end(one.stay)
        for one in self._residents.values():
            if one not in decision.hold:
                one.lend()

    def _end(self, stay: Stay) -> None:
        if not stay.ending:
            stay.ending = True
            if stay.process:
                self._run(stay.process.end(self.terms.grace))

    async def _live(self, one: Resident, stay: Stay) -> None:
        """Be one life of an engine's process, from its start until it is buried."""
        path = self._sockets.path / f"{self._started}.sock"
        self._started += 1
        try:
            await self._load(one, stay, path)
            self._watch(one, stay)
            self._advance()
            status = await stay.process.wait() if stay.process else 0
            if stay.ending:
                one.tally.unloads += 1
            else:
                one.tally.crashes += 1
                one.failed(Retryable("engine-crashed", f"{one.name} ended with status {status}"))
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody is to wait for this engine any longer
            one.failed(known(error))
        finally:
            if stay.process:
                await stay.process.kill()
            if stay.http:
                await stay.http.aclose()
            if stay.timer:
                stay.timer.cancel()
            path.unlink(missing_ok=True)
            one.stay = None
            self._advance()

    async def _load(self, one: Resident, stay: Stay, path: Path) -> None:
        start = time.monotonic()
        terms, spec = self.terms, one.spec
        order = Order(
            spec.kind,
            spec.name,
            one.order,
            folder=terms.folder,
            uds=path,
            var=self._var,
            limits={"at_once": spec.at_once, "waiting": spec.at_once + _SPARE_PLACES, "seconds": terms.patience.whole},
            python=terms.python if spec.requires else Path(sys.executable),
            environment=terms.environment,
        )
        stay.process = await WorkerProcess.start(order)
        if stay.ending:  # told to end before there was a process to tell
            await stay.process.kill()
        await stay.process.ready(terms.load)
        stay.http = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path)))
        stay.line = Line(stay.http, "http://worker", patience=terms.patience)
        one.tally.loads += 1
        one.tally.load_seconds = time.monotonic() - start
        stay.used = time.monotonic()

    async def _take_pulse(self, stay: Stay, line: Line) -> None:
        """Kill a process that does not even say how it is: it would hold its place for ever."""
        try:
            async with asyncio.timeout(_PULSE_SECONDS):
                await line.health()
        except (SawtakError, TimeoutError):
            if stay.process:
                await stay.process.kill()

    def _run(self, deed: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(deed)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
