"""Channels and engines: what is connected, what is wrong with it, and which engines serve; secrets go in only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from channels import discover
from core_pipeline.connecting import accounts, engines
from core_pipeline.connecting.accounts import Given
from core_pipeline.connecting.filling import Wrong
from errors import Impossible
from tenants.audit import Actor
from tenants.engines import EngineBook
from tenants.models import ChannelAccount
from webhooks.api import connections, schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.problems import Refusal, language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from core_pipeline.contracts.channel import ChannelSpec
    from webhooks.api.desk import Desk

Connector = Annotated[Caller, Depends(allowed("connect", secret=True))]
AccountId = Annotated[str, Path(pattern=schemas.ID)]
Named = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,40}$")]


@dataclass(frozen=True)
class Connect:
    """The routes that need a secret key with the scope "connect"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        one = "/channels/{account_id}"
        app.add_api_route("/channels", self.listed, methods=["GET"], response_model=connections.Channels)
        app.add_api_route(
            "/channels", self.connected, methods=["POST"], response_model=connections.Account, status_code=201
        )
        app.add_api_route(one, self.shown, methods=["GET"], response_model=connections.Account)
        app.add_api_route(one, self.changed, methods=["PUT"], response_model=connections.Account)
        app.add_api_route(one, self.disconnected, methods=["DELETE"], status_code=204)
        app.add_api_route(f"{one}/checks", self.checked, methods=["POST"], response_model=connections.Checked)
        app.add_api_route(f"{one}/install", self.installed, methods=["POST"], status_code=204)
        if self.desk.needs.own_engines is None:
            return
        app.add_api_route("/engines", self.kinds, methods=["GET"], response_model=list[connections.EngineKind])
        app.add_api_route("/engines/{kind}", self.chosen, methods=["PUT"], status_code=204)
        app.add_api_route("/engines/{kind}/{name}", self.set_up, methods=["PUT"], status_code=204)
        app.add_api_route("/engines/{kind}/{name}", self.forgotten, methods=["DELETE"], status_code=204)
        app.add_api_route(
            "/engines/{kind}/{name}/probe", self.probed, methods=["POST"], response_model=connections.Probed
        )

    async def listed(self, request: Request, caller: Connector) -> connections.Channels:
        """List every network that can be connected, with its form, and your accounts."""
        language = language_of(request)
        rows = await self.desk.needs.book.list(caller.tenant_id)
        kinds = [connections.kind_of(spec, language) for _, spec in sorted(discover().items())]
        return connections.Channels(channels=kinds, accounts=[connections.account_of(row) for row in rows])

    async def connected(self, caller: Connector, asked: connections.Connecting) -> connections.Account:
        """Connect a number or bot."""
        given = Given(asked.title, asked.config, asked.secrets)
        book, spec = self.desk.needs.book, _spec(asked.channel)
        with_id = await _filled(accounts.connect(book, caller.tenant_id, spec, given, _actor(caller)))
        return connections.account_of(await accounts.of_tenant(book, caller.tenant_id, with_id))

    async def shown(self, caller: Connector, account_id: AccountId) -> connections.Account:
        """Show one account."""
        return connections.account_of(await self._own(caller, account_id))

    async def changed(
        self, caller: Connector, account_id: AccountId, asked: connections.Changing
    ) -> connections.Account:
        """Change an account, switch it off or on."""
        account, book = await self._own(caller, account_id), self.desk.needs.book
        if asked.title is not None or asked.config is not None or asked.secrets:
            config = account.config if asked.config is None else asked.config
            given = Given(account.title if asked.title is None else asked.title, config, asked.secrets)
            await _filled(accounts.change(book, account, _spec(account.channel), given, _actor(caller)))
        if asked.active is not None:
            if asked.active and accounts.standing(account, _spec(account.channel)) == "gone":
                raise Refusal(409, "account-off")
            await book.switch(caller.tenant_id, account_id, asked.active, _actor(caller))
        return connections.account_of(await self._own(caller, account_id))

    async def disconnected(self, caller: Connector, account_id: AccountId) -> Response:
        """Stop serving an account and delete its secrets; its conversations stay."""
        account, needs = await self._own(caller, account_id), self.desk.needs
        await accounts.disconnect(needs.lines, needs.book, account, _actor(caller))
        return Response(status_code=204)

    async def checked(
        self, request: Request, caller: Connector, account_id: AccountId, asked: connections.Looking
    ) -> connections.Checked:
        """Ask the vendor whether all is well with an account, and what to do where it is not."""
        account, needs = await self._own(caller, account_id), self.desk.needs
        looked = accounts.look(needs.lines, account, needs.address, asked.recipient or "")
        found = [connections.found_of(one, language_of(request)) async for one in looked]
        return connections.Checked(fine=all(one.fine for one in found), checks=found)

    async def installed(self, caller: Connector, account_id: AccountId) -> Response:
        """Have the vendor call us."""
        account, needs = await self._own(caller, account_id), self.desk.needs
        await accounts.install(needs.lines, needs.db, account, needs.address, _actor(caller))
        return Response(status_code=204)

    async def kinds(self, request: Request, caller: Connector) -> list[connections.EngineKind]:
        """List the engines of each kind, and those that serve you."""
        language = language_of(request)
        return [connections.engines_of(kind, language) for kind in await self._kinds(caller)]

    async def chosen(self, caller: Connector, kind: Named, asked: connections.Choosing) -> Response:
        """Choose which engines serve you, best first."""
        found = {one.name: one for one in await self._kinds(caller)}
        if kind not in found:
            raise Refusal(404, "missing")
        usable = [one.spec.name for one in found[kind].options if one.usable]
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await _filled(engines.choose(session, _actor(caller), kind, asked.names, usable))
        return Response(status_code=204)

    async def set_up(self, caller: Connector, kind: Named, name: Named, asked: connections.SettingUp) -> Response:
        """Set an engine up for yourself, with a key of your own."""
        where = caller.tenant_id, kind, name
        await _filled(engines.set_up(self._book, *where, asked.config, asked.secrets, _actor(caller)))
        return Response(status_code=204)

    async def forgotten(self, caller: Connector, kind: Named, name: Named) -> Response:
        """Delete a set-up of your own, with its secrets."""
        engines.offered(kind, name)
        needs = self.desk.needs
        if (kind, name) not in await self._book.kept(caller.tenant_id):
            raise Refusal(404, "missing")
        where = caller.tenant_id, kind, name
        await engines.leave(self._book, needs.db, needs.engines, *where, _actor(caller))
        return Response(status_code=204)

    async def probed(self, caller: Connector, kind: Named, name: Named) -> connections.Probed:
        """Ask an engine whether it could be used now; a problem says why not."""
        engines.offered(kind, name)
        needs = self.desk.needs
        return connections.Probed(asked=await engines.probe(self._book, needs.engines, caller.tenant_id, kind, name))

    @property
    def _book(self) -> EngineBook:
        if (book := self.desk.needs.own_engines) is None:
            raise Refusal(404, "missing")
        return book

    async def _own(self, caller: Caller, account_id: str) -> ChannelAccount:
        return await accounts.of_tenant(self.desk.needs.book, caller.tenant_id, account_id)

    async def _kinds(self, caller: Caller) -> Sequence[engines.Kind]:
        needs = self.desk.needs
        return await engines.kinds(self._book, needs.engines, caller.tenant_id)


async def _filled(doing: Any) -> Any:
    """What comes of it; what is wrong with fields is told field by field."""
    try:
        return await doing
    except Wrong as error:
        raise Refusal(422, "invalid", faults=tuple(one.where for one in error.faults)) from error


def _actor(caller: Caller) -> Actor:
    return Actor(f"api:{caller.id}")


def _spec(name: str) -> ChannelSpec:
    spec = discover().get(name)
    if spec is None:
        raise Impossible("missing", "there is no such channel")
    return spec
