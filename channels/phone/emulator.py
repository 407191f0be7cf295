"""An emulated customer with a telephone, and the vendor between them and us, for tests, benchmarks and `simulate`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from channels.phone import mulaw
from channels.phone.emulator_course import Course
from channels.phone.emulator_stream import Quirks
from channels.phone.emulator_vendor import TwilioVendor, opened
from channels.phone.emulator_web import Web
from core_pipeline.contracts.channel import EmulatorSetup
from core_pipeline.contracts.engines import Pcm
from errors import Impossible

_TICK = 0.02
_NUMBERS = itertools.count(201000000001)


class TwilioCaller:
    """Calls one business number from `number`, and can be called there.

    `bursty` and `late_marks` make the network a bad one; `person_answers` says whether somebody takes a transferred
    call, `answers` what becomes of a call of the business's: "yes", "busy" or "no-answer". `said` is what the vendor
    was told to say or play (its words, or the address of the sound), `sounds` are the files that were played.
    """

    sample_rate = mulaw.RATE

    def __init__(self, setup: EmulatorSetup, base: str, account_id: str) -> None:
        self._setup, self._base, self._account_id = setup, base, account_id
        self._running = AsyncExitStack()
        self._course: Course | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._rung = asyncio.Event()
        self._quirks = Quirks()
        self.number = f"+{next(_NUMBERS)}"
        self.person_answers = True
        self.answers = "yes"
        self.faults: list[str] = []
        self.said: list[str] = []
        self.sounds: list[bytes] = []

    async def __aenter__(self) -> Self:
        self.vendor: TwilioVendor = await self._running.enter_async_context(opened(self._setup))
        self.vendor.phones.append(self)
        self._web = Web(self.vendor, self._setup, self._base, self._account_id, self.faults)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vendor.phones.remove(self)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._running.aclose()

    @property
    def url(self) -> str:
        """What the adapter takes for the vendor's `api_url`."""
        return self.vendor.url

    @property
    def call_sid(self) -> str:
        """The vendor's name of the call."""
        return self._call.sid

    @property
    def bursty(self) -> bool:
        """Whether frames come in bursts of a quarter of a second."""
        return self._quirks.bursty

    @bursty.setter
    def bursty(self, value: bool) -> None:
        self._quirks.bursty = value

    @property
    def late_marks(self) -> bool:
        """Whether marks come back late, also after what they marked was thrown away."""
        return self._quirks.late_marks

    @late_marks.setter
    def late_marks(self, value: bool) -> None:
        self._quirks.late_marks = value

    async def dial(self) -> None:
        """Call the business; returns when sound flows.

        Raises `Impossible` with what was said: "message" when one may be left now (`say`, then `hang_up`), "refused".
        """
        course = self._begin(f"CA{token_hex(16)}", "inbound")
        self._go(course, course.run(self._web.url("incoming")))
        await self._flowing(course)

    async def wait_call(self, timeout: float = 30.0) -> None:
        """Return when the business has called and its sound flows; raises `Impossible` when none will."""
        async with asyncio.timeout(timeout):
            await self._rung.wait()
            await self._flowing(self._call)

    async def say(self, pcm: Pcm) -> None:
        """Speak in real time, to the business or into its voicemail."""
        course = self._call
        if course.message is not None:
            course.message.extend(course.codes(pcm))
            await asyncio.sleep(pcm.seconds)
        elif course.stream is not None:
            await course.stream.say(pcm)

    async def press(self, digit: str) -> None:
        """Press a key."""
        if self._call.message is not None and digit == "#":
            self._call.finish_message()
        elif self._call.stream is not None:
            await self._call.stream.press(digit)

    async def listen(self, seconds: float) -> Pcm:
        """What is heard during the next seconds."""
        since = self.now
        await asyncio.sleep(seconds)
        return self._call.playout.heard(since, self.now)

    async def quiet(self, seconds: float, timeout: float = 30.0) -> None:
        """Return once nothing was heard for so long, after something was since now; TimeoutError otherwise."""
        since, playout = self.now, self._call.playout
        async with asyncio.timeout(timeout):
            while playout.loud <= since or self.now - playout.loud < seconds:
                left = playout.loud + seconds - self.now
                await asyncio.sleep(max(_TICK, left) if playout.loud > since else _TICK)

    @property
    def heard(self) -> Pcm:
        """Everything that was heard until now."""
        return self._call.playout.heard(0.0, self.now)

    @property
    def cleared(self) -> Sequence[float]:
        """When we were told to throw away what was not played yet."""
        return self._call.stream.cleared if self._call.stream else []

    @property
    def underruns(self) -> int:
        """How often a sentence had a hole in it."""
        return self._call.playout.underruns

    @property
    def now(self) -> float:
        """Seconds since the call was taken."""
        return self._call.stream.now if self._call.stream else 0.0

    async def drop(self) -> None:
        """Break off without a word."""
        self._call.drop()
        await self.wait_end()

    async def hang_up(self) -> None:
        """End the call properly."""
        await self._call.leave()
        await self.wait_end()

    async def wait_end(self, timeout: float = 30.0) -> str:
        """Wait for the end and give how it was: "hangup", "transfer:…", "message", "refused", "dropped"."""
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self._call.ended)

    def redirect(self, document: str) -> None:
        """The vendor was told to do something else with the call."""
        self._call.redirect(document)

    def complete(self) -> None:
        """The vendor was told to end the call."""
        self._call.complete()

    def rung(self, call_sid: str, fields: Mapping[str, str]) -> None:
        """The business calls."""
        course = self._begin(call_sid, "outbound-api")
        self._go(course, course.run_outgoing(fields, self.answers))
        self._rung.set()

    @property
    def _call(self) -> Course:
        if self._course is None:
            raise Impossible("no-call", "dial first")
        return self._course

    def _begin(self, call_sid: str, direction: str) -> Course:
        self.vendor.calls[call_sid], self.vendor.directions[call_sid] = self, direction
        self._course = Course(self, self._web, call_sid, direction, self._quirks)
        return self._course

    def _go(self, course: Course, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(course.until_ended(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _flowing(self, course: Course) -> None:
        state = await course.settled
        if state != "talk":
            raise Impossible(state, " ".join(self.said))
