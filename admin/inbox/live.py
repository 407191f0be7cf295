"""The live page: news of conversations as server-sent events, for as long as the visitor is let in."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from admin.frame.guard import COOKIE
from admin.inbox.around import wanted_of
from admin.inbox.showing import counted, drawn_rows, drawn_thread, names_of, opened
from core_pipeline.desk import rows
from core_pipeline.desk.live import OVERLAP, watch_of
from errors import SawtakError
from tenants.models import Tenant, now
from tenants.people import signed_in
from tenants.people.roles import May, allows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.responses import Response

    from admin.frame.visit import Visit
    from core_pipeline.desk.live import Ear
    from core_pipeline.desk.rows import Filters

# A comment so often keeps what stands between us from taking the line for dead; a stream begins anew after a while.
BEAT_SECONDS, LONGEST_SECONDS = 15.0, 1800.0
CHECK_SECONDS, COUNT_SECONDS = 2.0, 1.0
# Who missed more than this loads the page anew.
MOST_MISSED = 60
OVER = "over"


@dataclass
class _Stream:
    """One open page: what it shows, and what it was told last."""

    visit: Visit
    wanted: Filters
    open_id: str
    told: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    counted_at: float = 0.0
    count_due: bool = False
    gone: bool = False
    ear: Ear | None = None
    checked_at: float = field(default_factory=monotonic)

    async def run(self, since: datetime | None) -> AsyncIterator[str]:
        """Tell what is new until the visitor has gone or may no longer see it, or the server stops."""
        until, beat = monotonic() + LONGEST_SECONDS, monotonic() + BEAT_SECONDS
        async with (
            watch_of(self.visit.rooms.floor.db).listen(self.visit.the_tenant.id) as ear,
            _Ending(self.visit, ear),
        ):
            yield "retry: 1000\n\n"
            for event in await self._missed(since):
                yield event
            while monotonic() < until and not self.gone and not stopping(self.visit):
                changed = await ear.news(COUNT_SECONDS if self.count_due else CHECK_SECONDS)
                if not await self._let_in():
                    yield _event("over", {}, now())
                    return
                for event in await self._news(changed) if changed or self.count_due else ():
                    beat = monotonic() + BEAT_SECONDS
                    yield event
                if monotonic() > beat:
                    beat = monotonic() + BEAT_SECONDS
                    yield ": still here\n\n"

    async def _missed(self, since: datetime | None) -> Sequence[str]:
        """What changed between the page and this stream."""
        if since is None:
            return ()
        async with self.visit.work(reads=True) as session:
            changed = await rows.changed_since(session, since - OVERLAP, MOST_MISSED + 1)
        if len(changed) > MOST_MISSED:
            return [_event("stale", {}, now())]
        return await self._news(changed)

    async def _news(self, changed: Sequence[str]) -> list[str]:
        """What these conversations look like now, as far as the page shows them otherwise."""
        at = now()
        async with self.visit.work(reads=True) as session:
            found = await rows.among(session, changed, self.wanted)
            counts = await self._counts(session)
        drawn = drawn_rows(self.visit, found, await names_of(self.visit, found), self.open_id)
        here = {one["id"] for one in drawn}
        news: dict[str, Any] = {"rows": [one for one in drawn if self._differs(one["id"], one["v"])]}
        news["gone"] = [one for one in changed if one not in here]
        if counts != self.counts:
            news["counts"] = self.counts = counts
        if self.open_id in changed and (thread := await self._thread()):
            news["thread"] = thread
        return [_event("news", news, at)]

    async def _counts(self, session: AsyncSession) -> dict[str, int]:
        """How many there are of each kind; asked once a second at most, and once more when it has become quiet."""
        self.count_due = monotonic() - self.counted_at < COUNT_SECONDS
        if self.count_due:
            return self.counts
        self.counted_at = monotonic()
        return await counted(self.visit, session)

    async def _thread(self) -> dict[str, Any] | None:
        """The parts of the open conversation that differ from what was told last."""
        try:
            drawn = drawn_thread(self.visit, await opened(self.visit, self.open_id))
        except SawtakError:
            return None
        drawn["entries"] = [one for one in drawn["entries"] if self._differs(one["id"], one["v"])]
        for part in ("head", "foot"):
            if not self._differs(part, drawn[part]["v"]):
                del drawn[part]
        return drawn

    def _differs(self, name: str, digest: str) -> bool:
        known, self.told[name] = self.told.get(name), digest
        return known != digest

    async def _let_in(self) -> bool:
        """Whether the visitor is still signed in and may still see this tenant; looked at every few seconds."""
        if monotonic() - self.checked_at < CHECK_SECONDS:
            return True
        self.checked_at = monotonic()
        token = self.visit.request.cookies.get(COOKIE, "")
        async with self.visit.rooms.floor.db.platform(reads=True) as session:
            who = await signed_in.find(session, token)
            tenant = await session.get(Tenant, self.visit.the_tenant.id)
        if who is None or tenant is None or not who.sign_in.whole:
            return False
        return allows(who.reach.role_in(tenant), May.SEE)


async def stream(visit: Visit) -> Response:
    """Open the page's stream; `since` is when its page was drawn, `open` the conversation that it shows."""
    query = visit.request.query_params
    told = visit.request.headers.get("last-event-id") or query.get("since", "")
    begun = _Stream(visit, wanted_of(visit), query.get("open", "").replace("\0", ""))
    run = _apart(begun, _time(told))
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(run, media_type="text/event-stream", headers=headers)


# Streams whose visitors have left end by themselves: a statement cut short would cost its connection.
_ending: set[asyncio.Task[None]] = set()


async def _apart(begun: _Stream, since: datetime | None) -> AsyncIterator[str]:
    """What the stream tells, told by a task of its own that is never broken off."""
    events: asyncio.Queue[str | None] = asyncio.Queue()

    async def tell() -> None:
        try:
            async for event in begun.run(since):
                events.put_nowait(event)
        finally:
            events.put_nowait(None)

    task = asyncio.create_task(tell())
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    try:
        while (event := await events.get()) is not None:
            yield event
    finally:
        begun.gone = True
        if begun.ear is not None:
            begun.ear.rouse()


def stopping(visit: Visit) -> bool:
    """Whether the server is about to stop, which waits for every open answer."""
    over: asyncio.Event | None = getattr(visit.request.app.state, OVER, None)
    return over is not None and over.is_set()


class _Ending:
    """Rouses a listener when the server stops, so that its stream ends at once."""

    def __init__(self, visit: Visit, ear: Ear) -> None:
        self._over: asyncio.Event | None = getattr(visit.request.app.state, OVER, None)
        self._ear = ear
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        if self._over is not None:
            self._task = asyncio.create_task(self._wait(self._over))

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _wait(self, over: asyncio.Event) -> None:
        await over.wait()
        self._ear.rouse()


def _event(name: str, data: dict[str, Any], at: datetime) -> str:
    return f"event: {name}\nid: {at.isoformat()}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _time(text: str) -> datetime | None:
    """A time as we wrote it, not older than a day; None for anything else."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if read.tzinfo is None:
        return None
    return max(read, now() - timedelta(days=1))
