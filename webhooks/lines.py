"""Opens accounts' channels: the one place where a tenant's secrets meet a vendor's adapter."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from channels import discover
from core_pipeline.contracts.channel import Opening
from core_pipeline.turns.deps import Line
from errors import Impossible, NeedsOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from pydantic import BaseModel, SecretStr

    from core_pipeline.contracts.channel import ChannelSpec, Door
    from tenants.accounts import AccountBook
    from tenants.models import ChannelAccount


# How long another process may change an account before we notice.
FRESH_SECONDS = 5.0


@dataclass(frozen=True)
class _Kept:
    line: Line
    known: object
    until: float


class OpenLines:
    """Every account's channel, opened once per process and again after its account has changed."""

    def __init__(
        self, book: AccountBook, http: httpx.AsyncClient, of_channel: Callable[[str], Mapping[str, str]]
    ) -> None:
        self._book = book
        self._http = http
        self._specs = discover()
        self._platforms = {name: spec.platform.model_validate(of_channel(name)) for name, spec in self._specs.items()}
        self._doors: dict[str, Door] = {}
        self._open: dict[str, _Kept] = {}

    def spec(self, channel: str) -> ChannelSpec | None:
        """The channel of this name, if there is one."""
        return self._specs.get(channel)

    def platform(self, channel: str) -> BaseModel:
        """The installation-wide settings of a channel."""
        return self._platforms[channel]

    def door(self, channel: str) -> Door | None:
        """The door that serves many accounts of this channel at once, where the vendor has such a thing."""
        spec = self._specs.get(channel)
        if spec is None or spec.open_door is None:
            return None
        if channel not in self._doors:
            self._doors[channel] = spec.open_door(self._platforms[channel])
        return self._doors[channel]

    async def line(self, account_id: str) -> Line:
        """Return the opened account; `NeedsOwner` when it is gone or switched off."""
        kept = self._open.get(account_id)
        if kept is not None and monotonic() < kept.until:
            return kept.line
        account, secrets = await self._book.opened(account_id)
        known = (account.config, account.sealed, account.active)
        line = kept.line if kept is not None and kept.known == known else self._opened(account, secrets)
        self._open[account_id] = _Kept(line, known, monotonic() + FRESH_SECONDS)
        return line

    async def opening(self, account_id: str) -> Opening:
        """All with which the account's channel is opened, whether it is switched on or not, for who looks at it."""
        account, secrets = await self._book.opened(account_id)
        spec = self._specs.get(account.channel)
        if spec is None:
            raise NeedsOwner("account-off", f"the channel {account.channel} is not installed")
        return self._opening(spec, account, secrets)

    def _opened(self, account: ChannelAccount, secrets: Mapping[str, SecretStr]) -> Line:
        spec = self._specs.get(account.channel)
        if spec is None or not account.active:
            raise NeedsOwner("account-off", f"account {account.id} is switched off or its channel is not installed")
        return Line(spec.open(self._opening(spec, account, secrets)), spec.limits)

    def _opening(self, spec: ChannelSpec, account: ChannelAccount, secrets: Mapping[str, SecretStr]) -> Opening:
        return Opening(
            external_id=account.external_id,
            config=spec.config.model_validate(account.config),
            secrets=secrets,
            platform=self._platforms[account.channel],
            http=self._http,
        )

    async def install(self, account_id: str, address: str) -> None:
        """Tell the vendor to call this installation's public address for an account."""
        account = await self._book.get(account_id)
        if account is None:
            raise Impossible("no-such-account", "list them with `cli.py accounts list`")
        if not address.startswith("https://"):
            raise NeedsOwner("no-public-url", "set PUBLIC_URL=https://… first; vendors refuse plain http")
        await (await self.line(account_id)).channel.install(f"{address}/webhooks/{account.channel}/{account_id}")

    async def close(self) -> None:
        """Let the channels release what they share."""
        for spec in self._specs.values():
            if spec.close is not None:
                await spec.close()
