"""The operator's commands on conversations that wait for a person."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlmodel import col

from admin.commands.console import AsJson, OnFloor, TenantName, show
from admin.commands.engines import Floor
from core_pipeline.history.threads import touched
from errors import Impossible
from tenants import directory
from tenants.models import Contact, Conversation


def handovers_of(on_floor: OnFloor) -> typer.Typer:
    """`handovers list` and `handovers done`."""
    commands = typer.Typer(no_args_is_help=True, help="Customers who asked for a person.")

    @commands.command("list")
    def list_handovers(tenant: TenantName, as_json: AsJson = False) -> None:
        """List the conversations of a business that wait for a person, longest first."""
        show(on_floor(lambda floor: _waiting(floor, tenant)), as_json=as_json, empty="Nobody waits for a person.")

    @commands.command("done")
    def done(conversation_id: Annotated[str, typer.Argument(help="See `handovers list`.")], tenant: TenantName) -> None:
        """Say that a person has answered: the bot goes on."""
        on_floor(lambda floor: _done(floor, tenant, conversation_id))
        typer.echo("The bot answers there again.")

    return commands


async def _waiting(floor: Floor, slug: str) -> list[dict[str, Any]]:
    tenant_id = await directory.id_of(floor.db, slug)
    asked = (
        select(Conversation, col(Contact.name))
        .join(Contact, col(Contact.id) == col(Conversation.contact_id))
        .where(col(Conversation.handed_at).is_not(None))
        .order_by(col(Conversation.handed_at))
    )
    async with floor.db.tenant(tenant_id, reads=True) as session:
        rows = (await session.execute(asked)).all()
    return [
        {"conversation": one.id, "since": one.handed_at, "customer": name or "?", "chat": one.chat}
        for one, name in rows
    ]


async def _done(floor: Floor, slug: str, conversation_id: str) -> None:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise Impossible("conversation-missing", "list them with `cli.py handovers list`")
        await touched(session, conversation_id)
        conversation.handed_at = None
