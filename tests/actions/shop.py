"""A tenant's own system, emulated: orders to look up, tables to book; it can be slow, broken or full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from channels.emulation.server import served

KEY = "shop-secret-key"
ORDERS = {"A-17": {"id": "A-17", "status": "on its way", "total": "120 EGP"}, "B/2": {"id": "B/2", "status": "new"}}


@dataclass
class Shop:
    """What it was asked, what is booked, and how it behaves: `status` breaks it, `held` keeps answers back."""

    port: int = 0
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    booked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0
    answer: Response | None = None
    held: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    @property
    def targets(self) -> list[str]:
        return [f"{method} {target}" for method, target, _, _ in self.requests]

    async def note(self, request: Request) -> Response | None:
        """Remember a request; the answer it gets instead of its own, if any."""
        target = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
        self.requests.append((request.method, target, dict(request.headers), await request.body()))
        self.arrived.set()
        if self.held is not None:
            await self.held.wait()
        if request.headers.get("x-api-key") != KEY:
            return JSONResponse({"message": "wrong key"}, 401)
        return JSONResponse({"message": "out of order"}, self.status) if self.status else self.answer


def _app(shop: Shop) -> FastAPI:
    app = FastAPI()

    @app.get("/orders")
    async def orders(request: Request) -> Response:
        found = [each for each in ORDERS.values() if each["status"] == request.query_params.get("status")]
        return await shop.note(request) or JSONResponse(found)

    @app.get("/orders/{number}")
    async def order(request: Request, number: str) -> Response:
        instead = await shop.note(request)
        known = ORDERS.get(number)
        return instead or JSONResponse(known or {"message": "no such order"}, 200 if known else 404)

    @app.post("/bookings")
    async def book(request: Request) -> Response:
        if instead := await shop.note(request):
            return instead
        wanted = await request.json()
        if wanted["people"] > 6:
            return JSONResponse({"message": "no table for so many"}, 409)
        shop.booked.append(wanted)
        return JSONResponse({"booking": f"T{len(shop.booked)}", **wanted}, 201)

    return app


@asynccontextmanager
async def open_shop() -> AsyncIterator[Shop]:
    """The shop, open during the block."""
    shop = Shop()
    async with served(_app(shop)) as shop.port:
        yield shop
