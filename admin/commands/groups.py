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
    from collections.abc import Callable, Iterator

    import typer

    from admin.commands.console import OnFloor

_ON_FLOOR = {
    "engines": engines_of,
    "actions": actions_of,
    "handovers": handovers_of,
    "keys": keys_of,
    "tenants": tenants_of,
}


def groups(on_floor: OnFloor, address: Callable[[], str]) -> Iterator[tuple[str, typer.Typer]]:
    """Each group with its name; `address` is our public one, for links."""
    yield from ((name, of(on_floor)) for name, of in _ON_FLOOR.items())
    yield "people", people_of(on_floor, address)
