"""What the contract suites ask for: a channel on its emulator, a webhook, an HTTP client for this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from core_pipeline.contracts.channel import ChannelSpec
from tests.channels.bench import Hook, Stage, client, hooked, staged


@pytest.fixture
async def stage(spec: ChannelSpec) -> AsyncIterator[Stage]:
    async with staged(spec) as ready:
        yield ready


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with hooked() as ready:
        yield ready


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as ready:
        yield ready
