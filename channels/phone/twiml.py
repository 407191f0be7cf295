"""What we tell the vendor to do with a call, in its own language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from twilio.twiml.voice_response import (  # type: ignore[import-untyped]  # the vendor ships no types
    Connect,
    Dial,
    VoiceResponse,
)

from channels.phone.config import MESSAGE_SECONDS
from core_pipeline.contracts.phrases import READY
from errors import Impossible

if TYPE_CHECKING:
    from core_pipeline.contracts.calls import Switchboard, Ticket, Verdict, Words

MIME = "text/xml"
RING_SECONDS = 30

_LONGEST = 64_000
_WORDS = 3000
_VOICES = {"ar": "arb", "en": "en-US"}
_PERSON = re.compile(r"\+?[0-9]{3,15}")
_SIP = re.compile(r"sips?:[^\s<>@]{1,64}@[^\s<>@]{1,200}")
# What XML can't hold, however it is written.
_UNSPEAKABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The vendor repeats the word that a message waits for us only if it is asked to; the fragment is not signed.
_PATIENT = "#rc=5&rp=ct,rt,5xx"


@dataclass(frozen=True)
class Addresses:
    """Where the vendor asks on about one call: our addresses with what we must know again then."""

    board: Switchboard
    language: str = "ar"
    call_id: str = ""

    def url(self, event: str) -> str:
        """Our address for this event; the vendor signs the query with it."""
        known = {"lang": self.language, **({"call": self.call_id} if self.call_id else {})}
        return f"{self.board.url(event)}?{urlencode(known)}"


def talk(board: Switchboard, ticket: Ticket, language: str) -> str:
    """Have the call's sound brought to us; what follows is asked for at "after"."""
    there = Addresses(board, language, ticket.call_id)
    response, connect = VoiceResponse(), Connect(action=there.url("after"))
    stream = connect.stream(url=board.url("stream", "wss"), status_callback=board.url("stream"))
    stream.parameter(name="token", value=ticket.token)
    stream.parameter(name="language", value=language)
    response.append(connect)
    return written(response)


def declined(board: Switchboard, verdict: Verdict) -> str:
    """Say the words, then take a message or end the call."""
    response = VoiceResponse()
    _say(response, verdict.words, verdict.language, verdict.sound)
    if verdict.kind == "message":
        _record(response, Addresses(board, verdict.language))
    elif not response.verbs:
        response.reject(reason="busy")
        return written(response)
    response.hangup()
    return written(response)


def dialled(board: Switchboard, to: str, caller_id: str, language: str) -> str:
    """Put the caller through to a person: a number or a SIP address; raises `Impossible` for anything else."""
    response = VoiceResponse()
    dial = Dial(timeout=RING_SECONDS, action=Addresses(board, language).url("dialled"), caller_id=caller_id)
    if _PERSON.fullmatch(to):
        dial.number(to)
    elif _SIP.fullmatch(to):
        dial.sip(to)
    else:
        raise Impossible("transfer-number", "give the person's number with country code, or a SIP address")
    response.append(dial)
    return written(response)


def nobody_there(board: Switchboard, language: str, words: Words) -> str:
    """Tell the caller that no person answered, and take a message."""
    response = VoiceResponse()
    _say(response, words.text, language, words.sound)
    _record(response, Addresses(board, language))
    response.hangup()
    return written(response)


def farewell(language: str, words: Words) -> str:
    """Thank for the message and end the call."""
    response = VoiceResponse()
    _say(response, words.text, language, words.sound)
    response.hangup()
    return written(response)


def over() -> str:
    """End the call."""
    response = VoiceResponse()
    response.hangup()
    return written(response)


def nothing() -> str:
    """Do nothing more."""
    return written(VoiceResponse())


def played(url: str) -> str:
    """Play this sound, then end the call."""
    response = VoiceResponse()
    response.play(url)
    response.hangup()
    return written(response)


def fallback_twiml(
    recorded_url: str, recording_url: str, language: str = "ar", words: Mapping[str, str] | None = None
) -> str:
    """The static TwiML for the time that we can't be reached: an apology and a recording, in `language` and English.

    Host it anywhere else; `recording_url` is told of the message, again and again for a while.
    """
    response = VoiceResponse()
    for each in dict.fromkeys((language, "en")):
        said = (words or {}).get(each) or f"{_ready('fallback', each)} {_ready('leave_message', each)}"
        _say(response, said, each)
    _recorder(response, recorded_url, recording_url)
    response.hangup()
    return written(response)


def written(response: VoiceResponse) -> str:
    """The document; raises `Impossible` when it is longer than the vendor takes."""
    text = str(response)
    if len(text.encode()) > _LONGEST:
        raise Impossible("twiml-too-long", f"at most {_LONGEST} bytes")
    return text


def _say(response: VoiceResponse, words: str, language: str, sound: str = "") -> None:
    if sound:
        response.play(sound)
    elif words.strip():
        spoken = _UNSPEAKABLE.sub(" ", words)[:_WORDS]
        response.say(spoken, language=_VOICES.get(language, _VOICES["en"]))


def _record(response: VoiceResponse, there: Addresses) -> None:
    _recorder(response, there.url("recorded"), there.url("recording"))


def _recorder(response: VoiceResponse, recorded_url: str, recording_url: str) -> None:
    # Without an action the vendor would ask for the same document again: an endless voicemail.
    response.record(
        action=recorded_url,
        recording_status_callback=f"{recording_url}{_PATIENT}",
        recording_status_callback_event="completed",
        max_length=MESSAGE_SECONDS,
        play_beep=True,
        timeout=5,
        finish_on_key="#",
    )


def _ready(name: str, language: str) -> str:
    return READY[name].get(language) or READY[name]["en"]
