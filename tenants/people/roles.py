"""What each role may do, and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tenants.models import AccessGrant, Tenant


class May(StrEnum):
    """What can be done; every address of the panel and the API asks for one of these.

    SEE: look at everything of a tenant but secrets. ANSWER: serve customers in the inbox. EDIT: change what the bot
    knows, says and looks like. CONNECT: accounts, engines, keys and notices. PEOPLE: invite colleagues and change what
    they may. TENANTS: add businesses to an agency and dress its panel. PLATFORM: everything of the installation.
    """

    SEE = "see"
    ANSWER = "answer"
    EDIT = "edit"
    CONNECT = "connect"
    PEOPLE = "people"
    TENANTS = "tenants"
    PLATFORM = "platform"


class Role(StrEnum):
    """Who somebody is, most powerful first: of the platform, of an agency, or of one tenant."""

    PLATFORM_ADMIN = "platform-admin"
    AGENCY_ADMIN = "agency-admin"
    OWNER = "owner"
    EDITOR = "editor"
    AGENT = "agent"
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        """Position among the roles, 0 for the most powerful."""
        return list(Role).index(self)


OF_TENANT = (Role.OWNER, Role.EDITOR, Role.AGENT, Role.VIEWER)
_OWNERS = frozenset({May.SEE, May.ANSWER, May.EDIT, May.CONNECT, May.PEOPLE})
_MAY = {
    Role.PLATFORM_ADMIN: frozenset(May),
    Role.AGENCY_ADMIN: _OWNERS | {May.TENANTS},
    Role.OWNER: _OWNERS,
    Role.EDITOR: frozenset({May.SEE, May.ANSWER, May.EDIT}),
    Role.AGENT: frozenset({May.SEE, May.ANSWER}),
    Role.VIEWER: frozenset({May.SEE}),
}


def allows(role: Role | None, what: May) -> bool:
    """Whether this role may do it; nobody may do anything."""
    return role is not None and what in _MAY[role]


@dataclass(frozen=True)
class Reach:
    """Everything that one person was granted: `tenants` and `agencies` by id, `platform` for all there is."""

    platform: bool
    agencies: frozenset[str]
    tenants: dict[str, Role]

    @classmethod
    def of(cls, grants: Iterable[AccessGrant]) -> Reach:
        """Add up grants; of several for one tenant the most powerful counts."""
        tenants: dict[str, Role] = {}
        platform, agencies = False, set()
        for grant in grants:
            role = Role(grant.role)
            if grant.tenant_id is not None:
                tenants[grant.tenant_id] = min(role, tenants.get(grant.tenant_id, role), key=lambda one: one.rank)
            elif grant.agency_id is not None:
                agencies.add(grant.agency_id)
            else:
                platform = platform or role is Role.PLATFORM_ADMIN
        return cls(platform, frozenset(agencies), tenants)

    def role_in(self, tenant: Tenant) -> Role | None:
        """Who the person is to this tenant; None for a stranger, who must not even learn that it exists."""
        if self.platform:
            return Role.PLATFORM_ADMIN
        if tenant.agency_id in self.agencies:
            return Role.AGENCY_ADMIN
        return self.tenants.get(tenant.id)

    def role_at(self, agency_id: str) -> Role | None:
        """Who the person is to this agency itself."""
        if self.platform:
            return Role.PLATFORM_ADMIN
        return Role.AGENCY_ADMIN if agency_id in self.agencies else None

    @property
    def anywhere(self) -> Role | None:
        """The role that counts where no tenant and no agency is named: the platform's, or none."""
        return Role.PLATFORM_ADMIN if self.platform else None
