"""The groups of commands that need nothing but the floor, by the name under which the command line has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.commands.actions import actions_of
from admin.commands.console import tenants_of
from admin.commands.engines import engines_of
from admin.commands.handovers import handovers_of
from admin.commands.keys import keys_of
from admin.commands.people import people_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import typer

    from admin.commands.console import OnFloor

ON_FLOOR: Mapping[str, Callable[[OnFloor], typer.Typer]] = {
    "engines": engines_of,
    "actions": actions_of,
    "handovers": handovers_of,
    "keys": keys_of,
    "people": people_of,
    "tenants": tenants_of,
}
