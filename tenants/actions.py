"""What the bot can do in a tenant's own system: HTTP actions, checked when they are written, their secrets sealed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants.action_schema import check_schema, scalar
from tenants.db import scope_of
from tenants.models import Action, new_id
from tenants.vault import Vault, Where

RESERVED = frozenset({"handoff", "send_card"})
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MOST = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[\x20-\x7e]{0,2000}")
_OURS = frozenset(
    {
        *("host", "connection", "upgrade", "te", "trailer", "expect", "transfer-encoding", "proxy-authorization"),
        *("content-length", "content-type", "accept-encoding", "idempotency-key"),
    }
)
_URL = re.compile(r"[!-~]{1,1000}")


class ActionDraft(BaseModel):
    """An action as a form gives it; a secret header that is None keeps the value it has.

    `url` may name properties of `parameters` in braces, in its path and query; `timeout` counts in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]+$")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    secrets: dict[str, SecretStr | None] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    changes: bool = False
    timeout: float = Field(default=8.0, ge=0.5, le=20.0)
    active: bool = True


async def actions(session: AsyncSession, *, active: bool = False) -> list[Action]:
    """Read the tenant's actions by name, only the active ones if asked so."""
    asked = select(Action).order_by(col(Action.name))
    return list((await session.scalars(asked.where(col(Action.active)) if active else asked)).all())


async def named(session: AsyncSession, name: str) -> Action | None:
    """The tenant's active action of this name."""
    return await session.scalar(select(Action).where(col(Action.name) == name, col(Action.active)))


async def save(
    session: AsyncSession,
    vault: Vault,
    draft: ActionDraft,
    *,
    action_id: str | None = None,
    allow: Collection[str] = (),
) -> Action:
    """Keep a new action, or new contents of one; `allow` is the operator's list of host:port that plain http may reach.

    Raises `Impossible` with what to mend: "action-name", "action-taken", "action-many", "action-url", "action-header",
    "action-schema", "action-secret", "action-missing".
    """
    check(draft, allow)
    action = await _own(session, action_id) if action_id else None
    await _check_room(session, draft.name, action)
    if action is None:
        action = Action(id=new_id(), tenant_id=scope_of(session), name="", description="", url=draft.url)
        session.add(action)
    action.sealed = _sealed(vault, action, draft)
    given = draft.model_dump(exclude={"secrets"})
    for field, value in given.items():
        setattr(action, field, value)
    await session.flush()
    return action


async def remove(session: AsyncSession, action_id: str) -> None:
    """Forget an action and its secrets; `Impossible("action-missing")` if there is none."""
    await session.delete(await _own(session, action_id))


def opened(vault: Vault, action: Action) -> dict[str, SecretStr]:
    """The secret headers of an action; `SealBroken` when a seal is."""
    return {name: vault.open(token, _where(action.id, name)) for name, token in action.sealed.items()}


async def reseal(session: AsyncSession, vault: Vault) -> int:
    """Seal every secret that the session sees with the vault's current key; return how many actions were touched."""
    touched = 0
    for action in await actions(session):
        fresh = {name: vault.reseal(token, _where(action.id, name)) for name, token in action.sealed.items()}
        touched += fresh != action.sealed
        action.sealed = fresh
    return touched


def check(draft: ActionDraft, allow: Collection[str] = ()) -> None:
    """Raise what is wrong with an action before it is kept."""
    if not _NAME.fullmatch(draft.name) or draft.name in RESERVED:
        raise Impossible("action-name", "use 2 to 40 of a-z, 0-9 and _, beginning with a letter; some names are taken")
    for header, value in [*draft.headers.items(), *((name, "") for name in draft.secrets)]:
        _check_header(header, value)
    for secret in draft.secrets.values():
        _check_header("secret", secret.get_secret_value() if secret else "")
    if {name.lower() for name in draft.headers} & {name.lower() for name in draft.secrets}:
        raise Impossible("action-header", "a header is either plain or secret, not both")
    check_schema(draft.parameters, flat=draft.method == "GET")
    _check_url(draft, allow)


def _check_header(name: str, value: str) -> None:
    if not _HEADER.fullmatch(name) or name.lower() in _OURS:
        raise Impossible("action-header", "this header can't be set; the platform sets it itself or it is no header")
    if not _VALUE.fullmatch(value):
        raise Impossible("action-header", "the value must be at most 2000 printable ASCII characters on one line")


def _check_url(draft: ActionDraft, allow: Collection[str]) -> None:
    parts = _parts(draft.url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _place(parts) in allow):
        raise Impossible("action-url", "the address must begin with https://")
    where = PLACEHOLDER.sub("", parts.path + parts.query)
    if "{" in parts.netloc or "@" in parts.netloc or parts.fragment or "{" in where or "}" in where:
        raise Impossible("action-url", "placeholders go into the path and the query only; no user, no password, no #")
    if {".", ".."} & set(parts.path.split("/")):
        raise Impossible("action-url", "write the path without . and .. steps")
    if any(PLACEHOLDER.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise Impossible("action-url", "only values of the query can be placeholders, not their names")
    _check_placeholders(draft, parts)


def _place(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]:{parts.port or 80}" if ":" in host else f"{host}:{parts.port or 80}"


def _check_placeholders(draft: ActionDraft, parts: SplitResult) -> None:
    properties = draft.parameters["properties"]
    in_path, in_query = set(PLACEHOLDER.findall(parts.path)), set(PLACEHOLDER.findall(parts.query))
    if unknown := sorted(name for name in in_path | in_query if not scalar(properties.get(name))):
        raise Impossible("action-url", f"these are no plain values among the parameters: {', '.join(unknown)}")
    if loose := sorted(in_path - set(draft.parameters.get("required", []))):
        raise Impossible("action-url", f"what stands in the path must be required: {', '.join(loose)}")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        readable = bool(_URL.fullmatch(url) and parts.hostname and parts.port != 0)
    except ValueError:
        readable = False
    if not readable or "\\" in url:
        raise Impossible("action-url", "this can't be read as an address")
    return parts


async def _check_room(session: AsyncSession, name: str, action: Action | None) -> None:
    taken = await session.scalar(select(col(Action.id)).where(col(Action.name) == name))
    if taken is not None and (action is None or taken != action.id):
        raise Impossible("action-taken", "there is another action of this name")
    if action is None and (await session.scalar(select(func.count()).select_from(Action)) or 0) >= MOST:
        raise Impossible("action-many", f"a bot has at most {MOST} actions; remove one first")


def _sealed(vault: Vault, action: Action, draft: ActionDraft) -> dict[str, str]:
    """Seal what is given and keep what is kept; a kept secret must not go to another place than it was given for."""
    kept = {name for name, secret in draft.secrets.items() if secret is None}
    moved = _origin(action.url) != _origin(draft.url)
    if kept - set(action.sealed) or (kept and moved):
        raise Impossible("action-secret", "enter the secret headers again; they go only where they were entered for")
    given = {name: secret for name, secret in draft.secrets.items() if secret is not None}
    fresh = {name: vault.seal(secret, _where(action.id, name)) for name, secret in given.items()}
    return {name: action.sealed[name] for name in sorted(kept)} | fresh


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


async def _own(session: AsyncSession, action_id: str) -> Action:
    found: Sequence[Action] = (await session.scalars(select(Action).where(col(Action.id) == action_id))).all()
    if not found:
        raise Impossible("action-missing", "there is no such action")
    return found[0]


def _where(action_id: str, header: str) -> Where:
    return Where("action", action_id, f"sealed.{header}")
