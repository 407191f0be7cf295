"""What reached the emulated customers, in order; on disk too if a folder is given."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from core_pipeline.contracts.channel import Delivery
from core_pipeline.contracts.messages import ReplyKind

_SUFFIXES = {ReplyKind.VOICE: "ogg", ReplyKind.VIDEO: "mp4"}


class Ledger:
    """Appends deliveries to memory and, with `folder`, to deliveries.jsonl with each file beside it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.deliveries: list[Delivery] = []
        self._folder = folder
        self._grown = asyncio.Event()

    def add(self, delivery: Delivery) -> None:
        """Record one delivery and wake whoever waits for it."""
        self.deliveries.append(delivery)
        if self._folder:
            self._write(self._folder, delivery)
        self._grown.set()

    async def wait(self, count: int, timeout: float) -> list[Delivery]:
        """Return all deliveries once there are `count`; raise TimeoutError after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while len(self.deliveries) < count:
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            there = [f"{delivery.kind} to {delivery.customer} {delivery.faults}" for delivery in self.deliveries]
            raise TimeoutError(f"{len(there)} of {count} deliveries: {there}") from None
        return list(self.deliveries)

    def _write(self, folder: Path, delivery: Delivery) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        line = asdict(delivery)
        data = line.pop("data")
        if data is not None:
            line["file"] = f"{len(self.deliveries):06d}.{_SUFFIXES.get(delivery.kind, 'bin')}"
            (folder / line["file"]).write_bytes(data)
        with (folder / "deliveries.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
