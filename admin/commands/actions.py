"""The operator's commands on what a bot may do in its business's own system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, OnFloor, TenantName, show
from admin.commands.engines import Floor
from errors import Impossible
from tenants import directory
from tenants.actions import ActionDraft, actions, remove, save
from tenants.models import Action

ActionName = Annotated[str, typer.Argument(help="The action's name, see `actions list`.")]
_PLAIN = ("name", "description", "method", "url", "headers", "parameters", "changes", "timeout", "active")


def actions_of(on_floor: OnFloor) -> typer.Typer:
    """`actions list`, `actions secret`, `actions switch` and `actions remove`; they come with `tenants import`."""
    commands = typer.Typer(no_args_is_help=True, help="What a bot may do in its business's own system.")

    @commands.command("list")
    def list_actions(tenant: TenantName, as_json: AsJson = False) -> None:
        """List a business's actions, without their secrets."""
        show(on_floor(lambda floor: _list(floor, tenant)), as_json=as_json, empty="No actions.")

    @commands.command("secret")
    def set_secret(name: ActionName, header: str, tenant: TenantName) -> None:
        """Enter a secret header of an action; it is asked for and kept sealed."""
        value = typer.prompt(header, hide_input=True)
        on_floor(lambda floor: _edit(floor, tenant, name, secrets={header: value}))
        typer.echo("Kept.")

    @commands.command("switch")
    def switch(name: ActionName, tenant: TenantName, on: Annotated[bool, typer.Option("--on/--off")] = True) -> None:
        """Switch an action on or off."""
        on_floor(lambda floor: _edit(floor, tenant, name, active=on))
        typer.echo(f"{name} is {'on' if on else 'off'}.")

    @commands.command("remove")
    def remove_action(name: ActionName, tenant: TenantName) -> None:
        """Forget an action with its secrets."""
        on_floor(lambda floor: _remove(floor, tenant, name))
        typer.echo("Removed.")

    return commands


async def _list(floor: Floor, slug: str) -> list[dict[str, Any]]:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id, reads=True) as session:
        rows = await actions(session)
    return [
        {"name": row.name, "calls": f"{row.method} {row.url}", "asks": row.changes, "on": row.active} for row in rows
    ]


async def _edit(floor: Floor, slug: str, name: str, secrets: dict[str, str] | None = None, **changes: Any) -> None:
    async def edit(session: Any, action: Action) -> None:
        kept = dict.fromkeys(action.sealed)
        draft = {**action.model_dump(include=set(_PLAIN)), "secrets": {**kept, **(secrets or {})}, **changes}
        await save(session, floor.vault, ActionDraft.model_validate(draft), action_id=action.id)

    await _with(floor, slug, name, edit)


async def _remove(floor: Floor, slug: str, name: str) -> None:
    await _with(floor, slug, name, lambda session, action: remove(session, action.id))


async def _with(floor: Floor, slug: str, name: str, work: Callable[[Any, Action], Awaitable[None]]) -> None:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        found = {row.name: row for row in await actions(session)}
        if name not in found:
            raise Impossible("action-missing", f"there is no action {name!r}; there are: {', '.join(found) or 'none'}")
        await work(session, found[name])
