"""How one emulated call goes: the vendor follows our TwiML, step by step, until the call is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from secrets import token_hex
from typing import Any, Protocol

from websockets.exceptions import WebSocketException

from channels.phone.emulator_sound import Playout, line_codes, wav
from channels.phone.emulator_stream import Handshake, Quirks, Stream
from channels.phone.emulator_twiml import Verb, verbs
from channels.phone.emulator_web import Unfetched, Web
from channels.phone.mulaw import RATE
from core_pipeline.contracts.engines import Pcm


class Customer(Protocol):
    """Whose telephone it is."""

    number: str
    person_answers: bool
    said: list[str]
    sounds: list[bytes]


class Course:
    """One call: `settled` tells what it came to ("talk", "message", "refused"), `ended` how it was over."""

    def __init__(self, customer: Customer, web: Web, sid: str, direction: str, quirks: Quirks) -> None:
        loop = asyncio.get_running_loop()
        self.sid, self._customer, self._web = sid, customer, web
        self._direction, self._quirks = direction, quirks
        self.settled: asyncio.Future[str] = loop.create_future()
        self.ended: asyncio.Future[str] = loop.create_future()
        self.playout = Playout()
        self.stream: Stream | None = None
        self.message: bytearray | None = None
        self._message_over = asyncio.Event()
        self._redirect = self._outcome = self._callback = ""
        self._over = self._left = False
        self._stopping: asyncio.Task[None] | None = None

    async def until_ended(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this work of a call's, then tell that the call is over."""
        try:
            with contextlib.suppress(Unfetched):
                await work
            self._settle("refused")
            told = self._fields("completed", CallDuration=str(round(self.playout.end)))
            usual = self._web.vendor.hooks.get("StatusCallback") or self._web.url("status")
            await self._web.tell(self._callback or usual, told)
        finally:
            self._settle("refused")
            if not self.ended.done():
                self.ended.set_result(self._outcome or ("hangup" if self.stream else "refused"))

    async def run(self, url: str) -> None:
        """Ask what to do with an incoming call, and do it; the fallback is asked when that can't be had."""
        try:
            document = await self._web.ask(url, self._fields("ringing"))
        except Unfetched:
            failed = self._fields("ringing", ErrorCode="11200", ErrorUrl=url)
            fallback = self._web.vendor.hooks.get("VoiceFallbackUrl") or self._web.url("fallback")
            document = await self._web.ask(fallback, failed)
        await self._follow(document)

    async def run_outgoing(self, asked: Mapping[str, str], answers: str) -> None:
        """Ring, and follow the TwiML that came with the call where somebody answers."""
        self._callback = asked.get("StatusCallback", "")
        stages = ["initiated", "ringing", "in-progress" if answers == "yes" else answers]
        for stage in stages if self._callback else []:
            await self._web.tell(self._callback, self._fields(stage))
        if answers == "yes":
            await self._follow(asked.get("Twiml", ""))

    def codes(self, pcm: Pcm) -> bytes:
        """Sound as the line carries it."""
        return line_codes(pcm)

    def finish_message(self) -> None:
        """End what is being recorded."""
        self._message_over.set()

    async def leave(self) -> None:
        """The customer hangs up."""
        self._left = True
        self.finish_message()
        if self.stream is not None:
            await self.stream.stop()

    def drop(self) -> None:
        """The customer's network is lost."""
        self._left, self._outcome = True, "dropped"
        if self.stream is not None:
            self.stream.cut()

    def redirect(self, document: str) -> None:
        """Leave the stream and follow this instead."""
        self._redirect = document
        self._stop_stream()

    def complete(self) -> None:
        """End at once."""
        self._over = True
        self.finish_message()
        self._stop_stream()

    async def _follow(self, document: str) -> None:
        while document and not self._over:
            steps, faults = verbs(document, plain=self._web.plain)
            self._web.faults.extend(faults)
            document = await self._steps(steps)

    async def _steps(self, steps: list[Verb]) -> str:
        """Do these steps; gives the document that goes on instead of them, "" for none."""
        doing: dict[str, Callable[[Verb], Awaitable[str | None]]] = {
            "Say": self._say,
            "Play": self._play,
            "Connect": self._connect,
            "Record": self._record,
            "Dial": self._dial,
        }
        for step in steps:
            if step.name not in doing or self._over:
                return ""
            document = await doing[step.name](step)
            if document is not None:
                return document
        return ""

    async def _say(self, step: Verb) -> None:
        self._customer.said.append(step.text)

    async def _play(self, step: Verb) -> None:
        self._customer.said.append(step.text)
        self._customer.sounds.append(await self._web.sound(step.text))

    async def _connect(self, step: Verb) -> str | None:
        given = step.inside[0]
        await self._stream(given)
        if self._redirect:
            document, self._redirect = self._redirect, ""
            return document
        if self._outcome == "dropped" or not step.given.get("action"):
            return "" if self._outcome else None
        over = self._left or self._over
        document = await self._web.ask(step.given["action"], self._fields("completed" if over else "in-progress"))
        return "" if over else document

    async def _stream(self, given: Verb) -> None:
        url, signature = self._web.handshake(given.given["url"])
        parameters = {each.given["name"]: each.given["value"] for each in given.inside if each.name == "Parameter"}
        handshake = Handshake(url, signature, self._web.vendor.account, self.sid, parameters)
        stream = Stream(handshake, self._quirks, self._web.faults, self.playout)
        waiting = asyncio.create_task(self._talk(stream))
        event = "stream-stopped"
        try:
            await stream.run()
        except (OSError, WebSocketException) as error:
            self._web.faults.append(f"31920: the stream could not be opened ({type(error).__name__})")
            event = "stream-error"
        waiting.cancel()
        if callback := given.given.get("statusCallback"):
            await self._web.tell(callback, self._fields("in-progress", StreamSid=stream.sid, StreamEvent=event))

    async def _talk(self, stream: Stream) -> None:
        await stream.flows.wait()
        self.stream = stream
        self._settle("talk")

    async def _record(self, step: Verb) -> str | None:
        self.message = bytearray()
        self._settle("message")
        await self._message_over.wait()
        codes, self.message = bytes(self.message), None
        if not codes:
            return None
        sid, vendor = f"RE{token_hex(16)}", self._web.vendor
        vendor.recordings[sid], self._outcome = wav(codes), "message"
        told = {
            "RecordingSid": sid,
            "RecordingUrl": f"{vendor.url}/2010-04-01/Accounts/{vendor.account}/Recordings/{sid}",
            "RecordingDuration": str(max(1, round(len(codes) / RATE))),
        }
        pressed = "hangup" if self._left else "#"
        status = "completed" if self._left else "in-progress"
        try:
            document = await self._web.ask(step.given["action"], self._fields(status, **told, Digits=pressed))
        finally:
            await self._tell_recorded(step, told)
        return "" if self._left else document

    async def _tell_recorded(self, step: Verb, told: Mapping[str, str]) -> None:
        callback = step.given.get("recordingStatusCallback", "")
        # Whose message it was is not in this one.
        known = {"CallSid": self.sid, "AccountSid": self._web.vendor.account, "RecordingSource": "RecordVerb"}
        await self._web.tell(callback, {**known, **told, "RecordingStatus": "completed", "RecordingChannels": "1"})

    async def _dial(self, step: Verb) -> str | None:
        to = step.inside[0].text if step.inside else step.text
        self._settle("talk")
        if self._customer.person_answers:
            self._outcome = f"transfer:{to}"
            return ""
        action = step.given.get("action")
        return await self._web.ask(action, self._fields("in-progress", DialCallStatus="no-answer")) if action else None

    def _stop_stream(self) -> None:
        if self.stream is not None:
            self._stopping = asyncio.create_task(self.stream.stop())

    def _settle(self, state: str) -> None:
        if not self.settled.done():
            self.settled.set_result(state)

    def _fields(self, status: str, **more: str) -> dict[str, str]:
        ends = (self._customer.number, self._web.vendor.number)
        came, went = ends if self._direction == "inbound" else ends[::-1]
        common = {"CallSid": self.sid, "AccountSid": self._web.vendor.account, "ApiVersion": "2010-04-01"}
        parties = {"From": came, "To": went, "Caller": came, "Called": went, "FromCity": "", "FromZip": ""}
        return {**common, **parties, "Direction": self._direction, "CallStatus": status, **more}
