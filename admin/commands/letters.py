"""The operator's commands on what failed for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from admin.commands.console import AsJson, show
from tenants.audit import Actor

if TYPE_CHECKING:
    from core_pipeline.turns.desk import Desk

    AtDesk = Callable[[Callable[[Desk], Awaitable[Any]]], Any]


def add_to(app: typer.Typer, at_desk: AtDesk) -> None:
    """Add `dead-letters` and `retry`."""

    @app.command("dead-letters")
    def dead_letters(as_json: AsJson = False) -> None:
        """List the turns that failed for good, with the cause."""

        async def listing(desk: Desk) -> list[dict[str, Any]]:
            return [asdict(letter) for letter in await desk.dead_letters()]

        show(at_desk(listing), as_json=as_json, empty="No dead letters.")

    @app.command()
    def retry(turn_id: str) -> None:
        """Try a dead turn again, from the step that failed."""
        at_desk(lambda desk: desk.retry(Actor("command line"), turn_id))
        typer.echo("Queued again; a running server or worker takes it up.")
