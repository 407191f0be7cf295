"""A tenant's agent as one YAML file: who it is, what it knows and does, without any secret; out and in again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants import personas
from tenants.actions import ActionDraft, actions, save
from tenants.audit import Actor
from tenants.engines import still_sealed
from tenants.models import Action, EngineAccount, Entry, Product, Tenant, new_id
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.vault import Vault

MOST_BYTES = 8 << 20
IMPORTER = Actor("import")
_SAID = ("fact", "language", "question", "answer", "alternatives")
_SOLD = ("fact", "language", "name", "description", "price", "currency", "available")
_DONE = ("name", "description", "method", "url", "headers", "parameters", "changes", "timeout", "active")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Business(_Part):
    """Names of the business."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")
    name_ar: str = Field(min_length=1)
    name_en: str = Field(min_length=1)


class Answering(_Part):
    """A question with its answer in one language."""

    fact: str = Field(min_length=1)
    language: Literal["ar", "en"]
    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    alternatives: list[str] = Field(default_factory=list)


class Selling(_Part):
    """A product in one language; `price` is a decimal."""

    fact: str = Field(min_length=1)
    language: Literal["ar", "en"]
    name: str = Field(min_length=1)
    description: str = ""
    price: str | None = Field(default=None, pattern=r"^\d{1,12}(\.\d{1,3})?$")
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    available: bool = True


class Doing(ActionDraft):
    """An action; its secret headers are only named."""

    secrets: list[str] = Field(default_factory=list)  # type: ignore[assignment]  # the file names them, the vault keeps them


class Using(_Part):
    """An engine that the tenant set up; its secrets are only named."""

    kind: str
    name: str
    config: dict[str, Any] = Field(default_factory=dict)
    secrets: list[str] = Field(default_factory=list)


class Agent(_Part):
    """The whole file; `sawtak` is the version of its format."""

    sawtak: Literal[1]
    tenant: Business
    policy: Policy = Field(default_factory=Policy)
    facts: dict[str, str] = Field(default_factory=dict)
    entries: list[Answering] = Field(default_factory=list)
    products: list[Selling] = Field(default_factory=list)
    actions: list[Doing] = Field(default_factory=list)
    engines: list[Using] = Field(default_factory=list)


@dataclass
class Imported:
    """What an import changed; `secrets_missing` names the secrets that must be entered before things work."""

    entries: int = 0
    products: int = 0
    removed: int = 0
    secrets_missing: list[str] = field(default_factory=list)


async def exported(session: AsyncSession, tenant_id: str) -> str:
    """The tenant's agent as YAML; documents and voices are files and not in it."""
    tenant = await session.get_one(Tenant, tenant_id)
    entries = await session.scalars(
        select(Entry).where(col(Entry.document_id).is_(None)).order_by(col(Entry.fact), col(Entry.language))
    )
    products = await session.scalars(
        select(Product).where(col(Product.document_id).is_(None)).order_by(col(Product.fact), col(Product.language))
    )
    engines = await session.scalars(select(EngineAccount).order_by(col(EngineAccount.kind), col(EngineAccount.name)))
    file = {
        "sawtak": 1,
        "tenant": {"slug": tenant.slug, "name_ar": tenant.name_ar, "name_en": tenant.name_en},
        "policy": Policy.model_validate(tenant.policy).model_dump(mode="json", exclude_defaults=True),
        "facts": dict(tenant.facts or {}),
        "entries": [_part(row, _SAID) for row in entries],
        "products": [_part(row, _SOLD) for row in products],
        "actions": [{**_part(row, _DONE), "secrets": sorted(row.sealed)} for row in await actions(session)],
        "engines": [
            {"kind": row.kind, "name": row.name, "config": row.config, "secrets": sorted(row.sealed)} for row in engines
        ],
    }
    return str(yaml.safe_dump(file, allow_unicode=True, sort_keys=False, width=120))


def _part(row: Entry | Product | Action, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def parsed(text: str) -> Agent:
    """Read an agent's file; `Impossible("agent-file")` says in which line or field what is wrong."""
    if len(text.encode()) > MOST_BYTES:
        raise Impossible("agent-file", f"the file is larger than {MOST_BYTES >> 20} MiB")
    try:
        return Agent.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise Impossible("agent-file", f"{where} is no YAML: {getattr(error, 'problem', '') or 'unreadable'}") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()[:10])
        raise Impossible("agent-file", wrong) from None


async def imported(
    session: AsyncSession,
    vault: Vault,
    tenant_id: str,
    agent: Agent,
    *,
    replace: bool = False,
    actor: Actor = IMPORTER,
) -> Imported:
    """Give the tenant this agent; with `replace`, questions and products that the file lacks are removed.

    Names and policy become the file's, as a new version; the short name stays. Secrets that are sealed already are
    kept. Raises `personas.Wrong` for a policy that can't be kept.
    """
    tenant, done = await session.get_one(Tenant, tenant_id), Imported()
    tenant.name_ar, tenant.name_en = agent.tenant.name_ar, agent.tenant.name_en
    await personas.save(session, actor, agent.policy, agent.facts or tenant.facts or {}, "import")
    done.entries, gone_entries = await _rows(session, Entry, tenant_id, agent.entries, replace)
    done.products, gone_products = await _rows(session, Product, tenant_id, agent.products, replace)
    done.removed = gone_entries + gone_products
    for action in agent.actions:
        done.secrets_missing += await _action(session, vault, action)
    for engine in agent.engines:
        done.secrets_missing += await _engine(session, tenant_id, engine)
    tenant.knowledge_version += 1
    return done


async def _rows(
    session: AsyncSession,
    table: type[Entry | Product],
    tenant_id: str,
    wanted: Iterable[BaseModel],
    replace: bool,
) -> tuple[int, int]:
    rows: list[Any] = list(await session.scalars(select(table)))
    known = {(row.fact, row.language): row for row in rows}
    seen = set()
    for each in wanted:
        given = each.model_dump()
        key = given["fact"], given["language"]
        seen.add(key)
        row = known.get(key) or table(id=new_id(), tenant_id=tenant_id, **given)
        for name, value in given.items():
            setattr(row, name, value)
        session.add(row)
    gone = [row for key, row in known.items() if key not in seen and getattr(row, "document_id", None) is None]
    for row in gone if replace else []:
        await session.delete(row)
    await session.flush()
    return len(seen), len(gone) if replace else 0


async def _action(session: AsyncSession, vault: Vault, given: Doing) -> list[str]:
    """Keep the action; one whose secrets are not here yet stays switched off until they are entered."""
    there = await session.scalar(select(Action).where(col(Action.name) == given.name))
    kept = set(there.sealed) if there and there.url == given.url else set()
    missing = sorted(set(given.secrets) - kept)
    plain = given.model_dump(exclude={"secrets", "active"})
    secrets = dict.fromkeys(set(given.secrets) & kept)
    draft = ActionDraft(**plain, secrets=secrets, active=given.active and not missing)
    await save(session, vault, draft, action_id=there.id if there else None)
    return [f"action {given.name}: {name}" for name in missing]


async def _engine(session: AsyncSession, tenant_id: str, given: Using) -> list[str]:
    asked = select(EngineAccount).where(col(EngineAccount.kind) == given.kind, col(EngineAccount.name) == given.name)
    row = await session.scalar(asked)
    if row is None:
        row = EngineAccount(id=new_id(), tenant_id=tenant_id, kind=given.kind, name=given.name)
        session.add(row)
    row.sealed = still_sealed(row, given.config)
    row.config = given.config
    return [f"{given.kind} engine {given.name}: {name}" for name in sorted(set(given.secrets) - set(row.sealed))]
