"""The operator's commands on the systems of a business that are told what happens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, Floor, OnFloor, TenantName, show
from core_pipeline import notices
from core_pipeline.notices import EVENTS
from tenants import directory

SubscriptionId = Annotated[str, typer.Argument(help="See `notices list`.")]
NoticeId = Annotated[str, typer.Argument(help="See `notices dead`.")]
Events = Annotated[list[str] | None, typer.Option("--event", help=f"One of {', '.join(EVENTS)}; none: all.")]


def notices_of(on_floor: OnFloor, allow: Callable[[], Collection[str]] = tuple) -> typer.Typer:
    """`notices subscribe`, `list`, `unsubscribe`, `dead` and `retry`; `allow` gives the operator's inner host:port."""
    commands = typer.Typer(no_args_is_help=True, help="Systems of a business that are told what happens.")

    @commands.command("subscribe")
    def subscribe(url: str, tenant: TenantName, events: Events = None) -> None:
        """Have events told to an address; prints the signing secret, this once."""
        made = on_floor(lambda floor: _subscribe(floor, tenant, url, events or list(EVENTS), allow()))
        typer.echo(f"Subscribed as {made.id}. Its secret, which is not shown again: {made.secret.get_secret_value()}")

    @commands.command("list")
    def list_subscriptions(tenant: TenantName, as_json: AsJson = False) -> None:
        """List a business's subscriptions, without their secrets."""
        show(on_floor(lambda floor: _listing(floor, tenant)), as_json=as_json, empty="No subscriptions.")

    @commands.command("unsubscribe")
    def unsubscribe(subscription_id: SubscriptionId, tenant: TenantName) -> None:
        """Forget a subscription and everything on its way to it."""
        on_floor(lambda floor: _unsubscribe(floor, tenant, subscription_id))
        typer.echo("Removed.")

    @commands.command("dead")
    def list_dead(tenant: TenantName, as_json: AsJson = False) -> None:
        """List notices that were given up, newest first, with the cause."""
        show(on_floor(lambda floor: _dead(floor, tenant)), as_json=as_json, empty="No dead notices.")

    @commands.command("retry")
    def retry(notice_id: NoticeId, tenant: TenantName) -> None:
        """Try a dead notice again, from the beginning."""
        on_floor(lambda floor: _retry(floor, tenant, notice_id))
        typer.echo("It is tried again.")

    return commands


async def _subscribe(
    floor: Floor, slug: str, url: str, events: list[str], allow: Collection[str]
) -> notices.Subscribed:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        return await notices.subscribe(session, floor.vault, url, events, allow)


async def _listing(floor: Floor, slug: str) -> list[dict[str, Any]]:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id, reads=True) as session:
        rows = await notices.listing(session)
    return [{"id": row.id, "url": row.url, "events": ",".join(row.events), "on": row.active} for row in rows]


async def _unsubscribe(floor: Floor, slug: str, subscription_id: str) -> None:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        await notices.unsubscribe(session, subscription_id)


async def _dead(floor: Floor, slug: str) -> list[dict[str, Any]]:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id, reads=True) as session:
        rows = await notices.dead(session)
    return [
        {
            "id": row.id,
            "event": row.event,
            "cause": row.cause,
            "tries": row.attempts,
            "subscription": row.subscription_id,
        }
        for row in rows
    ]


async def _retry(floor: Floor, slug: str, notice_id: str) -> None:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        await notices.retry(session, notice_id)
