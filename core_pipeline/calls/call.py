"""One call, from the first word to the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.calls.ears import LONGEST, Began, Ears
from core_pipeline.calls.echo import Echo
from core_pipeline.calls.far_end import FarEnd
from core_pipeline.calls.figures import figures
from core_pipeline.calls.host import End, Outcome, Say
from core_pipeline.calls.keypad import PAUSE, Keypad
from core_pipeline.calls.minutes import Writer
from core_pipeline.calls.mouth import Mouth
from core_pipeline.calls.player import Player
from core_pipeline.calls.recording import Recording
from core_pipeline.calls.talk import Talk
from core_pipeline.calls.voice import Voice
from core_pipeline.contracts.legs import Finished, Interrupted, Key, Reached, Sound, Told, Typed
from core_pipeline.engines.wrap.flowing import flowing

if TYPE_CHECKING:
    from core_pipeline.calls.equipment import Equipment
    from core_pipeline.calls.host import Host, Manner
    from core_pipeline.calls.voice import Filming, OnSpoken
    from core_pipeline.contracts.legs import Leg, LegEvent

log = logging.getLogger(__name__)

TICK = 0.25
PROMPTS = 2
_HANG_UP_SECONDS = 2.0
_LAST_WORDS_SECONDS = 15.0
_KEEPING_SECONDS = 30.0
_STARVED = 0.6


class Call:
    """Talks with one caller on one leg, for one host; make it where the event loop runs, and `run` it once.

    `on_spoken` is called with each sentence of ours just before its first frame is played, `filming` asked for a film
    of it that is played in its place (None: its sound); both cost the streaming of sentences while they are made.
    """

    def __init__(
        self,
        leg: Leg,
        host: Host,
        manner: Manner,
        equipment: Equipment,
        *,
        on_spoken: OnSpoken | None = None,
        filming: Filming | None = None,
    ) -> None:
        self._leg, self._host, self._manner, self._equipment = leg, host, manner, equipment
        self._loop = asyncio.get_running_loop()
        self._started = self._heard_at = self._spoke_at = self._pressed_at = self._loop.time()
        self._lag = equipment.lag.counts()
        self._ears = Ears(equipment.voices, leg.sample_rate, self._hold)
        self._rate = self._ears.rate
        self._echo = Echo(leg.sample_rate, self._rate)
        self._recording = Recording(leg.sample_rate, self._rate, self._started) if manner.record else None
        self._far = FarEnd(leg)
        self._player = Player(self._far, self._played, self._cleared)
        self._keypad = Keypad(manner.keys, manner.digits)
        voice = Voice(host, self._player, leg.sample_rate, on_spoken, filming)
        self._mouth = Mouth(host, self._far, self._player, voice, manner.language)
        self._writer = Writer(host)
        self._talk = Talk(self._mouth, manner, equipment, self._writer, self._rate, self._over)
        self._said: list[str] = []
        self._stopping: tuple[str, float] | None = None
        self._limit: asyncio.Timeout | None = None
        self._reason = ""
        self._winding = False

    @property
    def running(self) -> Mapping[str, float]:
        """Figures of the call as it stands."""
        return figures(self._talk, self._mouth, self._echo) | {
            "seconds": round(self._loop.time() - self._started, 3),
            "loop_lag_p95_ms": self._equipment.lag.p95(self._lag),
        }

    def say(self, text: str) -> None:
        """Say this by ourselves, in the language of the call, as soon as nobody speaks."""
        self._said.append(text)

    def stop(self, reason: str = "drained", grace: float = 20.0) -> None:
        """Finish what is being said, `grace` seconds at most, then say goodbye and end the call for this reason."""
        self._stopping = self._stopping or (reason, self._loop.time() + grace)

    async def run(self) -> Outcome:
        """Talk until the call ends, and have it kept; the host learns of the end whatever happens."""
        beside = [asyncio.create_task(one()) for one in (self._player.run, self._watch, self._writer.run)]
        reason = "broke"
        try:
            if self._manner.opening:
                opening = [Say(text, self._manner.language) for text in self._manner.opening]
                self._talk.announce(opening, lasting=not self._manner.interrupts, closing=self._manner.closing)
            await self._listen()
            if self._manner.messages and not self._reason:
                await self._last_words()
            reason = self._reason or ("dropped" if getattr(self._leg, "dropped", False) else "caller")
        except Exception:
            log.exception("a call broke")
        finally:
            outcome = await self._end(reason, beside)
        return outcome

    async def _listen(self) -> None:
        """Take what the leg yields until the line is dead, or the call was ended and the line doesn't notice."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as self._limit, flowing(self._leg.events()) as events:
                async for event in events:
                    await self._take(event)

    async def _last_words(self) -> None:
        """Have heard what was being said when the line died."""
        if (paused := self._ears.finish()) is not None:
            await self._talk.paused(paused.speech, self._heard_at, certain=True)
        if (current := self._talk.current) is not None and current.speech and current.minutes.heard is None:
            await current.heard_out(_KEEPING_SECONDS)

    async def _take(self, event: LegEvent) -> None:
        match event:
            case Sound(pcm):
                await self._sound(pcm)
            case Reached(mark):
                self._player.reached(mark)
            case Key(digit):
                await self._key(digit)
            case Typed(text):
                await self._talk.typed(text)
            case Finished():
                await self._finished()
            case Interrupted():
                await self._talk.break_in(self._loop.time())

    async def _sound(self, pcm: bytes) -> None:
        heard, notices = self._ears.feed(pcm)
        now = self._heard_at = self._loop.time()
        if self._recording is not None:
            self._recording.heard(now, heard)
        for notice in notices:
            at = now - (self._ears.position - notice.at) / self._rate
            if isinstance(notice, Began):
                await self._talk.began(at)
            else:
                await self._talk.paused(notice.speech, at, certain=notice.forced)

    def _hold(self, windows: int, recent: bytes) -> bool:
        return self._echo.holds(self._loop.time(), windows, recent)

    def _played(self, at: float, pcm: bytes) -> None:
        self._echo.played(at, pcm)
        if self._recording is not None:
            self._recording.played(at, pcm)

    def _cleared(self, now: float) -> None:
        self._echo.cleared(now)
        if self._recording is not None:
            self._recording.cleared(now)

    async def _key(self, digit: str) -> None:
        self._pressed_at = self._loop.time()
        await self._talk.break_in(self._pressed_at)
        digits = self._keypad.press(digit)
        if digits is not None:
            await self._talk.pressed(digits)

    async def _finished(self) -> None:
        paused = self._ears.finish()
        if paused is not None:
            await self._talk.paused(paused.speech, self._loop.time(), certain=True)
        else:
            await self._talk.finished()

    async def _over(self, reason: str) -> None:
        """End the call for this reason."""
        self._reason = self._reason or reason
        if self._limit is not None:
            self._limit.reschedule(self._loop.time() + _HANG_UP_SECONDS)
        if reason != "transfer":
            await self._far.hang_up()

    async def _watch(self) -> None:
        """Look after what no event tells of, four times a second."""
        while True:
            await asyncio.sleep(TICK)
            try:
                await self._look(self._loop.time())
            except Exception:
                log.exception("looking after a call failed")

    async def _look(self, now: float) -> None:
        if self._ears.speaking and now - self._heard_at > _STARVED and (paused := self._ears.finish()) is not None:
            # A line that sends nothing while nobody speaks: what was said is over.
            await self._talk.paused(paused.speech, self._heard_at)
        if self._keypad.waiting and now - self._pressed_at >= PAUSE:
            await self._talk.pressed(self._keypad.take())
        if self._player.playing:
            self._spoke_at = now
        speaking = self._ears.speaking and self._ears.spoken < LONGEST
        idle = not (self._talk.busy or speaking or self._keypad.waiting)
        if now - self._started >= self._manner.longest:
            await self._wind_up("longest", "time_over")
        elif self._stopping is not None and (idle or now >= self._stopping[1]):
            await self._wind_up(self._stopping[0], "goodbye")
        elif idle and self._said:
            self._talk.announce(self._sentences(self._said.pop(0)))
        elif idle and now - max(self._talk.meant, self._spoke_at) >= self._manner.silence:
            await self._silence()

    def _sentences(self, text: str) -> list[Say]:
        cutting = Sentences()
        return [Say(one, self._mouth.language) for one in (*cutting.feed(text), *cutting.flush())]

    async def _silence(self) -> None:
        await self._far.told(Told("notice", "silence", language=self._mouth.language))
        self._talk.prompts += 1
        self._spoke_at = self._loop.time()
        over, quietly = self._talk.prompts > PROMPTS, self._talk.wrote
        if over and quietly:
            await self._over("silence")
        elif over:
            await self._wind_up("silence", "silence_over")
        elif not quietly:  # Who writes may be where nobody should hear us speak up by ourselves.
            self._talk.announce(["still_there"])

    async def _wind_up(self, reason: str, name: str) -> None:
        """Say these words, whatever goes on, and end the call."""
        if self._winding:
            return
        self._winding = True
        if self._limit is not None:
            self._limit.reschedule(self._loop.time() + _LAST_WORDS_SECONDS)
        self._reason = reason
        await self._talk.hush(self._loop.time())
        self._talk.announce([name], closing=End(reason))

    async def _end(self, reason: str, beside: list[asyncio.Task[None]]) -> Outcome:
        """Let go of everything, and have the call kept."""
        seconds = self._loop.time() - self._started
        if self._reason != "transfer":
            await self._far.hang_up()
        await self._talk.close()
        await self._writer.close()
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
        recorded = await self._recorded()
        outcome = Outcome(reason, seconds, self._rate, recorded, self.running)
        try:
            async with asyncio.timeout(_KEEPING_SECONDS):
                await self._host.ended(outcome)
        except Exception:
            log.exception("the end of a call could not be kept")
        return outcome

    async def _recorded(self) -> bytes:
        if self._recording is None:
            return b""
        try:
            return await asyncio.to_thread(self._recording.finish, self._loop.time())
        except OSError:
            log.exception("the recording of a call was lost")
            return b""
