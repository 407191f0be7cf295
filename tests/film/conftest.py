from collections.abc import AsyncIterator

import pytest_asyncio

from core_pipeline.media.sandbox import Sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as opened:
        yield opened
