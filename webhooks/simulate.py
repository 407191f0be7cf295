"""Plays a customer through the real front door and the vendor's emulator, and tells what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.channel import CustomerMessage
from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import add_noise, join
from tenants.models import Turn, TurnStage, TurnState

if TYPE_CHECKING:
    from pathlib import Path

    from tenants.db import Database

    from core_pipeline.contracts.channel import Delivery, Emulator, VoiceFormat
    from core_pipeline.engines.router import Engines

# Other voices than the bot's, so that nobody hears himself; the noise of a quiet room.
VOICES = {"ar": "ar+f2", "en": "en-us+f2"}
NOISE_DB = 20.0
POLL_SECONDS = 0.02


async def customer_voice(engines: Engines, text: str, language: str, fmt: VoiceFormat) -> bytes:
    """A customer's voice note saying this text: another voice, some noise, the network's own format."""
    engine = await engines.tts(language, Ledger())
    parts = [part.pcm async for part in engine.speak(Saying(text, language, VOICES.get(language)))]
    return await encode_voice(add_noise(join(parts), NOISE_DB, seed=1), fmt)


@dataclass(frozen=True)
class Played:
    """One simulated exchange."""

    transcript: str | None
    answer: str | None
    language: str | None
    note: str | None
    state: str
    reply: dict[str, Any]
    stages: dict[str, float]
    total_ms: float


async def play(
    emulator: Emulator, db: Database, account_id: str, message: CustomerMessage, out: Path, timeout: float = 60.0
) -> Played:
    """Send one message as the customer, wait for the answer, keep its file in `out`."""
    start = perf_counter()
    provider_id = await emulator.customer_says(message)
    deliveries = await emulator.wait_delivery(1, timeout)
    total_ms = (perf_counter() - start) * 1000
    turn, stages = await _finished(db, f"{account_id}:{provider_id}", timeout)
    return Played(
        transcript=turn.heard,
        answer=turn.answer,
        language=turn.language,
        note=turn.note or turn.cause,
        state=turn.state,
        reply=await asyncio.to_thread(_keep, deliveries[0], out),
        stages=stages,
        total_ms=round(total_ms, 1),
    )


async def _finished(db: Database, turn_id: str, timeout: float) -> tuple[Turn, dict[str, float]]:
    async with asyncio.timeout(timeout):
        while True:
            async with db.platform() as session:
                turn = await session.get(Turn, turn_id)
                if turn is not None and turn.state != TurnState.RUNNING:
                    rows = await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn_id))
                    return turn, {row.name if not row.part else f"{row.name}.{row.part}": row.ms for row in rows}
            await asyncio.sleep(POLL_SECONDS)


def _keep(delivery: Delivery, out: Path) -> dict[str, Any]:
    reply: dict[str, Any] = {"kind": delivery.kind.value, "faults": list(delivery.faults)}
    if delivery.data is None:
        return {**reply, "text": delivery.text}
    out.mkdir(parents=True, exist_ok=True)
    suffix = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a"}.get(
        (delivery.mime or "").split(";")[0], "bin"
    )
    path = out / f"reply.{suffix}"
    path.write_bytes(delivery.data)
    seconds, size = delivery.seconds, len(delivery.data)
    return {**reply, "path": str(path), "mime": delivery.mime, "seconds": seconds, "bytes": size}
