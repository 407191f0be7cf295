"""An agency with two businesses, and people with roles."""

from __future__ import annotations

import pytest

from tests.conftest import Floor
from tests.people.staff import Staff, hired


@pytest.fixture
async def staff(database: Floor) -> Staff:
    """On both databases."""
    return await hired(database.db)


@pytest.fixture
async def small_staff(sqlite_database: Floor) -> Staff:
    """For what no database can change."""
    return await hired(sqlite_database.db)
