"""What a web page says on its socket, read so that nothing it sends can do more than be refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from channels.wild import parse, table, whole, words
from core_pipeline.contracts.legs import Finished, Interrupted, Key, Told, Typed
from errors import Impossible

RATES = (8000, 16000, 24000, 48000)
LANGUAGES = ("ar", "en")
MODES: Mapping[str, Literal["live", "push"]] = MappingProxyType({"live": "live", "push": "push"})
DIGITS = "0123456789*#ABCD"
_VISITOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")
SOUND, FILM = b"\x01", b"\x02"

_NAME_CHARS, _TEXT_CHARS, _RAW_CHARS = 128, 4000, 64 * 1024


@dataclass(frozen=True)
class Start:
    """Begin a conversation; an empty `visitor` is nobody we know, an empty `language` ours to choose."""

    visitor: str = ""
    name: str = ""
    language: str = ""
    sample_rate: int = 16000
    mode: Literal["live", "push"] = "live"
    films: bool = False
    voice: str = ""


@dataclass(frozen=True)
class Resume:
    """Go on with a session; `played` is the last mark that was played, `last` the highest `seq` that arrived."""

    session: str
    secret: str
    played: str = ""
    last: int = 0


@dataclass(frozen=True)
class Played:
    """Everything before this mark was played."""

    mark: str


@dataclass(frozen=True)
class Bye:
    """The visitor has ended the conversation."""


Message: TypeAlias = Start | Resume | Played | Bye | Finished | Interrupted | Typed | Key


def read(raw: str) -> Message:
    """Return what a text message says; `Impossible`, with what to send instead, for anything else."""
    given = table(parse(raw.encode("utf-8", "replace"))) if len(raw) <= _RAW_CHARS else {}
    reader = _READERS.get(words(given.get("type")) or "")
    if reader is None:
        raise Impossible("message-unknown", f"send JSON with a type of: {', '.join(_READERS)}")
    return reader(given)


def shown(what: Told) -> dict[str, Any] | None:
    """Return the message that shows this; None for what the page learns otherwise."""
    if what.kind == "state":
        return {"type": "state", "state": what.text}
    if what.kind == "transcript":
        return _said(what) | {"final": what.final}
    if what.kind == "answer":
        return _said(what)
    if what.kind == "cleared":
        return None
    return {"type": what.kind, "text": what.text, "code": what.code}


def written(message: Mapping[str, Any]) -> str:
    """Return a message as it goes over the wire."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _said(what: Told) -> dict[str, Any]:
    return {"type": what.kind, "text": what.text, "turn": what.turn, "language": what.language}


def _start(given: Mapping[str, Any]) -> Start | Resume:
    if "session" in given:
        played, last = _short(given, "played"), whole(given.get("last")) or 0
        return Resume(_short(given, "session"), _short(given, "resume"), played, last)
    rate = whole(given.get("sample_rate", RATES[1]))
    return Start(
        visitor=_visitor(given),
        name=_short(given, "name").strip(),
        language=_one_of(given, "language", ("", *LANGUAGES)),
        sample_rate=_checked("sample_rate", rate, RATES),
        mode=MODES[_one_of(given, "mode", tuple(MODES))],
        films=_one_of(given, "avatar", ("none", "films")) == "films",
        voice=_short(given, "voice"),
    )


def _visitor(given: Mapping[str, Any]) -> str:
    visitor = _short(given, "visitor")
    if visitor and not _VISITOR.fullmatch(visitor):
        raise Impossible(
            "visitor", "visitor has at most 80 letters, digits and ._@+-, and begins with one of the first"
        )
    return visitor


def _text(given: Mapping[str, Any]) -> Typed:
    text = (words(given.get("text")) or "").strip()
    if not 0 < len(text) <= _TEXT_CHARS:
        raise Impossible("text-length", f"1 to {_TEXT_CHARS} characters")
    return Typed(text)


def _key(given: Mapping[str, Any]) -> Key:
    return Key(_one_of(given, "digit", tuple(DIGITS)))


def _mark(given: Mapping[str, Any]) -> Played:
    return Played(_short(given, "name"))


def _short(given: Mapping[str, Any], name: str) -> str:
    value = words(given.get(name)) or ""
    if len(value) > _NAME_CHARS:
        raise Impossible("too-long", f"{name} has at most {_NAME_CHARS} characters")
    return value


def _one_of(given: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """The chosen one; the first where nothing was chosen."""
    value = given.get(name)
    return allowed[0] if value is None and name != "digit" else _checked(name, words(value) or "", allowed)


def _checked(name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        raise Impossible("value-unknown", f"{name} is one of: {', '.join(map(str, allowed))}")
    return value


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Message]] = MappingProxyType(
    {
        "start": _start,
        "finish": lambda _: Finished(),
        "interrupt": lambda _: Interrupted(),
        "text": _text,
        "key": _key,
        "mark": _mark,
        "end": lambda _: Bye(),
    }
)
