from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core_pipeline.knowledge.documents.reader import Reader
from tenants.models import Tenant
from tests.conftest import Floor
from tests.documents.plant import Plant, planted
from tests.factories import make_tenant


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[Reader]:
    async with Reader() as opened:
        yield opened


@pytest.fixture
async def plant(database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(database.db, tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture
async def tenant(database: Floor) -> Tenant:
    return await make_tenant(database.db)
