"""What the vendor's form fields mean: who rings, how a call stands, which message was left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from channels.wild import number, whole, words
from core_pipeline.contracts.calls import CallNews, CallState, Ring
from core_pipeline.contracts.messages import Identity, Inbound, Kind, MediaRef, Sender
from errors import Impossible

if TYPE_CHECKING:
    from channels.phone.signature import Fields

_SID = re.compile(r"[A-Z]{2}[0-9a-zA-Z]{1,62}")
_E164 = re.compile(r"\+([1-9][0-9]{6,14})")
# What the vendor writes for a caller who hides: words spelt on a telephone's keys.
_NOBODY = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})
_STATES = {
    "queued": CallState.RINGING,
    "initiated": CallState.RINGING,
    "ringing": CallState.RINGING,
    "in-progress": CallState.RUNNING,
    "answered": CallState.RUNNING,
    "completed": CallState.ENDED,
    "busy": CallState.MISSED,
    "no-answer": CallState.MISSED,
    "canceled": CallState.MISSED,
    "failed": CallState.FAILED,
}
_NAME_CHARS = 200


@dataclass(frozen=True)
class Party:
    """Somebody on the telephone, as far as the vendor names them; `digits` is "" for who hides their number."""

    digits: str
    call_sid: str
    name: str | None = None

    @property
    def chat(self) -> str:
        """What names the conversation."""
        return self.digits or self.call_sid

    @property
    def sender(self) -> Sender:
        """Them as a person; who hides is another one in each call."""
        identity = ("phone", self.digits) if self.digits else ("phone_anonymous", self.call_sid)
        return Sender(identities=(Identity(kind=identity[0], value=identity[1]),), name=self.name)

    @property
    def address(self) -> dict[str, str]:
        """How they can be called."""
        return {"to": f"+{self.digits}"} if self.digits else {}


def party(number_given: str, call_sid: str, name: str = "") -> Party:
    """Who this is; whatever is no telephone number of somebody's counts as hidden."""
    found = _E164.fullmatch(number_given.strip())
    digits = found[1] if found and found[1] not in _NOBODY else ""
    shown = (words(name) or "").strip()[:_NAME_CHARS]
    return Party(digits, call_sid, shown or None)


def call_sid(fields: Fields) -> str:
    """The vendor's name of the call; raises `Impossible` where there is none."""
    return _sid(fields, "CallSid")


def ring(account: str, fields: Fields) -> Ring:
    """The call that has come in."""
    who = party(fields.last("From"), call_sid(fields), fields.last("CallerName"))
    return Ring(
        account=account,
        provider_id=who.call_sid,
        sender=who.sender,
        at=datetime.now(UTC),
        chat=who.chat,
        address=who.address,
    )


def status(account: str, fields: Fields) -> CallNews:
    """How a call stands; states that the vendor adds one day give news without a state."""
    said = fields.last("CallStatus").lower()
    seconds = whole(fields.last("CallDuration"))
    state = _STATES.get(said)
    return CallNews(
        account=account,
        provider_id=call_sid(fields),
        state=state,
        seconds=None if seconds is None else float(seconds),
        reason="" if state in {None, CallState.RINGING, CallState.RUNNING} else said,
    )


def stream_status(account: str, fields: Fields) -> CallNews:
    """What became of a call's sound; the end of it that went well is no news."""
    broke = fields.last("StreamEvent") == "stream-error"
    state = CallState.DROPPED if broke else None
    return CallNews(account=account, provider_id=call_sid(fields), state=state, reason="stream" if broke else "")


def left(fields: Fields) -> bool:
    """Whether there is a message to hear, and all of it."""
    return fields.last("RecordingStatus") == "completed"


def message(account: str, fields: Fields, caller: Party) -> Inbound:
    """The message that was left; raises `Impossible` for one without a name."""
    sid = _sid(fields, "RecordingSid")
    seconds = number(whole(fields.last("RecordingDuration")))
    return Inbound(
        account=account,
        provider_id=sid,
        chat=caller.chat,
        sender=caller.sender,
        sent_at=datetime.now(UTC),
        kind=Kind.VOICE,
        media=MediaRef(id=sid, mime="audio/wav", seconds=seconds, url=words(fields.last("RecordingUrl"))),
        address=caller.address,
    )


def _sid(fields: Fields, name: str) -> str:
    sid = fields.last(name)
    if not _SID.fullmatch(sid):
        raise Impossible("sid-missing", f"the vendor names every call: {name} is missing")
    return sid
