"""What is said in writing beside the sound: JSON on the data channel "events", as in docs/api/assistant.md."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from aiortc import RTCDataChannel

from channels.rtc.keys import KEYS
from channels.wild import parse, table, words
from core_pipeline.contracts.legs import Finished, Interrupted, Key, LegEvent, Told, Typed

LABEL = "events"
_MOST_CHARS, _MOST_TEXT, _MOST_WAITING, _MOST_EARLY = 16_384, 2_000, 262_144, 50


class Events:
    """Gives `happened` what the other end says; None when it says good-bye."""

    def __init__(self, happened: Callable[[LegEvent | None], None]) -> None:
        self._happened = happened
        self._channel: RTCDataChannel | None = None
        self._early: deque[str] = deque(maxlen=_MOST_EARLY)

    def attach(self, channel: RTCDataChannel) -> None:
        """Take this channel, whoever opened it; others than ours are left alone."""
        if channel.label == LABEL and self._channel is None:
            self._channel = channel
            channel.on("message", self._came)
            channel.on("open", self._opened)
            if channel.readyState == "open":
                self._opened()

    def send(self, kind: str, **fields: str | int | bool) -> None:
        """Say something: sound flows before the channel is open, and what is said until then waits for it.

        Nothing happens when its other end does not read.
        """
        message, channel = json.dumps({"type": kind, **fields}, ensure_ascii=False), self._channel
        if channel is None or channel.readyState == "connecting":
            self._early.append(message)
        elif channel.readyState == "open" and channel.bufferedAmount < _MOST_WAITING:
            channel.send(message)

    def told(self, what: Told) -> None:
        """Say what a caller with a screen is shown."""
        if what.kind == "state":
            self.send("state", state=what.text)
        elif what.kind == "transcript":
            self.send("transcript", text=what.text, turn=what.turn, final=what.final, language=what.language)
        elif what.kind == "answer":
            self.send("answer", text=what.text, turn=what.turn, language=what.language)
        elif what.kind == "cleared":
            self.send("clear")
        else:
            self.send(what.kind, text=what.text, code=what.code)

    @property
    def waiting(self) -> bool:
        """Whether something was said that has not left yet."""
        channel = self._channel
        return channel is not None and channel.readyState == "open" and channel.bufferedAmount > 0

    def _opened(self) -> None:
        while self._channel is not None and self._early:
            self._channel.send(self._early.popleft())

    def _came(self, data: str | bytes) -> None:
        if isinstance(data, str) and len(data) <= _MOST_CHARS:
            message = table(parse(data.encode("utf-8", "replace")))
            if message.get("type") == "end":
                self._happened(None)
            elif event := _event(message):
                self._happened(event)


def _event(message: dict[str, Any]) -> LegEvent | None:
    kind, text, digit = message.get("type"), words(message.get("text")), words(message.get("digit"))
    if kind == "text" and text and text.strip():
        return Typed(text[:_MOST_TEXT])
    if kind == "key" and digit and len(digit) == 1 and digit in KEYS:
        return Key(digit)
    plain: dict[object, LegEvent] = {"interrupt": Interrupted(), "finish": Finished()}
    return plain.get(kind) if isinstance(kind, str) else None
