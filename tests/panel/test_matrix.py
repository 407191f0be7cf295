"""Every address of the panel, as it is found in the router, for every role, on one's own ground and on another's.

What may be expected is written here by hand, apart from the code that decides it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import httpx
import pytest
import pytest_asyncio

from admin.frame.doors import Door, Open
from admin.panel import doors
from tenants.people.roles import May, Role
from tests.conftest import sqlite_urls
from tests.panel.everything import Everything, everything
from tests.panel.house import Panel, Visitor, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNERS = {Role.PLATFORM_ADMIN, Role.AGENCY_ADMIN, Role.OWNER}
WHO_MAY = {
    May.SEE: set(Role),
    May.ANSWER: set(Role) - {Role.VIEWER},
    May.EDIT: OWNERS | {Role.EDITOR},
    May.CONNECT: OWNERS,
    May.PEOPLE: OWNERS,
    May.TENANTS: {Role.PLATFORM_ADMIN, Role.AGENCY_ADMIN},
    May.PLATFORM: {Role.PLATFORM_ADMIN},
}
MARK, FOREIGN = "OWN-MARK", "FOREIGN-MARK"
# They answer with a stream that goes on for as long as somebody listens.
STREAMS = ("/stream",)


def all_doors() -> list[Door]:
    """Every door that ends its answer."""
    return [door for door in doors() if not door.path.endswith(STREAMS)]


def named(door: Door) -> str:
    """How a door is told in a failure."""
    return f"{door.method} {door.path}"


@dataclass
class Ground:
    """A panel with two tenants of different agencies, and a visitor of each role at the first."""

    panel: Panel
    own: Everything
    foreign: Everything
    visitors: dict[Role, Visitor]

    async def ask(self, role: Role, door: Door, path: str, **given: str) -> httpx.Response:
        """Go through a door as somebody with this role would, with the form's token."""
        visitor = self.visitors[role]
        headers = {"X-CSRF-Token": visitor.csrf, **given}
        return await visitor.http.request(door.method, f"/admin{path}", headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """One panel for all: refusals change nothing."""
    folder = tmp_path_factory.mktemp("matrix") / "databases"
    copytree(sqlite_template, folder)
    async with AsyncExitStack() as stack:
        panel = await stack.enter_async_context(opened(sqlite_urls(folder), folder, whole=False))
        own, foreign = await everything(panel.db, MARK), await everything(panel.db, FOREIGN)
        visitors = {
            role: await stack.enter_async_context(panel.visitor(role, own.tenant, language="en")) for role in Role
        }
        yield Ground(panel, own, foreign, visitors)


def _role_at(door: Door, role: Role) -> Role | None:
    """Who somebody of the first tenant is where the door leads; None: nobody."""
    if "{tenant}" in door.path or role is Role.PLATFORM_ADMIN:
        return role
    return role if "{agency}" in door.path and role is Role.AGENCY_ADMIN else None


async def test_every_part_of_every_address_is_known(ground: Ground) -> None:
    assert [named(door) for door in doors() if "{" in ground.own.fill(door.path)] == []
    assert len(all_doors()) > 100


async def test_roles_that_may_not_are_refused(ground: Ground) -> None:
    wrong: list[tuple[object, ...]] = []
    for door in all_doors():
        if isinstance(door.may, Open):
            continue
        for role in Role:
            here = _role_at(door, role)
            if here is not None and here in WHO_MAY[door.may]:
                continue
            expected = 404 if here is None else 403
            response = await ground.ask(role, door, ground.own.fill(door.path))
            if response.status_code != expected:
                wrong.append((named(door), role.value, response.status_code, expected))
    assert wrong == []


async def test_roles_that_may_are_let_in(ground: Ground) -> None:
    """With the least powerful role that may: no door that only reads refuses it."""
    wrong: list[tuple[object, ...]] = []
    for door in all_doors():
        if isinstance(door.may, Open) or door.method != "GET":
            continue
        role = max((one for one in WHO_MAY[door.may] if _role_at(door, one) is not None), key=lambda one: one.rank)
        response = await ground.ask(role, door, ground.own.fill(door.path))
        if response.status_code in {401, 403} or response.status_code >= 500:
            wrong.append((named(door), role.value, response.status_code))
    assert wrong == []


async def test_nobody_learns_of_another_tenant(ground: Ground) -> None:
    wrong: list[tuple[object, ...]] = []
    for door in all_doors():
        if isinstance(door.may, Open) or not ("{tenant}" in door.path or "{agency}" in door.path):
            continue
        for role in set(Role) - {Role.PLATFORM_ADMIN}:
            response = await ground.ask(role, door, ground.foreign.fill(door.path))
            if response.status_code != 404 or FOREIGN in response.text:
                wrong.append((named(door), role.value, response.status_code))
    assert wrong == []


async def test_nothing_of_another_tenant_is_reached_through_ones_own(ground: Ground) -> None:
    """One's own tenant in the address and somebody else's things: answered like things that there are not."""
    wrong: list[tuple[object, ...]] = []
    instead = {"tenant": ground.own.names["tenant"], "agency": ground.own.names["agency"]}
    nobodys = dict.fromkeys(ground.own.names, "0" * 32) | instead
    for door in all_doors():
        mine, theirs = ground.own.fill(door.path), ground.foreign.fill(door.path, **instead)
        somewhere = "{tenant}" in door.path or "{agency}" in door.path
        if mine == theirs or isinstance(door.may, Open) or not somewhere:
            continue
        role = Role.AGENCY_ADMIN if "{agency}" in door.path else Role.OWNER
        if role not in WHO_MAY[door.may]:
            continue
        response = await ground.ask(role, door, theirs)
        nothing = await ground.ask(role, door, ground.foreign.fill(door.path, **nobodys))
        same = response.status_code == nothing.status_code
        refused = response.status_code == 404 or (door.method != "GET" and response.status_code in {403, 422})
        if not (same and refused) or FOREIGN in response.text:
            wrong.append((named(door), role.value, response.status_code, nothing.status_code))
    assert wrong == []


async def test_a_form_without_the_token_is_refused(ground: Ground) -> None:
    wrong: list[tuple[object, ...]] = []
    for door in all_doors():
        if door.method == "GET" or door.may is Open.ANYBODY:
            continue
        for given in ({"X-CSRF-Token": "x"}, {"X-CSRF-Token": ""}):
            response = await ground.ask(Role.PLATFORM_ADMIN, door, ground.own.fill(door.path), **given)
            if response.status_code != 403:
                wrong.append((named(door), response.status_code))
        cross = {"Sec-Fetch-Site": "cross-site"}
        response = await ground.ask(Role.PLATFORM_ADMIN, door, ground.own.fill(door.path), **cross)
        if response.status_code != 403:
            wrong.append((named(door), response.status_code))
    assert wrong == []


async def test_strangers_are_sent_to_the_entrance(ground: Ground) -> None:
    wrong: list[tuple[object, ...]] = []
    async with ground.panel.stranger() as stranger:
        for door in all_doors():
            if door.may is Open.ANYBODY:
                continue
            response = await stranger.request(door.method, f"/admin{ground.own.fill(door.path)}")
            sent_away = response.status_code == 303 and response.headers["location"] == "/admin/sign-in"
            if not sent_away and response.status_code != 401:
                wrong.append((named(door), response.status_code))
            if MARK in response.text:
                wrong.append((named(door), "leaks"))
    assert wrong == []


async def test_whoever_owes_the_second_factor_gets_no_further(ground: Ground) -> None:
    wrong: list[tuple[object, ...]] = []
    async with ground.panel.visitor(Role.OWNER, ground.own.tenant, whole=False) as half:
        for door in all_doors():
            if isinstance(door.may, Open) and door.may is not Open.SIGNED_IN:
                continue
            headers = {"X-CSRF-Token": half.csrf}
            response = await half.http.request(door.method, f"/admin{ground.own.fill(door.path)}", headers=headers)
            passed = response.status_code != 303 or response.headers["location"] != "/admin/sign-in/second"
            if passed and response.status_code != 404:
                wrong.append((named(door), response.status_code))
    assert wrong == []
