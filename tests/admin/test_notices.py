"""The operator's commands on notices, on a floor of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from admin.commands.notices import notices_of
from core_pipeline.notices import notify
from errors import Impossible
from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.models import Notice, NoticeState
from tenants.vault import Vault
from tests.factories import make_tenant


@dataclass
class Desk:
    """Runs commands, each with a database of its own opening, as the command line does."""

    url: str
    vault: Vault
    slug: str = ""
    tenant_id: str = ""

    def on_floor(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def opened() -> Any:
            async with Database(self.url) as db:
                self.db, self.book = db, AccountBook(db, self.vault)
                return await work(self)

        return asyncio.run(opened())

    def run(self, *words: str) -> str:
        done = CliRunner().invoke(notices_of(self.on_floor, lambda: {"erp.internal:80"}), list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output


@pytest.fixture
def desk(sqlite_url_pair: tuple[str, str]) -> Desk:
    made = Desk(sqlite_url_pair[0], Vault.generate())

    async def furnish(floor: Any) -> None:
        tenant = await make_tenant(floor.db)
        made.slug, made.tenant_id = tenant.slug, tenant.id

    made.on_floor(furnish)
    return made


def test_a_subscription_from_its_secret_to_its_end(desk: Desk) -> None:
    said = desk.run("subscribe", "https://shop.example/hook", "--tenant", desk.slug, "--event", "turn.dead")
    assert "whsec_" in said
    desk.run("subscribe", "http://erp.internal/hook", "--tenant", desk.slug)
    first, second = json.loads(desk.run("list", "--tenant", desk.slug, "--json"))
    assert (first["url"], first["events"], first["on"]) == ("https://shop.example/hook", "turn.dead", True)
    assert "call.missed" in second["events"]
    assert "whsec_" not in str((first, second))
    desk.run("unsubscribe", first["id"], "--tenant", desk.slug)
    assert [one["id"] for one in json.loads(desk.run("list", "--tenant", desk.slug, "--json"))] == [second["id"]]


def test_a_wrong_address_says_what_to_mend(desk: Desk) -> None:
    with pytest.raises(Impossible, match="https"):
        desk.run("subscribe", "http://shop.example/hook", "--tenant", desk.slug)


def test_dead_notices_are_shown_and_tried_again(desk: Desk) -> None:
    desk.run("subscribe", "https://shop.example/hook", "--tenant", desk.slug)

    async def die(floor: Any) -> None:
        async with floor.db.tenant(desk.tenant_id) as session:
            await notify(session, "turn.dead", "t1", {"heard": "secret words"})
            await session.execute(update(Notice).values(state=NoticeState.DEAD, cause="http-500", attempts=12))

    desk.on_floor(die)
    [letter] = json.loads(desk.run("dead", "--tenant", desk.slug, "--json"))
    assert (letter["event"], letter["cause"], letter["tries"]) == ("turn.dead", "http-500", 12)
    assert "secret words" not in str(letter)
    desk.run("retry", letter["id"], "--tenant", desk.slug)
    assert desk.run("dead", "--tenant", desk.slug).strip() == "No dead notices."
    with pytest.raises(Impossible, match="not-dead"):
        desk.run("retry", letter["id"], "--tenant", desk.slug)
