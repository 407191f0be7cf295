"""The operator's commands on people, on a floor of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from admin.commands.people import people_of
from errors import Impossible
from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.models import Person
from tenants.people import invites
from tenants.vault import Vault
from tests.factories import make_tenant

PASSWORD = "a long passphrase of mine"


class Floor:
    """Runs commands, each with a database of its own opening, as the command line does."""

    def __init__(self, url: str) -> None:
        self.url, self.vault = url, Vault.generate()

    def on_floor(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def opened() -> Any:
            async with Database(self.url) as db:
                self.db, self.book = db, AccountBook(db, self.vault)
                return await work(self)

        return asyncio.run(opened())

    def run(self, *words: str) -> str:
        done = CliRunner().invoke(people_of(self.on_floor, lambda: "https://sawtak.example"), list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output.strip()

    def accept(self, link: str, login: str) -> None:
        assert link.startswith("https://sawtak.example/admin/invite/")
        token = link.rpartition("/")[2]
        fresh = Person(login=login, name=login, language="en")
        self.on_floor(lambda floor: invites.accept(floor.db, token, fresh, PASSWORD))


@pytest.fixture
def floor(sqlite_url_pair: tuple[str, str]) -> Floor:
    return Floor(sqlite_url_pair[0])


def test_people_are_invited_listed_reset_and_switched_off(floor: Floor) -> None:
    tenant = floor.on_floor(lambda each: make_tenant(each.db))
    floor.accept(floor.run("invite", "--role", "platform-admin"), "first")
    floor.accept(floor.run("invite", "--role", "owner", "--tenant", tenant.slug, "--name", "Mona"), "mona")
    floor.accept(floor.run("invite", "--role", "agency-admin", "--agency", f"agency-of-{tenant.slug}"), "agency")
    listed = {one["login"]: one for one in json.loads(floor.run("list", "--json"))}
    assert listed["first"]["roles"] == "platform-admin@platform"
    assert listed["mona"]["roles"] == f"owner@{tenant.slug}"
    assert listed["agency"]["roles"] == f"agency-admin@agency-of-{tenant.slug}"
    token = floor.run("reset", "MONA", "--second").rpartition("/")[2]
    changed = floor.on_floor(lambda each: invites.choose_password(each.db, token, "another long passphrase"))
    assert changed
    floor.run("off", "agency")
    assert not {one["login"]: one for one in json.loads(floor.run("list", "--json"))}["agency"]["on"]
    for login, code in (("first", "last-owner"), ("mona", "last-owner"), ("nobody", "person-missing")):
        with pytest.raises(Impossible, match=code):
            floor.run("off", login)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--role", "owner"], "role-above"),
        (["--role", "platform-admin", "--agency", "nobody"], "no-such-agency"),
        (["--role", "owner", "--tenant", "nobody"], "no-such-tenant"),
        (["--role", "owner", "--tenant", "a", "--agency", "b"], "role-above"),
    ],
)
def test_what_can_not_be_is_said(floor: Floor, words: list[str], code: str) -> None:
    with pytest.raises(Impossible, match=code):
        floor.run("invite", *words)
