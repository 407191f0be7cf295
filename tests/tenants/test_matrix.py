"""Every public function on a tenant's session is called with another tenant's ids: nothing comes, nothing goes.

Functions are found by being there; one with a parameter that nobody has a foreign value for fails until it gets one.
"""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlmodel import SQLModel

import core_pipeline.actions
import core_pipeline.answers
import core_pipeline.calls
import core_pipeline.cloning
import core_pipeline.desk
import core_pipeline.erasing
import core_pipeline.history
import core_pipeline.insight
import core_pipeline.notices
import tenants
from errors import SawtakError
from tenants import models
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.tenants.foreign import MARK, Doing, arguments, furnished

PACKAGES = (
    tenants,
    core_pipeline.history,
    core_pipeline.answers,
    core_pipeline.cloning,
    core_pipeline.desk,
    core_pipeline.erasing,
    core_pipeline.insight,
    core_pipeline.actions,
    core_pipeline.notices,
    core_pipeline.calls,
)
# Recorded from the front door with ids that routing has looked up, never from what a stranger says.
ROUTED = {"core_pipeline.history.incoming.record"}
REFUSALS = (SawtakError, IntegrityError, NoResultFound)


def functions() -> list[Any]:
    """Every public coroutine function whose first parameter is a session."""
    found = []
    for package in PACKAGES:
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = import_module(info.name)
            for name, thing in vars(module).items():
                own = inspect.iscoroutinefunction(thing) and thing.__module__ == info.name
                if (
                    own
                    and not name.startswith("_")
                    and next(iter(inspect.signature(thing).parameters), "") == "session"
                ):
                    found.append(pytest.param(thing, id=f"{info.name}.{name}"))
    return [one for one in found if one.id not in ROUTED]


async def everything(floor: Floor, tenant_id: str) -> dict[str, list[str]]:
    """All rows of a tenant as text, by table."""
    found = {}
    async with floor.db.platform(reads=True) as session:
        for table in SQLModel.metadata.sorted_tables:
            if "tenant_id" in table.c:
                rows = (await session.execute(select(table).where(table.c.tenant_id == tenant_id))).all()
                found[table.name] = sorted(str(row) for row in rows)
    return found


@pytest.mark.parametrize("function", functions())
async def test_foreign_ids_give_nothing_and_change_nothing(function: Doing, sqlite_database: Floor) -> None:
    foreign = await furnished(sqlite_database)
    mine = await make_tenant(sqlite_database.db, name_en="mine")
    async with sqlite_database.db.tenant(mine.id) as session:
        told = models.Subscription(tenant_id=mine.id, url="https://a.example", events=["turn.dead"], sealed="s")
        session.add(told)
    before = await everything(sqlite_database, foreign["tenant_id"])
    try:
        async with sqlite_database.db.tenant(mine.id) as session:
            given = arguments(function, foreign)
            came = repr(await function(session, **given))
    except REFUSALS:
        came = ""
    assert MARK not in came
    assert await everything(sqlite_database, foreign["tenant_id"]) == before


def test_the_matrix_is_not_empty() -> None:
    names = {str(one.id) for one in functions()}
    assert len(names) > 50
    assert {"tenants.avatars.shown", "tenants.films.find", "tenants.films.keep"} <= names
    assert {"tenants.voices.get", "core_pipeline.history.memory.recall", "core_pipeline.answers.given.find"} <= names
