"""The account of our own channel that a tenant's API messages arrive on; it comes into being with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels import discover
from errors import NeedsOwner, Retryable

if TYPE_CHECKING:
    from core_pipeline.contracts.channel import ChannelSpec
    from tenants.accounts import AccountBook, AccountRef


def own_channel() -> ChannelSpec:
    """The channel whose messages wait in our store until they are fetched; `NeedsOwner` where there is none."""
    found = [spec for _, spec in sorted(discover().items()) if spec.own]
    if not found:
        raise NeedsOwner("no-own-channel", "this installation lacks the channel that the API stands on")
    return found[0]


class OwnAccounts:
    """Finds each tenant's account of our own channel, the same as its pages talk to."""

    def __init__(self, book: AccountBook, spec: ChannelSpec) -> None:
        self._book, self.spec = book, spec

    async def of(self, tenant_id: str) -> AccountRef:
        """The account, connected now if need be; `NeedsOwner` when the tenant has switched it off."""
        found = await self._book.find(self.spec.name, tenant_id)
        if found is not None:
            return found
        own = [one for one in await self._book.list(tenant_id) if one.channel == self.spec.name]
        active = next((one.id for one in own if one.active), None)
        if own and active is None:
            raise NeedsOwner("account-off", "switch the channel on again")
        ref = await self._book.get(active or await self._connected(tenant_id))
        if ref is None:
            raise Retryable("account-gone", "it was just taken away", after=1.0)
        return ref

    async def _connected(self, tenant_id: str) -> str:
        title, config = self.spec.title["en"], self.spec.config().model_dump(mode="json")
        try:
            return await self._book.connect(tenant_id, self.spec.name, tenant_id, title, config, {})
        except NeedsOwner:
            # Another process came first at the same moment; its account is as good.
            found = await self._book.find(self.spec.name, tenant_id)
            if found is None:
                raise
            return found.id
