"""What a visitor is to hear and see: kept until they say that they did, for sockets break and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from channels.web.protocol import FILM, SOUND, written

MOST_BYTES = 8 * 1024 * 1024
MOST_ITEMS = 4000

# Sound and texts stand in one line, so that nobody reads a sentence long before it is heard.
Kind = Literal["text", "sound", "mark", "film"]


@dataclass
class Item:
    """One thing on its way; `name` is the mark's name at the leg, `wire` the one that the page was given."""

    kind: Kind
    number: int
    at: float
    text: Mapping[str, Any] = field(default_factory=dict)
    data: bytes = b""
    name: str = ""
    wire: str = ""

    def frames(self) -> list[str | bytes]:
        """The messages that it is on the wire."""
        if self.kind == "text":
            return [written({**self.text, "seq": self.number})]
        if self.kind == "sound":
            return [SOUND + self.data]
        if self.kind == "mark":
            return [written({"type": "mark", "name": self.wire, "seq": self.number})]
        film = {"type": "film", "mark": self.wire, "mime": "video/mp4", "bytes": len(self.data), "seq": self.number}
        return [written(film), FILM + self.data]


class Outbox:
    """One line of items for one writer: what was sent stays until a later mark was played.

    Marks go over the wire under names that are never used twice, so that the echo of an older socket's, or of a mark
    that was thrown away, means nothing. At most `most` bytes wait: the oldest sound goes first.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST_BYTES) -> None:
        self._clock, self._most = clock, most
        self._items: list[Item] = []
        self._sent = 0
        self._bytes = 0
        self._numbers = 0
        self._rounds = 0
        self._over = False
        self._news = asyncio.Event()

    def text(self, message: Mapping[str, Any]) -> None:
        """Add a message to be shown."""
        self._add("text", text=message)

    def sound(self, pcm: bytes) -> None:
        """Add sound to be played."""
        self._add("sound", data=pcm)

    def mark(self, name: str) -> None:
        """Add a mark, which `played` gives back once the page has played what stands before it."""
        self._add("mark", name=name)

    def film(self, data: bytes, name: str) -> None:
        """Add a film; its mark is played when the film is over."""
        self._add("film", data=data, name=name)

    def clear(self) -> list[str]:
        """Throw away what was not played, and have the page do so; gives the names of the marks in it, in order."""
        names = [item.name for item in self._items if item.kind in {"mark", "film"}]
        sent = [item for item in self._items[: self._sent] if item.kind == "text"]
        owed = [item for item in self._items[self._sent :] if item.kind == "text"]
        self._items, self._sent, self._bytes = sent + owed, len(sent), 0
        self._add("text", text={"type": "clear"})
        return names

    def played(self, wire: str) -> list[str]:
        """Forget all up to the mark of this wire name; gives the names of the marks that were reached, in order."""
        for number, item in enumerate(self._items[: self._sent]):
            if wire and item.wire == wire:
                return self._forget(number + 1)
        return []

    def rewind(self, played: str = "", last: int = 0) -> list[str]:
        """Begin again, for another socket, after the mark `played`; texts numbered up to `last` arrived.

        Gives the names of the marks that were reached, as `played` does.
        """
        reached = self.played(played)
        self._items = [item for item in self._items if item.kind != "text" or item.number > last]
        self._sent = 0
        self._rounds += 1
        for item in self._items:
            item.wire = ""
        self._news.set()
        return reached

    def end(self) -> None:
        """Nothing more will be added."""
        self._over = True
        self._news.set()

    async def take(self) -> Item | None:
        """Wait for the next item to be sent; None once all was sent and nothing more will be added."""
        while self._sent >= len(self._items):
            if self._over:
                return None
            self._news.clear()
            await self._news.wait()
        item = self._items[self._sent]
        self._sent += 1
        if item.kind in {"mark", "film"}:
            item.wire = f"{self._rounds}.{item.number}"
        return item

    def _add(self, kind: Kind, *, text: Mapping[str, Any] | None = None, data: bytes = b"", name: str = "") -> None:
        if self._over:
            return
        self._numbers += 1
        self._items.append(Item(kind, self._numbers, self._clock(), text or {}, data, name))
        self._bytes += len(data)
        self._shed()
        self._news.set()

    def _shed(self) -> None:
        """Drop the oldest sound (of a film, its pictures stay owed) and the oldest texts beyond the bounds."""
        while self._bytes > self._most or len(self._items) > MOST_ITEMS:
            heavy = self._bytes > self._most
            wanted = ("sound", "film") if heavy else ("sound", "text")
            found = next((n for n, item in enumerate(self._items) if item.kind in wanted), None)
            if found is None:
                return
            self._drop(found)

    def _drop(self, number: int) -> None:
        item = self._items[number]
        self._bytes -= len(item.data)
        if item.kind == "film":
            item.kind, item.data = "mark", b""
            return
        del self._items[number]
        self._sent -= number < self._sent

    def _forget(self, count: int) -> list[str]:
        gone, self._items = self._items[:count], self._items[count:]
        self._sent -= count
        self._bytes -= sum(len(item.data) for item in gone)
        return [item.name for item in gone if item.kind in {"mark", "film"}]
