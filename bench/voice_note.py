"""A five-second Arabic voice note in, a voice note out: the whole platform in its own process, the vendor emulated.

Run: .venv/bin/python -m bench.voice_note
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from sqlalchemy import select
from sqlmodel import col

from channels import discover
from core_pipeline.contracts.channel import CustomerMessage
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.router import Engines
from tenants.models import TurnStage
from tests.e2e.running import Town, town
from webhooks.simulate import customer_voice

NOTES, WARM = 40, 4
# About five seconds when the customer's voice says it.
SAYING = "السلام عليكم من فضلك أريد أن أعرف ما هي ساعات العمل يوم الجمعة وشكرا"
WINDOWS = (0.0, 1.5)


def quantile(values: list[float], share: float) -> float:
    """The value under which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def one(place: Town, note: bytes, number: int) -> tuple[str, float]:
    """Send a note and wait for its answer: the turn's id and milliseconds."""
    before = len(place.emulator.deliveries)
    start = time.perf_counter()
    message = CustomerMessage(f"2011{number:08}", data=note, mime=place.spec.limits.voice.mime)
    provider_id = await place.emulator.customer_says(message)
    await place.emulator.wait_delivery(before + 1, 60)
    return f"{place.account_id}:{provider_id}", (time.perf_counter() - start) * 1000


async def stages(place: Town, turn_id: str) -> dict[str, float]:
    """Milliseconds by stage, once the turn is closed."""
    while True:
        async with place.floor.db.platform(reads=True) as session:
            rows = (await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn_id))).all()
        if rows:
            return {row.name: row.ms for row in rows}
        await asyncio.sleep(0.02)


async def run(window: float, note: bytes, folder: Path) -> None:
    """Print the table for one burst window."""
    totals: list[float] = []
    by_stage: dict[str, list[float]] = {}
    async with town("whatsapp", folder / f"var-{window}", dict(os.environ), burst_seconds=window) as place:  # noqa: TID251 - the child's environment
        for number in range(WARM + NOTES):
            turn_id, total = await one(place, note, number)
            took = await stages(place, turn_id)
            if number < WARM:
                continue
            totals.append(total)
            if window:  # hearing goes on while we wait for the rest of the burst
                took["(beyond the window)"] = total - window * 1000
            else:
                took["(platform)"] = total - sum(took.values())
            for name, ms in took.items():
                by_stage.setdefault(name, []).append(ms)
    print(f"\nburst window {window} s, {NOTES} notes one after the other\n\n| stage | p50 ms | p95 ms |\n|---|---|---|")
    for name, values in by_stage.items():
        print(f"| {name} | {statistics.median(values):.0f} | {quantile(values, 0.95):.0f} |")
    print(f"| **total** | **{statistics.median(totals):.0f}** | **{quantile(totals, 0.95):.0f}** |")


async def bench() -> None:
    """Both windows: none, and the default."""
    with tempfile.TemporaryDirectory(prefix="sawtak-note-", dir="var") as name:
        engines = Engines({"tts": "espeak"}, Bench(Path(name), httpx.AsyncClient()))
        note = await customer_voice(engines, SAYING, "ar", discover()["whatsapp"].limits.voice)
        await engines.close()
        for window in WINDOWS:
            await run(window, note, Path(name))


if __name__ == "__main__":
    Path("var").mkdir(exist_ok=True)
    asyncio.run(bench())
