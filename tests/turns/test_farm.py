"""The workflow engine's database: what is opened is closed."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from core_pipeline.turns.farm import close_engine, engine_for
from tests.conftest import Floor
from tests.turns.plant import turns_url


async def test_what_a_thread_brings_back_after_the_end_is_closed(database: Floor) -> None:
    engine = engine_for(turns_url(database))
    late = engine.connect()
    connection = late.connection.driver_connection
    assert connection is not None
    close_engine(engine)
    assert connection.execute("SELECT 1").fetchone() == (1,)
    late.close()
    with pytest.raises((psycopg.OperationalError, sqlite3.ProgrammingError), match="closed"):
        connection.execute("SELECT 1")
