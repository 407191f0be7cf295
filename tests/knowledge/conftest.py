"""Databases of all three kinds that an index may lie in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tenants.db import Database
from tenants.schema import libpq, migrate
from tests.postgres import Server

KINDS = ("sqlite", "postgres", "pgvector")


@pytest.fixture(scope="session")
def pgvector_template(postgres_server: Server) -> Iterator[str]:
    """A migrated database with the vector extension, which only a superuser can bring in; its name."""
    with postgres_server.empty() as url:
        with psycopg.connect(libpq(make_url(postgres_server.as_superuser(url))), autocommit=True) as admin:
            admin.execute("CREATE EXTENSION vector")
        migrate(url, url)
        yield str(make_url(url).database)


@pytest.fixture
def sqlite_one(sqlite_url_pair: tuple[str, str]) -> str:
    return sqlite_url_pair[0]


@pytest.fixture
def postgres_one(postgres_url_pair: tuple[str, str]) -> str:
    return postgres_url_pair[0]


@pytest.fixture
def pgvector_one(postgres_server: Server, pgvector_template: str) -> Iterator[str]:
    name = f"sawtak_{uuid4().hex}"
    postgres_server._create(name, pgvector_template)
    yield postgres_server.url(name)
    postgres_server._drop(name)


@pytest.fixture(params=KINDS)
async def db(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """An open migrated database, for each kind of store in turn."""
    async with Database(request.getfixturevalue(f"{request.param}_one")) as opened:
        yield opened
