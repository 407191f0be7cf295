"""A worker to rehearse with: one of our small engines behind a real port, in a process of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from core_pipeline.engines.worker.process import Order, WorkerProcess

_SECONDS = 60.0


@asynccontextmanager
async def rehearsing(kind: str, name: str, at_once: int = 2) -> AsyncIterator[tuple[str, SecretStr]]:
    """Serve that engine under its default configuration for the block: its address and its token."""
    token = SecretStr(secrets.token_urlsafe(16))
    process = await WorkerProcess.start(Order(kind, name, token=token, limits={"at_once": at_once}))
    try:
        yield await process.ready(_SECONDS), token
    finally:
        await process.kill()
