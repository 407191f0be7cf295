"""How a job's parts become an HTTP response: JSON or frames, stopped at once when the listener hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core_pipeline.engines.worker import verbs
from core_pipeline.engines.worker.faults import fault, status_of
from core_pipeline.engines.worker.frames import MEDIA_TYPE
from core_pipeline.engines.worker.jobs import Desk, Job
from errors import SawtakError


class Refusal(Response):
    """An error before anything was streamed."""

    media_type = "application/json"

    def __init__(self, error: SawtakError) -> None:
        told = fault(error)
        status, headers = status_of(told)
        super().__init__(json.dumps(told).encode(), status, headers)


@dataclass(frozen=True)
class Terms:
    """What a request says of itself: its id, the seconds it is worth, what to clear away after it."""

    name: str = ""
    seconds: float | None = None
    after: Callable[[], None] = lambda: None


class Answer(Response):
    """The job's parts as they come; the job has stopped when the response is over, however it ended."""

    def __init__(self, desk: Desk, work: verbs.Work, terms: Terms, *, framed: bool) -> None:
        super().__init__()
        self._desk, self._work, self._terms, self._framed = desk, work, terms, framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; a listener who hangs up takes his work back."""
        try:
            async with self._desk.job(self._work, self._terms.name, self._terms.seconds) as job:
                await self._deliver(job, scope, receive, send)
        except SawtakError as error:
            await Refusal(error)(scope, receive, send)
        finally:
            self._terms.after()

    async def _deliver(self, job: Job, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(job, scope, receive, send))
        leaving = asyncio.create_task(_hung_up(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await job.stop()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, job: Job, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            part = await job.next()
        except SawtakError as error:
            await Refusal(error)(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": self._kind()})
        try:
            while part is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await job.next()
            last = verbs.end()
        except SawtakError as error:
            last = verbs.failed(error)
        await send({"type": "http.response.body", "body": last if self._framed else b""})

    def _kind(self) -> list[tuple[bytes, bytes]]:
        kind = MEDIA_TYPE if self._framed else "application/json"
        return [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
