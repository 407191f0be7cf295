"""What tests of websites begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels.web.channel import WebChannel
from tests.channels.bench import client
from tests.channels.web.paper import Talk, channel, talking


@pytest.fixture
async def web() -> AsyncIterator[WebChannel]:
    """A website's channel with little patience."""
    async with client() as http:
        yield channel(http)


@pytest.fixture
async def talk(web: WebChannel) -> AsyncIterator[Talk]:
    """A conversation on it."""
    async with talking(web, visitor="v-1", language="ar", sample_rate=16000) as begun:
        yield begun
