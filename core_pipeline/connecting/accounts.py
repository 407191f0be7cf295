"""A tenant's numbers and bots: connected, changed, switched, and looked at; whatever their vendor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from core_pipeline.connecting.filling import configuration, entered, plain, titled
from core_pipeline.contracts.checks import Check, Place, Sheet
from errors import Impossible, NeedsOwner, SawtakError
from tenants import audit

if TYPE_CHECKING:
    from core_pipeline.contracts.channel import ChannelSpec, Opening
    from core_pipeline.turns.deps import Line
    from tenants.accounts import AccountBook
    from tenants.audit import Actor
    from tenants.db import Database
    from tenants.models import ChannelAccount

log = logging.getLogger(__name__)

SHEET = Sheet(Path(__file__).with_name("checks.toml"))
# How long a vendor may take for one answer, and what is found until then for one thing; seconds.
PATIENCE, LONGEST = 8.0, 15.0


class Lines(Protocol):
    """Accounts' opened channels."""

    async def line(self, account_id: str) -> Line:
        """The opened account; `NeedsOwner` when it is gone or switched off."""

    async def opening(self, account_id: str) -> Opening:
        """All with which an account's channel is opened, whether it is switched on or not."""

    def spec(self, channel: str) -> ChannelSpec | None:
        """The channel of this name, if there is one."""

    async def install(self, account_id: str, address: str) -> None:
        """Tell the vendor to call this installation's public address for an account."""


@dataclass(frozen=True)
class Given:
    """What was entered: secrets that are empty stay as they are."""

    title: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


async def connect(book: AccountBook, tenant_id: str, spec: ChannelSpec, given: Given, actor: Actor) -> str:
    """Connect a number or bot and return its id.

    Raises `Wrong`, `NeedsOwner("account-known")` where the tenant has it already, and what `identify` and the book do.
    """
    config, secrets = configuration(spec.config, given.config), entered(spec.secrets, given.secrets)
    title = titled(given.title, spec.title["en"])
    external_id = spec.identify(config, secrets)
    for there in await book.list(tenant_id):
        if (there.channel, there.external_id) == (spec.name, external_id) and there.active:
            raise NeedsOwner("account-known", "it is connected already: change it where it is")
    return await book.connect(tenant_id, spec.name, external_id, title, plain(config), secrets, actor)


async def change(book: AccountBook, account: ChannelAccount, spec: ChannelSpec, given: Given, actor: Actor) -> None:
    """Change an account of the tenant's; `NeedsOwner("account-differs")` for what would be another number or bot."""
    config, secrets = configuration(spec.config, given.config), entered(spec.secrets, given.secrets)
    title = titled(given.title, account.title)
    if not spec.own:
        _, kept = await book.opened(account.id)
        whole = {name: value.get_secret_value() for name, value in kept.items()} | secrets
        if spec.identify(config, whole) != account.external_id:
            raise NeedsOwner("account-differs", "this is another number or bot: connect it by itself")
    await book.change(account.tenant_id, account.id, title, plain(config), secrets, actor)


async def of_tenant(book: AccountBook, tenant_id: str, account_id: str) -> ChannelAccount:
    """An account of the tenant's; `Impossible("missing")` for any other."""
    for account in await book.list(tenant_id):
        if account.id == account_id:
            return account
    raise Impossible("missing", "there is no such account")


def standing(account: ChannelAccount, spec: ChannelSpec | None) -> str:
    """Whether the account is "on", "off" or "gone" (disconnected: its secrets are deleted)."""
    if account.active:
        return "on"
    return "off" if account.sealed or (spec is not None and not spec.secrets) else "gone"


def polls(account: ChannelAccount, spec: ChannelSpec) -> bool:
    """Whether we ask the vendor for this account's messages, so that no webhook may be set."""
    return spec.limits.polling and account.config.get("mode", "polling") == "polling"


async def install(lines: Lines, db: Database, account: ChannelAccount, address: str, actor: Actor) -> None:
    """Have the vendor call us, or nobody where we ask for messages ourselves; raises what the vendor refuses with."""
    spec = lines.spec(account.channel)
    if spec is not None and polls(account, spec):
        await (await lines.line(account.id)).channel.install("")
    else:
        await lines.install(account.id, address)
    async with db.tenant(account.tenant_id) as session:
        audit.record(session, actor, "channel.install", f"{account.channel}/{account.external_id}")


async def disconnect(lines: Lines, book: AccountBook, account: ChannelAccount, actor: Actor) -> bool:
    """Have the vendor call nobody any more where it lets us, then forget the secrets; whether the vendor was told."""
    try:
        await (await lines.line(account.id)).channel.install("")
    except SawtakError:
        told = False
    else:
        told = True
    await book.disconnect(account.tenant_id, account.id, actor)
    return told


def webhook_of(account: ChannelAccount, address: str) -> str:
    """Where the account's vendor reaches us; "" where vendors can't."""
    return f"{address}/webhooks/{account.channel}/{account.id}" if address.startswith("https://") else ""


async def look(
    lines: Lines, account: ChannelAccount, address: str, recipient: str = "", patience: float = PATIENCE
) -> AsyncGenerator[Check, None]:
    """Look at the account, one thing after another; never raises, whatever is wrong is told as a `Check`."""
    spec = lines.spec(account.channel)
    state = standing(account, spec)
    if state != "on":
        yield SHEET.told("account", state)
    if state == "gone" or spec is None:
        return
    try:
        opening = await lines.opening(account.id)
    except (SawtakError, ValidationError) as error:
        yield SHEET.told("account", "form" if isinstance(error, ValidationError) else "sealed")
        return
    if spec.checks is None:
        yield SHEET.told("account", "fine-unseen")
        return
    hurried = replace(opening, platform=opening.platform.model_copy(update={"timeout": patience}))
    async for check in _bounded(spec.checks(hurried, Place(webhook_of(account, address), recipient)), account.id):
        yield check


async def _bounded(found: AsyncIterator[Check], account_id: str) -> AsyncIterator[Check]:
    """What is found, until it takes too long or breaks."""
    try:
        while True:
            async with asyncio.timeout(LONGEST):
                check = await anext(found, None)
            if check is None:
                return
            yield check
    except Exception:
        log.exception("looking at account %s broke", account_id)
        yield SHEET.told("account", "broken")
