"""Where a role holds, and who may give it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import col

from errors import Impossible
from tenants.people.roles import OF_TENANT, Reach, Role

if TYPE_CHECKING:
    from tenants.audit import Actor
    from tenants.models import AccessGrant, Agency, Invite, Tenant


@dataclass(frozen=True)
class By:
    """Who does something to others, and all they may reach."""

    actor: Actor
    reach: Reach

    @classmethod
    def operator(cls, actor: Actor) -> By:
        """Whoever works on the machine itself: they may reach everything."""
        return cls(actor, Reach(platform=True, agencies=frozenset(), tenants={}))

    @classmethod
    def owner(cls, actor: Actor, tenant: Tenant) -> By:
        """A program that was given a key by the tenant's owner."""
        return cls(actor, Reach(platform=False, agencies=frozenset(), tenants={tenant.id: Role.OWNER}))


@dataclass(frozen=True)
class Place:
    """A tenant, an agency with all its tenants, or (neither) the platform."""

    tenant: Tenant | None = None
    agency: Agency | None = None

    @property
    def ids(self) -> dict[str, Any]:
        """The columns that say where a grant, an invitation or a deed belongs."""
        return {
            "tenant_id": self.tenant.id if self.tenant else None,
            "agency_id": self.agency.id if self.agency else None,
        }

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that there are here, most powerful first."""
        if self.tenant is not None:
            return OF_TENANT
        return (Role.PLATFORM_ADMIN,) if self.agency is None else (Role.AGENCY_ADMIN,)

    def here(self, model: type[AccessGrant | Invite]) -> tuple[Any, Any]:
        """Hold for rows that belong here."""
        ids = self.ids
        return col(model.tenant_id) == ids["tenant_id"], col(model.agency_id) == ids["agency_id"]

    def role_of(self, reach: Reach) -> Role | None:
        """Who somebody with this reach is here."""
        if self.tenant is not None:
            return reach.role_in(self.tenant)
        return reach.anywhere if self.agency is None else reach.role_at(self.agency.id)

    def grantable(self, reach: Reach) -> tuple[Role, ...]:
        """The roles that somebody may give and take here: up to their own."""
        own = self.role_of(reach)
        return () if own is None else tuple(role for role in self.roles if role.rank >= own.rank)

    def check(self, by: By, *roles: str) -> None:
        """Refuse whoever may not give or take all of these roles here: `Impossible("role-above")`."""
        if not set(roles) <= set(self.grantable(by.reach)):
            raise Impossible("role-above", "nobody gives or takes a role above their own")
