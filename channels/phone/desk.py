"""What the vendor's HTTP calls about a call are answered with."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from channels.phone import callbacks, twiml
from channels.phone.signature import Fields, parsed
from channels.wild import whole, words
from core_pipeline.contracts.calls import Answer, CallNews, CallState, Ring
from errors import Impossible, SawtakError

if TYPE_CHECKING:
    from channels.phone.callbacks import Party
    from channels.phone.rest import Rest
    from core_pipeline.contracts.calls import Switchboard
    from core_pipeline.contracts.channel import WebhookRequest
    from core_pipeline.contracts.messages import Inbound

log = logging.getLogger(__name__)

_LOOK_UP_SECONDS = 5.0
_NOTED = Answer(status=204)
_ENDED = frozenset({"completed", "canceled", "failed", "busy", "no-answer"})


@dataclass(frozen=True)
class Asked:
    """One genuine call of the vendor's: its fields, what our own address told us again, and who decides."""

    fields: Fields
    known: Fields
    board: Switchboard

    @property
    def language(self) -> str:
        """The language of the call, Arabic where it is not known."""
        return self.known.last("lang") or "ar"


@dataclass(frozen=True)
class Desk:
    """Answers for one number (`number` with country code, `account` its digits)."""

    account: str
    number: str
    rest: Rest

    async def answer(self, event: str, fields: Fields, request: WebhookRequest, board: Switchboard) -> Answer:
        """Do what a proven call to this event asks for; raises `Impossible` for events that there are not."""
        handlers: dict[str, Callable[[Asked], Awaitable[Answer]]] = {
            "incoming": self._incoming,
            "after": self._after,
            "dialled": self._dialled,
            "recorded": self._recorded,
            "recording": self._recording,
            "status": self._status,
            "stream": self._stream,
            "fallback": self._fallback,
        }
        handler = handlers.get(event)
        if handler is None:
            raise Impossible("no-such-event", f"there are: {', '.join(handlers)}")
        return await handler(Asked(fields, parsed(urlsplit(request.url).query), board))

    async def _incoming(self, asked: Asked) -> Answer:
        verdict = await asked.board.ring(callbacks.ring(self.account, asked.fields))
        if verdict.kind == "talk" and verdict.ticket:
            return _told(twiml.talk(asked.board, verdict.ticket, verdict.language))
        return _told(twiml.declined(asked.board, verdict))

    async def _after(self, asked: Asked) -> Answer:
        if asked.fields.last("CallStatus") in _ENDED:
            return _told(twiml.nothing())
        to = await asked.board.person(asked.known.last("call"))
        if not to:
            return _told(twiml.over())
        try:
            return _told(twiml.dialled(asked.board, to, self.number, asked.language))
        except Impossible as error:
            log.warning("the person's number can't be dialled: %s", error.code)
            return await self._nobody_there(asked)

    async def _nobody_there(self, asked: Asked) -> Answer:
        """Have somebody call back, and take a message."""
        await asked.board.unreached(callbacks.call_sid(asked.fields))
        words = await asked.board.ready(asked.language, "no_person", "leave_message")
        return _told(twiml.nobody_there(asked.board, asked.language, words))

    async def _dialled(self, asked: Asked) -> Answer:
        if asked.fields.last("DialCallStatus") in {"completed", "answered"}:
            return _told(twiml.over())
        return await self._nobody_there(asked)

    async def _recorded(self, asked: Asked) -> Answer:
        left = asked.fields.last("Digits") == "hangup"
        if left:
            return _told(twiml.nothing())
        return _told(twiml.farewell(asked.language, await asked.board.ready(asked.language, "goodbye")))

    async def _recording(self, asked: Asked) -> Answer:
        sid = callbacks.call_sid(asked.fields)
        if not callbacks.left(asked.fields):
            return _NOTED
        message = callbacks.message(self.account, asked.fields, await self._caller(sid))
        try:
            await asked.board.voicemail(sid, message)
        except Impossible as error:
            if error.code != "no-such-call":
                raise
            await self._missed(sid, message, asked.board)
        return _NOTED

    async def _missed(self, sid: str, message: Inbound, board: Switchboard) -> None:
        """Keep a message of somebody who called while we were down: their call never reached us."""
        told = message.model_dump(include={"account", "sender", "chat", "address"})
        await board.ring(Ring(provider_id=sid, at=message.sent_at, **told))
        await board.news(CallNews(account=self.account, provider_id=sid, state=CallState.MISSED, reason="fallback"))
        await board.voicemail(sid, message)

    async def _caller(self, sid: str) -> Party:
        """The customer of this call; the vendor names nobody when it tells of a recording."""
        try:
            call = await self.rest.call("GET", f"Calls/{sid}", timeout=_LOOK_UP_SECONDS)
        except SawtakError as error:
            log.warning("a message came, but not who left it: %s", error.code)
            call = {}
        ours = (words(call.get("direction")) or "").startswith("outbound")
        return callbacks.party(words(call.get("to" if ours else "from")) or "", sid)

    async def _status(self, asked: Asked) -> Answer:
        await asked.board.news(callbacks.status(self.account, asked.fields))
        return _NOTED

    async def _stream(self, asked: Asked) -> Answer:
        news = callbacks.stream_status(self.account, asked.fields)
        if news.over:
            await asked.board.news(news)
        return _NOTED

    async def _fallback(self, asked: Asked) -> Answer:
        log.warning("the vendor could not use our answer to a call: error %s", whole(asked.fields.last("ErrorCode")))
        board, words = asked.board, {}
        try:
            said = await board.ready(asked.language, "fallback", "leave_message")
            words = {asked.language: said.text}
        except Exception as error:  # noqa: BLE001 - whatever is broken, the caller has to hear something
            log.warning("the business's own words can't be had: %s", type(error).__name__)
        return _told(twiml.fallback_twiml(board.url("recorded"), board.url("recording"), asked.language, words))


def _told(document: str) -> Answer:
    return Answer(document, twiml.MIME)
