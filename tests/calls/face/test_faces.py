"""Whose face is seen in a call, and when there is none."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core_pipeline.calls.face import LARGE, SMALL, LiveFaces
from core_pipeline.engines.router import Engines
from tenants.blobs import Blobs
from tenants.models import AvatarState, OwnAvatar
from tenants.policy import Policy
from tests.conftest import Floor
from tests.factories import bench, make_tenant


@asynccontextmanager
async def faces(floor: Floor, folder: Path, chain: str = "illustrated", **bounds: int) -> AsyncIterator[LiveFaces]:
    tools = bench(folder)
    engines = Engines({"video": chain} if chain else {}, tools)
    try:
        yield LiveFaces(floor.db, Blobs(f"file://{folder / 'blobs'}"), engines, **bounds)
    finally:
        await engines.close()
        await tools.http.aclose()


async def test_a_tenants_avatar_is_seen_in_its_colours(sqlite_database: Floor, tmp_path: Path) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with faces(sqlite_database, tmp_path) as live:
        plain = await live.of(tenant.id, Policy(), "ar")
        red = await live.of(tenant.id, Policy(avatar_colours={"background": "#ff0000"}), "ar")
        other = await live.of(tenant.id, Policy(avatar={"ar": "omar"}), "ar")
        assert plain is not None
        assert red is not None
        assert other is not None
        shown = [one.picture(0.0) for one in (plain, red, other)]
        assert tuple(shown[1][0, 0]) != tuple(shown[0][0, 0])
        assert abs(shown[2].astype(int) - shown[0]).mean() > 2
        for one in (plain, red, other):
            one.close()
        assert live.count == 0


async def test_the_first_are_drawn_large_and_not_more_than_can_be(sqlite_database: Floor, tmp_path: Path) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with faces(sqlite_database, tmp_path, large=1, most=2) as live:
        first, second = [await live.of(tenant.id, Policy(), "en") for _ in range(2)]
        assert first is not None
        assert second is not None
        assert (first.shape, second.shape) == (LARGE, SMALL)
        assert await live.of(tenant.id, Policy(), "en") is None
        first.close()
        first.close()
        assert live.count == 1
        third = await live.of(tenant.id, Policy(), "en")
        assert third is not None
        for one in (second, third):
            one.close()
        assert live.count == 0


@pytest.mark.parametrize(("chain", "told"), [("", "no engine draws"), ("photo", "no engine draws")])
async def test_without_an_engine_that_draws_live_there_is_sound_only_and_it_is_said_once(
    sqlite_database: Floor, tmp_path: Path, chain: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tenant = await make_tenant(sqlite_database.db)
    async with faces(sqlite_database, tmp_path, chain) as live:
        for _ in range(3):
            assert await live.of(tenant.id, Policy(), "ar") is None
        assert live.count == 0
    assert len([record for record in caplog.records if told in record.message]) == 1


async def test_an_avatar_that_is_gone_leaves_the_call_with_sound(
    sqlite_database: Floor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tenant = await make_tenant(sqlite_database.db)
    async with faces(sqlite_database, tmp_path) as live:
        assert await live.of(tenant.id, Policy(avatar={"ar": "own:missing"}), "ar") is None
    assert "avatar-missing" in caplog.text


async def test_a_photographed_avatar_is_not_drawn_live(sqlite_database: Floor, tmp_path: Path) -> None:
    tenant = await make_tenant(sqlite_database.db)
    row = OwnAvatar(tenant_id=tenant.id, slug="p", name_ar="ص", name_en="P", kind="photo", state=AvatarState.REVOKED)
    async with sqlite_database.db.tenant(tenant.id) as session:
        session.add(row)
    async with faces(sqlite_database, tmp_path) as live:
        assert await live.of(tenant.id, Policy(avatar={"ar": f"own:{row.id}"}), "ar") is None
