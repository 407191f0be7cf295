"""Every public function that works on a tenant's session is called with another tenant's ids: nothing comes, nothing goes.

Functions are found by being there; one with a parameter that nobody has a foreign value for fails until it gets one.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlmodel import SQLModel

import core_pipeline.actions
import core_pipeline.answers
import core_pipeline.cloning
import core_pipeline.history
import tenants
from core_pipeline.actions.waiting import Pending
from core_pipeline.answers.given import Given, Question
from core_pipeline.contracts.messages import Receipt, Reply, ReplyKind, Status
from errors import SawtakError
from tenants import models
from tenants.actions import ActionDraft
from tenants.agents import Agent
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_message, make_tenant

MARK = "FOREIGN-MARK"
NOW = datetime.now(UTC)
PACKAGES = (tenants, core_pipeline.history, core_pipeline.answers, core_pipeline.cloning, core_pipeline.actions)
# Recorded from the front door with ids that routing has looked up, never from what a stranger says.
ROUTED = {"core_pipeline.history.incoming.record"}
Doing = Callable[..., Awaitable[Any]]


def functions() -> list[Any]:
    """Every public coroutine function whose first parameter is a session."""
    found = []
    for package in PACKAGES:
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = import_module(info.name)
            for name, thing in vars(module).items():
                own = inspect.iscoroutinefunction(thing) and thing.__module__ == info.name
                if own and not name.startswith("_") and next(iter(inspect.signature(thing).parameters), "") == "session":
                    found.append(pytest.param(thing, id=f"{info.name}.{name}"))
    return [one for one in found if one.id not in ROUTED]


async def furnished(floor: Floor) -> dict[str, Any]:
    """A tenant with a row in every table, each with the mark in it, and their ids by parameter name."""
    tenant = await make_tenant(floor.db, name_en=MARK)
    account = await make_account(floor.db, tenant, title=MARK)
    conversation = await make_conversation(floor.db, account, summary=MARK, pending={"mark": MARK})
    message = await make_message(floor.db, conversation, text=MARK, turn_id="turn-a", key="key-a")
    own = {"tenant_id": tenant.id}
    rows: dict[str, SQLModel] = {
        "turn": models.Turn(id="turn-a", conversation_id=conversation.id, answer=MARK, **own),
        "document": models.Document(title=MARK, url=f"https://{MARK}.example", mime="text/plain", sha256=MARK, **own),
        "entry": models.Entry(fact=MARK, language="en", question=MARK, answer=MARK, **own),
        "product": models.Product(fact=MARK, language="en", name=MARK, **own),
        "action": models.Action(name="order_status", description=MARK, url="https://a.example", **own),
        "answer": models.CachedAnswer(
            key="cached-a", circumstances="c", question=MARK, language="en", answer=MARK, blob=MARK, **own
        ),
        "voice": models.ClonedVoice(name=MARK, language="ar", state=models.VoiceState.READY, sample=MARK, **own),
        "engine": models.EngineAccount(kind="llm", name=MARK, **own),
    }
    async with floor.db.platform() as session:
        for row in rows.values():
            session.add(row)
            await session.flush()
        chunk = models.Chunk(document_id=getattr(rows["document"], "id"), position=0, text=MARK, **own)  # noqa: B009 - rows are of many tables
        render = models.Render(voice_id=getattr(rows["voice"], "id"), blob=MARK, **own)  # noqa: B009 - as above
        session.add_all([chunk, render])
    ids = {f"{name}_id": getattr(row, "id") for name, row in rows.items()}  # noqa: B009 - as above
    return {
        **ids,
        "tenant_id": tenant.id,
        "conversation_id": conversation.id,
        "account_id": account.id,
        "own": message.id,
        "from_id": message.id,
        "until": message.id,
        "key": "key-a",
        "document": rows["document"],
        "besides": ids["document_id"],
    }


def others(foreign: Mapping[str, Any]) -> dict[str, Any]:
    """Values for parameters that name no row; those that could, name the foreign tenant's."""
    receipt = Receipt(account="x", message_id=MARK, status=Status.READ, at=NOW, key="key-a")
    question = Question("what", "en", "c", "cached-a") if _takes(Question, 4) else None
    given = {name: None for name in ()}
    del given
    return {
        "vault": Vault.generate(),
        "name": "order_status",
        "draft": ActionDraft(name="theirs", description="d", url="https://a.example"),
        "agent": Agent.model_validate({"sawtak": 1, "tenant": {"slug": "xy", "name_ar": "ا", "name_en": "A"}}),
        "reply": Reply(kind=ReplyKind.TEXT, key="key-a", address={}, text="mine"),
        "receipt": receipt,
        "question": question,
    }


def _takes(kind: Any, count: int) -> bool:
    return len(inspect.signature(kind).parameters) == count
