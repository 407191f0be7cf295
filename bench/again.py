"""A question asked again: from the webhook to the voice note, out of memory and thought anew, the vendor emulated.

Run: .venv/bin/python -m bench.again
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from bench.voice_note import quantile
from core_pipeline.answers import NOTE
from core_pipeline.contracts.channel import CustomerMessage
from tenants.models import Turn, TurnStage, TurnState
from tests.e2e.running import Town, town

ASKS, WARM = 40, 4
QUESTION = "ما هي ساعات العمل يوم الجمعة؟"
# Parts of others, in the rows for the sake of who looks at one turn.
MARKS = {"first_audio", "last_token"}


async def one(place: Town, number: int) -> tuple[float, dict[str, float], str | None]:
    """Ask as a new customer: milliseconds until the note is there, by stage, and how it was answered."""
    start = time.perf_counter()
    provider_id = await place.emulator.customer_says(CustomerMessage(f"2011{number:08}", text=QUESTION))
    await place.emulator.wait_delivery(number + 1, 60)
    total = (time.perf_counter() - start) * 1000
    turn_id = f"{place.account_id}:{provider_id}"
    while True:
        async with place.floor.db.platform(reads=True) as session:
            turn = await session.get_one(Turn, turn_id)
            rows = (await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn_id))).all()
        if turn.state != TurnState.RUNNING:
            break
        await asyncio.sleep(0.02)
    took: dict[str, float] = {}
    for row in rows:
        if row.name not in MARKS:
            took[row.name] = took.get(row.name, 0.0) + row.ms
    return total, took, turn.note


async def run(name: str, folder: Path, *, cache: bool) -> float:
    """Print one line; the median of the whole way in milliseconds."""
    totals, beside = [], []
    by_stage: dict[str, list[float]] = {}
    async with town("whatsapp", folder, dict(os.environ), burst_seconds=0.0, cache=cache) as place:  # noqa: TID251 - the child's environment
        for number in range(WARM + ASKS):
            total, took, note = await one(place, number)
            if number < WARM:
                continue
            if (note == NOTE) is not cache:
                raise RuntimeError(f"answered from memory: {note == NOTE}, wanted: {cache}")
            totals.append(total)
            beside.append(total - took["send"])
            for stage, ms in took.items():
                by_stage.setdefault(stage, []).append(ms)
    stages = ", ".join(f"{stage} {statistics.median(values):.0f}" for stage, values in by_stage.items())
    whole = f"{statistics.median(totals):.0f} / {quantile(totals, 0.95):.0f}"
    ours = f"{statistics.median(beside):.0f} / {quantile(beside, 0.95):.0f}"
    print(f"| {name} | {whole} | {ours} | {stages} |")
    return statistics.median(beside)


async def bench() -> None:
    """Out of memory, then thought anew each time."""
    print(f"{ASKS} customers ask the same, one after the other; p50 / p95 in ms\n")
    print("| | webhook to delivery | without the vendor's calls (send) | stages, p50 |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="sawtak-again-", dir="var") as name:
        remembered = await run("out of memory", Path(name) / "remembered", cache=True)
        thought = await run("thought anew", Path(name) / "thought", cache=False)
    print(f"\nratio remembered/thought: {remembered / thought:.2f}")


if __name__ == "__main__":
    Path("var").mkdir(exist_ok=True)
    asyncio.run(bench())
