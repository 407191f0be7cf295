"""Which of a tenant's systems want to be told of what; functions on the tenant's session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.guard import Rules
from core_pipeline.notices.events import EVENTS
from core_pipeline.notices.signing import new_secret
from errors import Impossible
from tenants.db import scope_of
from tenants.models import Notice, Subscription, new_id
from tenants.vault import Vault, Where

MOST = 20
KNOWN = "notices.subscriptions"


@dataclass(frozen=True)
class Subscribed:
    """A fresh subscription and its signing secret, which is shown this once."""

    id: str
    secret: SecretStr


async def subscribe(
    session: AsyncSession, vault: Vault, url: str, events: Collection[str], allow: Collection[str] = ()
) -> Subscribed:
    """Have `events` told to `url`; `allow` is the operator's list of host:port that plain http may reach, too.

    Raises `Impossible` with what to mend: "url-forbidden", "notice-url", "notice-events", "notice-many".
    """
    _check(url, events, allow)
    if (await session.scalar(select(func.count()).select_from(Subscription)) or 0) >= MOST:
        raise Impossible("notice-many", f"a business has at most {MOST} subscriptions; remove one first")
    subscription_id, secret = new_id(), new_secret()
    session.add(
        Subscription(
            id=subscription_id,
            tenant_id=scope_of(session),
            url=url,
            events=sorted(set(events)),
            sealed=vault.seal(secret, _where(subscription_id)),
        )
    )
    await _changed(session)
    return Subscribed(subscription_id, SecretStr(secret))


async def unsubscribe(session: AsyncSession, subscription_id: str) -> None:
    """Forget a subscription with everything on its way to it; `Impossible("no-subscription")` if there is none."""
    subscription = await session.get(Subscription, subscription_id)
    if subscription is None:
        raise Impossible("no-subscription", "list them with `cli.py notices list`")
    await session.execute(delete(Notice).where(col(Notice.subscription_id) == subscription_id))
    await session.delete(subscription)
    await _changed(session)


async def listing(session: AsyncSession) -> list[Subscription]:
    """The tenant's subscriptions, oldest first; one that is not `active` was switched off by its receiver."""
    asked = select(Subscription).order_by(col(Subscription.created_at), col(Subscription.id))
    return list((await session.scalars(asked)).all())


async def wanting(session: AsyncSession, event: str) -> list[str]:
    """Ids of the active subscriptions to this event; read once per unit of work, for there mostly are none."""
    known: list[tuple[str, list[str]]] | None = session.info.get(KNOWN)
    if known is None:
        asked = select(col(Subscription.id), col(Subscription.events)).where(col(Subscription.active))
        known = session.info[KNOWN] = [(row[0], row[1]) for row in await session.execute(asked)]
    return [subscription_id for subscription_id, events in known if event in events]


def opened(vault: Vault, subscription: Subscription) -> str:
    """The signing secret; `SealBroken` when the seal is."""
    return vault.open(subscription.sealed, _where(subscription.id)).get_secret_value()


def _check(url: str, events: Collection[str], allow: Collection[str]) -> None:
    rules = Rules(frozenset(name.lower() for name in allow))
    parsed = rules.checked(url)
    if parsed.scheme != "https" and not rules.allowed(parsed.host, parsed.port or 80):
        raise Impossible("notice-url", "the address must begin with https://")
    if parsed.fragment:
        raise Impossible("notice-url", "the address must not have a part behind #")
    if not events or set(events) - set(EVENTS):
        raise Impossible("notice-events", f"choose among {', '.join(EVENTS)}")


async def _changed(session: AsyncSession) -> None:
    session.info.pop(KNOWN, None)
    await session.flush()


def _where(subscription_id: str) -> Where:
    return Where("subscription", subscription_id, "sealed")
