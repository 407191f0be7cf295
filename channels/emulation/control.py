"""Steering an emulator that runs as its own process."""

import base64
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from core_pipeline.contracts.channel import CustomerMessage, Emulator


class Say(BaseModel):
    """A customer's message; `data` in base64."""

    customer: str
    text: str | None = None
    data: str | None = None
    mime: str | None = None
    voice: bool = True
    seconds: float | None = None


class Fail(BaseModel):
    """Which calls must fail, and how."""

    call: str
    status: int
    code: int = 0
    text: str = ""
    after: float | None = None
    times: int = 1


class Lag(BaseModel):
    """How late answers come, in seconds."""

    seconds: float


def control(emulator: Emulator) -> APIRouter:
    """Return routes below /emulator that speak, list, fail and delay."""
    router = APIRouter(prefix="/emulator")

    @router.post("/say")
    async def say(message: Say) -> dict[str, str]:
        data = None if message.data is None else base64.b64decode(message.data)
        said = CustomerMessage(**{**message.model_dump(), "data": data})
        return {"provider_id": await emulator.customer_says(said)}

    @router.get("/deliveries")
    async def deliveries() -> list[dict[str, Any]]:
        return [{**asdict(each), "data": base64.b64encode(each.data or b"").decode()} for each in emulator.deliveries]

    @router.post("/fail")
    async def fail(order: Fail) -> None:
        emulator.fail_next(
            order.call, order.status, code=order.code, text=order.text, after=order.after, times=order.times
        )

    @router.post("/delay")
    async def delay(order: Lag) -> None:
        emulator.delay(order.seconds)

    return router
