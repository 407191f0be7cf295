"""The panel as a whole: every subject's doors, found by being there, under /admin."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Mount, Route

from admin.frame.assets import Assets
from admin.frame.doors import Door, Nav
from admin.frame.drawing import Drawing
from admin.frame.guard import Guard

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from admin.frame.rooms import Rooms

HERE = Path(__file__).parent
BUILT = HERE / "web" / "dist"


def subjects() -> dict[str, object]:
    """Every folder with a `routes.py`, by its name."""
    names = sorted(place.parent.name for place in HERE.glob("*/routes.py"))
    return {name: import_module(f"admin.{name}.routes") for name in names}


def doors() -> list[Door]:
    """Every door of the panel; a subject's `DOORS`."""
    return [door for subject in subjects().values() for door in getattr(subject, "DOORS", ())]


def menu() -> tuple[Nav, ...]:
    """The menu, first subject first; a subject's `NAV`, if it has one."""
    found: list[Nav] = [one for subject in subjects().values() for one in getattr(subject, "NAV", ())]
    return tuple(sorted(found, key=lambda nav: nav.place))


def routes(rooms: Rooms) -> list[BaseRoute]:
    """Everything under /admin."""
    assets = Assets(rooms.built)
    guard = Guard(rooms, Drawing(assets), menu())
    by_door = [Route(door.path, guard.behind(door), methods=[door.method]) for door in doors()]
    return [Mount("/admin", routes=[assets.route(), *by_door, Route("/{rest:path}", guard.nowhere)])]
