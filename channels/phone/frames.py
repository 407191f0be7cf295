"""The messages of a media stream: the vendor's read leniently and without ever raising, ours written exactly."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from channels.phone.mulaw import RATE
from channels.wild import parse, table, whole, words
from core_pipeline.contracts.legs import Key, Reached

MESSAGE_BYTES = 64_000

_STREAM = re.compile(r"MZ[0-9a-zA-Z]{1,62}")
_CALL = re.compile(r"CA[0-9a-zA-Z]{1,62}")
_TRACKS = frozenset({"inbound", "inbound_track"})
_KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True)
class Start:
    """A stream begins: which, of whose call, with what token of ours, and whether it is sound as we know it."""

    stream_sid: str
    account_sid: str
    call_sid: str
    token: str
    language: str
    known_format: bool


@dataclass(frozen=True)
class Media:
    """Some µ-law sound; `at` is when it began, in milliseconds of the stream, None where the vendor doesn't say."""

    codes: bytes
    at: int | None


@dataclass(frozen=True)
class Stop:
    """The stream ends."""


def opened(text: str | bytes) -> dict[str, Any]:
    """The object in a message, empty if there is none."""
    return table(parse(text.encode("utf-8", "replace"))) if isinstance(text, str) else {}


def start(message: dict[str, Any]) -> Start | None:
    """The beginning of a stream, None if this is none, or of a stream without a name."""
    told = table(message.get("start"))
    stream_sid = words(told.get("streamSid")) or words(message.get("streamSid")) or ""
    if message.get("event") != "start" or not _STREAM.fullmatch(stream_sid):
        return None
    call_sid = words(told.get("callSid")) or ""
    form, given = table(told.get("mediaFormat")), table(told.get("customParameters"))
    known = (words(form.get("encoding")), whole(form.get("sampleRate")), whole(form.get("channels")))
    return Start(
        stream_sid=stream_sid,
        account_sid=words(told.get("accountSid")) or "",
        call_sid=call_sid if _CALL.fullmatch(call_sid) else "",
        token=words(given.get("token")) or "",
        language=words(given.get("language")) or "",
        known_format=known == ("audio/x-mulaw", RATE, 1),
    )


def frame(message: dict[str, Any]) -> Media | Key | Reached | Stop | None:
    """What a message of a running stream says, None for nothing that we know."""
    match message.get("event"):
        case "media":
            return _media(table(message.get("media")))
        case "dtmf":
            digit = words(table(message.get("dtmf")).get("digit"))
            return Key(digit) if digit in _KEYS else None
        case "mark":
            name = words(table(message.get("mark")).get("name"))
            return Reached(name) if name else None
        case "stop":
            return Stop()
        case _:
            return None


def media_out(stream_sid: str, codes: bytes) -> str:
    """Sound to be played."""
    payload = base64.b64encode(codes).decode()
    return f'{{"event":"media","streamSid":"{stream_sid}","media":{{"payload":"{payload}"}}}}'


def mark_out(stream_sid: str, name: str) -> str:
    """A mark that comes back once everything before it was played."""
    return json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


def clear_out(stream_sid: str) -> str:
    """What was not played yet is thrown away."""
    return f'{{"event":"clear","streamSid":"{stream_sid}"}}'


def _media(told: dict[str, Any]) -> Media | None:
    payload = told.get("payload")
    if not isinstance(payload, str) or (words(told.get("track")) or "inbound") not in _TRACKS:
        return None
    try:
        codes = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Media(codes, whole(told.get("timestamp"))) if codes else None
