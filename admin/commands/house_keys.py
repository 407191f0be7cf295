"""The operator's commands on keys above a business: an agency's, and the platform's."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, Floor, OnFloor, show
from tenants import directory, house_keys
from tenants.audit import Actor

AgencySlug = Annotated[str, typer.Option("--agency", help="The agency's short name; without it, the platform itself.")]
OPERATOR = Actor("command line")


def house_keys_of(on_floor: OnFloor) -> typer.Typer:
    """`keys house make`, `keys house list` and `keys house revoke`."""
    commands = typer.Typer(no_args_is_help=True, help="Keys of an agency or of the platform, for /agencies, /platform.")

    @commands.command("make")
    def make_key(name: Annotated[str, typer.Option(help="What you call it.")], agency: AgencySlug = "") -> None:
        """Make a key and print it; it can't be shown again."""
        typer.echo(on_floor(lambda floor: _make(floor, agency, name)))
        typer.echo("Keep it now: it is shown only once.", err=True)

    @commands.command("list")
    def list_keys(agency: AgencySlug = "", as_json: AsJson = False) -> None:
        """List keys by their beginnings."""
        show(on_floor(lambda floor: _list(floor, agency)), as_json=as_json, empty="No keys.")

    @commands.command("revoke")
    def revoke_key(key_id: str, agency: AgencySlug = "") -> None:
        """Refuse a key from now on."""
        on_floor(lambda floor: _revoke(floor, agency, key_id))
        typer.echo("Revoked; running servers notice within five seconds.")

    return commands


async def _make(floor: Floor, agency: str, name: str) -> str:
    async with floor.db.platform() as session:
        agency_id = (await directory.agency_of(session, agency)).id if agency else None
        key, _ = await house_keys.make(session, OPERATOR, agency_id, name)
    return key


async def _list(floor: Floor, agency: str) -> list[dict[str, Any]]:
    async with floor.db.platform(reads=True) as session:
        agency_id = (await directory.agency_of(session, agency)).id if agency else None
        rows = await house_keys.listing(session, agency_id)
    return [
        {"id": row.id, "name": row.name, "key": f"{row.prefix}…", "used": row.used_at, "revoked": row.revoked_at}
        for row in rows
    ]


async def _revoke(floor: Floor, agency: str, key_id: str) -> None:
    async with floor.db.platform() as session:
        agency_id = (await directory.agency_of(session, agency)).id if agency else None
        await house_keys.revoke(session, OPERATOR, agency_id, key_id)
