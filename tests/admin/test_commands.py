"""The operator's commands on engines, actions and handovers, on a real floor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from admin.commands.actions import actions_of
from admin.commands.engines import engines_of
from admin.commands.handovers import handovers_of
from tenants.accounts import AccountBook
from tenants.actions import ActionDraft, actions, opened, save
from tenants.db import Database
from tenants.engines import EngineBook, Own
from tenants.floor import Floor
from tenants.models import Conversation, Tenant
from tenants.vault import Vault
from tests.factories import make_account, make_conversation, make_tenant

Work = Callable[[Floor], Awaitable[Any]]


class Desk:
    """Runs commands, each on a floor of its own as the command line does."""

    def __init__(self, url: str) -> None:
        self.url, self.vault = url, Vault.generate()

    def on_floor(self, work: Work) -> Any:
        async def run() -> Any:
            async with Database(self.url) as db:
                return await work(Floor(db, self.vault, AccountBook(db, self.vault)))

        return asyncio.run(run())

    def __call__(self, group: Callable[[Any], typer.Typer], *words: str, enter: str = "", code: int = 0) -> str:
        done = CliRunner().invoke(group(self.on_floor), words, input=enter)
        assert done.exit_code == code, (done.output, done.exception)
        return done.output


@pytest.fixture
def desk(sqlite_url_pair: tuple[str, str]) -> Desk:
    return Desk(sqlite_url_pair[0])


@pytest.fixture
def tenant(desk: Desk) -> Tenant:
    made: Tenant = desk.on_floor(lambda floor: make_tenant(floor.db, slug="shop"))
    return made


def test_engines_are_listed_and_chosen(desk: Desk, tenant: Tenant) -> None:
    assert "tts/espeak" in desk(engines_of, "list")
    desk(engines_of, "use", "llm", "knowledge", "--tenant", "shop")
    own: Own = desk.on_floor(lambda floor: EngineBook(floor.db, floor.vault).of(tenant.id))
    assert own.chains == {"llm": "knowledge"}
    desk(engines_of, "use", "llm", "default", "--tenant", "shop")
    own = desk.on_floor(lambda floor: EngineBook(floor.db, floor.vault).of(tenant.id))
    assert own.chains == {}


def test_an_engines_key_is_asked_for_and_sealed(desk: Desk, tenant: Tenant) -> None:
    address = "base_url=https://llm.example/v1"
    out = desk(engines_of, "set", "llm", "openai_compatible", "--tenant", "shop", "--set", address, enter="sk-1\n")
    assert "sk-1" not in out
    own: Own = desk.on_floor(lambda floor: EngineBook(floor.db, floor.vault).of(tenant.id))
    assert own.configs["llm", "openai_compatible"]["api_key"].get_secret_value() == "sk-1"
    desk(engines_of, "forget", "llm", "openai_compatible", "--tenant", "shop")
    desk(engines_of, "set", "asr", "demo", "--tenant", "shop", code=1)


def test_an_action_waits_for_its_secret(desk: Desk, tenant: Tenant) -> None:
    async def add(floor: Floor) -> None:
        async with floor.db.tenant(tenant.id) as session:
            draft = ActionDraft(name="order_status", description="d", url="https://shop.example/o", active=False)
            await save(session, floor.vault, draft)

    async def read(floor: Floor) -> tuple[bool, dict[str, str]]:
        async with floor.db.tenant(tenant.id, reads=True) as session:
            [action] = await actions(session)
            return action.active, {k: v.get_secret_value() for k, v in opened(floor.vault, action).items()}

    desk.on_floor(add)
    out = desk(actions_of, "secret", "order_status", "X-Key", "--tenant", "shop", enter="s3cret\n")
    assert "s3cret" not in out
    desk(actions_of, "switch", "order_status", "--tenant", "shop", "--on")
    assert desk.on_floor(read) == (True, {"X-Key": "s3cret"})
    listed = json.loads(desk(actions_of, "list", "--tenant", "shop", "--json"))
    assert listed == [{"name": "order_status", "calls": "GET https://shop.example/o", "asks": False, "on": True}]
    desk(actions_of, "remove", "order_status", "--tenant", "shop")
    assert "No actions" in desk(actions_of, "list", "--tenant", "shop")


def test_who_waits_for_a_person_is_listed_until_it_is_done(desk: Desk, tenant: Tenant) -> None:
    async def hand(floor: Floor) -> Conversation:
        account = await make_account(floor.db, tenant)
        return await make_conversation(floor.db, account, handed_at=datetime.now(UTC))

    async def seen(floor: Floor) -> Conversation:
        async with floor.db.tenant(tenant.id, reads=True) as session:
            return await session.get_one(Conversation, waiting.id)

    waiting: Conversation = desk.on_floor(hand)
    assert waiting.id in desk(handovers_of, "list", "--tenant", "shop")
    desk(handovers_of, "done", waiting.id, "--tenant", "shop")
    assert "Nobody waits" in desk(handovers_of, "list", "--tenant", "shop")
    assert desk.on_floor(seen).changed_at > waiting.changed_at
