"""Opens accounts' channels: the one place where a tenant's secrets meet a vendor's adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels import discover
from core_pipeline.contracts.channel import Opening
from core_pipeline.turns.deps import Line
from errors import NeedsOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from pydantic import BaseModel
    from tenants.accounts import AccountBook

    from core_pipeline.contracts.channel import ChannelSpec, Door


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
        self._open: dict[str, tuple[object, Line]] = {}

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
        account, secrets, changed = await self._book.opened(account_id)
        kept = self._open.get(account_id)
        if kept is not None and kept[0] == changed:
            return kept[1]
        spec = self._specs.get(account.channel)
        if spec is None or not account.active:
            raise NeedsOwner("account-off", f"account {account_id} is switched off or its channel is not installed")
        opening = Opening(
            external_id=account.external_id,
            config=spec.config.model_validate(account.config),
            secrets=secrets,
            platform=self._platforms[account.channel],
            http=self._http,
        )
        line = Line(spec.open(opening), spec.limits)
        self._open[account_id] = (changed, line)
        return line

    async def close(self) -> None:
        """Let the channels release what they share."""
        for spec in self._specs.values():
            if spec.close is not None:
                await spec.close()
