"""The operator's commands on keys to the public API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, Floor, OnFloor, TenantName, show
from admin.commands.house_keys import house_keys_of
from tenants import api_keys, directory

TenantSlug = Annotated[str, typer.Argument(help="The tenant's short name.")]
Origins = Annotated[list[str] | None, typer.Option("--origin", help="A page that may use it: https://shop.example")]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help=f"Some of: {', '.join(api_keys.SCOPES)}")]


def keys_of(on_floor: OnFloor) -> typer.Typer:
    """`keys make`, `keys list`, `keys revoke`, and the same above a business under `keys house`."""
    commands = typer.Typer(no_args_is_help=True, help="Keys to the public API.")
    commands.add_typer(house_keys_of(on_floor), name="house")

    @commands.command("make")
    def make_key(
        tenant: TenantSlug,
        name: Annotated[str, typer.Option(help="What you call it.")],
        public: Annotated[bool, typer.Option("--public", help="For web pages: it may only talk.")] = False,
        origin: Origins = None,
        scope: Scopes = None,
    ) -> None:
        """Make a key and print it; it can't be shown again."""
        scopes = scope or ["talk"]
        typer.echo(on_floor(lambda floor: _make(floor, tenant, name, scopes, public=public, origins=origin or [])))
        typer.echo("Keep it now: it is shown only once.", err=True)

    @commands.command("list")
    def list_keys(tenant: TenantName, as_json: AsJson = False) -> None:
        """List a business's keys by their beginnings."""
        show(on_floor(lambda floor: _list(floor, tenant)), as_json=as_json, empty="No keys.")

    @commands.command("revoke")
    def revoke_key(key_id: str, tenant: TenantName) -> None:
        """Refuse a key from now on."""
        on_floor(lambda floor: _revoke(floor, tenant, key_id))
        typer.echo("Revoked; running servers notice within five seconds.")

    return commands


async def _make(floor: Floor, slug: str, name: str, scopes: list[str], *, public: bool, origins: list[str]) -> str:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        key, _ = await api_keys.make(session, name, scopes, public=public, origins=origins)
    return key


async def _list(floor: Floor, slug: str) -> list[dict[str, Any]]:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id, reads=True) as session:
        rows = await api_keys.listing(session)
    return [
        {
            "id": row.id,
            "name": row.name,
            "key": f"{row.prefix}…",
            "scopes": ",".join(row.scopes),
            "origins": ",".join(row.origins),
            "used": row.used_at,
            "revoked": row.revoked_at,
        }
        for row in rows
    ]


async def _revoke(floor: Floor, slug: str, key_id: str) -> None:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        await api_keys.revoke(session, key_id)
