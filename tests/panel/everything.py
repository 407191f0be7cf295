"""One of everything that an address of the panel may name, for any tenant, each with the tenant's own mark in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel

from tenants import models
from tenants.db import Database
from tenants.people import signed_in
from tests import factories

_NAMED = re.compile(r"\{(\w+)(?::\w+)?\}")
# What all tenants have in common: names of the shelf, of the engines and of the frame itself.
SHARED = {
    "channel": "telegram",
    "choice": "salma",
    "language": "ar",
    "slug": "espeak-ar-woman",
    "trade": "restaurant",
    "kind": "llm",
    "number": "1",
    "token": "nobody-has-this-token",
}
OF_PATH = {"insight": {"name": "days"}, "engines": {"name": "openai"}}


@dataclass(frozen=True)
class Everything:
    """A tenant with `names`: what parts of addresses stand for."""

    tenant: models.Tenant
    agency: models.Agency
    names: dict[str, str]

    def fill(self, path: str, **instead: str) -> str:
        """A door's path with this tenant's things in it; `KeyError` for a part that nobody has a value for."""
        own: dict[str, str] = next((given for word, given in OF_PATH.items() if f"/{word}" in path), {})
        known = {**SHARED, **self.names, **own, **instead}
        return _NAMED.sub(lambda found: known[found[1]], path)


async def everything(db: Database, mark: str, agency: models.Agency | None = None) -> Everything:
    """A new tenant with one of everything, in an agency of its own or in this one."""
    tenant = await factories.make_tenant(db, name_ar=mark, name_en=mark)
    if agency is not None:
        async with db.platform() as session:
            (await session.get_one(models.Tenant, tenant.id)).agency_id = agency.id
        tenant.agency_id = agency.id
    async with db.platform(reads=True) as session:
        whose = await session.get_one(models.Agency, tenant.agency_id)
    account = await factories.make_account(db, tenant, title=mark, channel="telegram", sealed={})
    talk = await factories.make_conversation(db, account, summary=mark)
    turn = models.Turn(id=f"turn-{tenant.id}", tenant_id=tenant.id, conversation_id=talk.id, answer=mark)
    await _keep(db, turn)
    message = await factories.make_message(db, talk, text=mark, turn_id=turn.id)
    call = models.Call(
        tenant_id=tenant.id, conversation_id=talk.id, account_id=account.id, provider_id=mark, state="ended"
    )
    await _keep(db, call)
    made = await _rows(db, tenant, mark)
    person, sign_in = await _person(db, tenant, mark)
    names = {name: str(row.id) for name, row in made.items()}
    places = {"tenant": tenant.slug, "business": tenant.slug, "agency": whose.slug}
    here = {"account": account.id, "conversation": talk.id, "message": str(message.id), "turn": turn.id}
    here["call"] = call.id
    return Everything(tenant, whose, {**names, **places, **here, "person": person, "sign_in": sign_in})


async def _rows(db: Database, tenant: models.Tenant, mark: str) -> dict[str, Any]:
    own: dict[str, Any] = {"tenant_id": tenant.id}
    hook = models.Subscription(url=f"https://{mark}.example", events=["turn.dead"], sealed="", **own)
    await _keep(db, hook)
    rows: dict[str, Any] = {
        "subscription": hook,
        "notice": models.Notice(
            subscription_id=hook.id, key=mark, event="turn.dead", state=models.NoticeState.DEAD, **own
        ),
        "document": models.Document(
            title=mark, mime="text/plain", sha256=mark, pages=[mark], state=models.DocumentState.READY, **own
        ),
        "entry": models.Entry(fact=mark, language="en", question=mark, answer=mark, **own),
        "product": models.Product(fact=mark, language="en", name=mark, **own),
        "question": models.OpenQuestion(language="en", question=mark, plain=mark, **own),
        "action": models.Action(name="order_status", description=mark, url=f"https://{mark}.example", **own),
        "voice": models.ClonedVoice(name=mark, language="ar", **own),
        "avatar": models.OwnAvatar(slug="a", name_ar=mark, name_en=mark, kind="photo", **own),
        "key": models.ApiKey(name=mark, prefix="sk_", digest=mark, scopes=["talk"], **own),
        "house_key": models.HouseKey(agency_id=tenant.agency_id, name=mark, prefix="ak_", digest=mark, made_by=mark),
        "label": models.Label(name=mark, **own),
        "word": models.Pronunciation(language="ar", written=mark, spoken=mark, **own),
        "invite": models.Invite(digest=mark, name=mark, role="viewer", expires_at=models.now(), **own),
        "version": models.PolicyVersion(number=1, note=mark, **own),
    }
    await _keep(db, *(row for name, row in rows.items() if name != "subscription"))
    return rows


async def _person(db: Database, tenant: models.Tenant, mark: str) -> tuple[str, str]:
    """A colleague who is only looking, and a browser of theirs."""
    person = models.Person(login=f"colleague-{tenant.slug}", name=mark)
    await _keep(db, person)
    await _keep(db, models.AccessGrant(person_id=person.id, role="viewer", tenant_id=tenant.id))
    async with db.platform() as session:
        token = await signed_in.begin(session, person.id, whole=True)
    async with db.platform(reads=True) as session:
        found = await signed_in.find(session, token)
    assert found is not None
    return person.id, found.sign_in.id


async def _keep(db: Database, *rows: SQLModel) -> None:
    async with db.platform() as session:
        for row in rows:
            session.add(row)
            await session.flush()
