"""What roles are called, and what each may do, in words; source texts that are translated where they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.people.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from admin.frame.visit import Visit

ROLES: dict[str, tuple[str, str]] = {
    Role.PLATFORM_ADMIN: ("Platform administrator", "Everything on this installation."),
    Role.AGENCY_ADMIN: ("Agency administrator", "Everything of the agency and its businesses."),
    Role.OWNER: ("Owner", "Everything of this business, also people, keys and connections."),
    Role.EDITOR: ("Editor", "What the bot knows, says and looks like, and the inbox."),
    Role.AGENT: ("Agent", "Answers customers in the inbox."),
    Role.VIEWER: ("Viewer", "Looks, and changes nothing."),
}


def choices(visit: Visit, roles: Iterable[Role]) -> list[tuple[str, str]]:
    """Roles to choose among: value and name."""
    return [(role.value, visit._(ROLES[role][0])) for role in roles]
