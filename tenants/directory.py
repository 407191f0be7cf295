"""Lists and adds tenants, agencies and accounts, for the operator and for who looks after them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlmodel import col

from errors import Impossible
from tenants import audit, choices
from tenants.models import Agency, ChannelAccount, Tenant, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor
    from tenants.db import Database

HOUSE_AGENCY = "house"
LONGEST_NAME = 80
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])")


async def id_of(db: Database, slug: str) -> str:
    """The id of the tenant of this short name; `Impossible` when there is none."""
    async with db.platform(reads=True) as session:
        found = await session.scalar(select(col(Tenant.id)).where(col(Tenant.slug) == slug))
    if found is None:
        raise Impossible("no-such-tenant", f"there is no tenant {slug!r}; list them with `cli.py tenants list`")
    return str(found)


async def listing(db: Database) -> list[dict[str, Any]]:
    """Every tenant by short name."""
    async with db.platform(reads=True) as session:
        rows = (await session.scalars(select(Tenant).order_by(col(Tenant.slug)))).all()
    return [{"slug": t.slug, "name_ar": t.name_ar, "name_en": t.name_en, "active": t.active} for t in rows]


async def add(db: Database, slug: str, name_ar: str, name_en: str, agency_id: str | None = None) -> str:
    """Add a tenant to an agency (the house's own where none is named) and return its id.

    Raises `Impossible`: "tenant-exists", "no-such-agency".
    """
    async with db.platform() as session:
        agency = await _agency(session, agency_id) if agency_id else await _house(session)
        return (await _added(session, slug, name_ar, name_en, agency)).id


async def found(session: AsyncSession, actor: Actor, agency_id: str, slug: str, name_ar: str, name_en: str) -> Tenant:
    """Add a business that an agency looks after.

    Raises `Impossible`: "slug-wrong", "name-wrong", "tenant-exists", "no-such-agency".
    """
    agency = await _agency(session, agency_id)
    tenant = await _added(session, checked_slug(slug), checked_name(name_ar), checked_name(name_en), agency)
    after = {"slug": tenant.slug, "name_ar": tenant.name_ar, "name_en": tenant.name_en}
    audit.record(session, actor, "tenant.add", tenant.slug, after=after, tenant_id=tenant.id)
    return tenant


async def switch(session: AsyncSession, actor: Actor, agency_id: str, slug: str, *, active: bool) -> Tenant:
    """Serve one of an agency's businesses again, or no more; `Impossible("no-such-tenant")` for another's."""
    tenant = await business_of(session, agency_id, slug)
    before, tenant.active = tenant.active, active
    was, became = {"active": before}, {"active": active}
    audit.record(session, actor, "tenant.switch", tenant.slug, before=was, after=became, tenant_id=tenant.id)
    return tenant


async def agency_of(session: AsyncSession, slug: str) -> Agency:
    """The agency of this short name; `Impossible("no-such-agency")` when there is none."""
    agency = await session.scalar(select(Agency).where(col(Agency.slug) == slug))
    if agency is None:
        raise Impossible("no-such-agency", "list the agencies: this is none of them")
    return agency


async def business_of(session: AsyncSession, agency_id: str | None, slug: str) -> Tenant:
    """One of an agency's businesses, or (None) of all; `Impossible("no-such-tenant")` for another's."""
    asked = select(Tenant).where(col(Tenant.slug) == slug)
    if agency_id is not None:
        asked = asked.where(col(Tenant.agency_id) == agency_id)
    tenant = await session.scalar(asked)
    if tenant is None:
        raise Impossible("no-such-tenant", "list the businesses: this is none of them")
    return tenant


async def agencies(session: AsyncSession) -> list[tuple[Agency, int]]:
    """Every agency by name, with how many businesses it looks after."""
    counted = select(func.count()).select_from(Tenant).where(col(Tenant.agency_id) == col(Agency.id)).scalar_subquery()
    rows = await session.execute(select(Agency, counted).order_by(col(Agency.name), col(Agency.id)))
    return [(agency, count) for agency, count in rows]


async def tenants_of(session: AsyncSession, agency_id: str) -> Sequence[Tenant]:
    """The businesses that an agency looks after, by their Arabic names."""
    asked = select(Tenant).where(col(Tenant.agency_id) == agency_id).order_by(col(Tenant.name_ar), col(Tenant.id))
    return (await session.scalars(asked)).all()


async def add_agency(session: AsyncSession, actor: Actor, slug: str, name: str) -> Agency:
    """Add an agency; `Impossible`: "slug-wrong", "name-wrong", "agency-exists"."""
    agency = Agency(slug=checked_slug(slug), name=checked_name(name))
    if await session.scalar(select(Agency).where(col(Agency.slug) == agency.slug)):
        raise Impossible("agency-exists", "there is an agency of this short name already")
    session.add(agency)
    await session.flush()
    after = {"slug": agency.slug, "name": agency.name}
    audit.record(session, actor, "agency.add", agency.slug, after=after, agency_id=agency.id)
    return agency


async def rename_agency(session: AsyncSession, actor: Actor, agency_id: str, name: str) -> None:
    """Give an agency another name; `Impossible`: "name-wrong", "no-such-agency"."""
    agency = await _agency(session, agency_id)
    before, agency.name = agency.name, checked_name(name)
    was, became = {"name": before}, {"name": agency.name}
    audit.record(session, actor, "agency.rename", agency.slug, before=was, after=became, agency_id=agency.id)


async def switch_agency(session: AsyncSession, actor: Actor, agency_id: str, *, active: bool) -> None:
    """Let an agency's people and keys in again, or no more; its businesses are served on.

    Raises `Impossible`: "agency-house" for the house's own, "no-such-agency".
    """
    agency = await _agency(session, agency_id)
    if agency.slug == HOUSE_AGENCY:
        raise Impossible("agency-house", "the house's own agency stays")
    before, agency.off_at = agency.off_at is None, None if active else agency.off_at or now()
    was, became = {"active": before}, {"active": active}
    audit.record(session, actor, "agency.switch", agency.slug, before=was, after=became, agency_id=agency.id)


async def accounts(db: Database) -> list[dict[str, Any]]:
    """Every connected account, without its secrets."""
    query = select(ChannelAccount, col(Tenant.slug)).join(Tenant, col(Tenant.id) == col(ChannelAccount.tenant_id))
    async with db.platform(reads=True) as session:
        rows = (await session.execute(query)).all()
    return [
        {"id": a.id, "tenant": slug, "channel": a.channel, "external_id": a.external_id, "active": a.active}
        for a, slug in rows
    ]


def checked_slug(slug: str) -> str:
    """A short name that fits into an address; `Impossible("slug-wrong")` for any other."""
    if not _SLUG.fullmatch(slug):
        raise Impossible("slug-wrong", "2 to 40 of the letters a to z, figures and hyphens, like pearl-cairo")
    return slug


def checked_name(name: str) -> str:
    """A name that can be seen; `Impossible("name-wrong")` for none, or one that is too long."""
    plain = " ".join("".join(one if one.isprintable() else " " for one in name).split())
    if not 0 < len(plain) <= LONGEST_NAME:
        raise Impossible("name-wrong", f"a name has 1 to {LONGEST_NAME} letters")
    return plain


async def _added(session: AsyncSession, slug: str, name_ar: str, name_en: str, agency: Agency) -> Tenant:
    if await session.scalar(select(Tenant).where(col(Tenant.slug) == slug)):
        raise Impossible("tenant-exists", f"there is a tenant {slug!r} already")
    most = (await choices.read(session)).quota
    quota = {"messages": most, "stop": False} if most else {}
    tenant = Tenant(agency_id=agency.id, slug=slug, name_ar=name_ar, name_en=name_en, quota=quota)
    session.add(tenant)
    await session.flush()
    return tenant


async def _agency(session: AsyncSession, agency_id: str) -> Agency:
    agency = await session.get(Agency, agency_id)
    if agency is None:
        raise Impossible("no-such-agency", "list the agencies: this is none of them")
    return agency


async def _house(session: AsyncSession) -> Agency:
    agency = await session.scalar(select(Agency).where(col(Agency.slug) == HOUSE_AGENCY))
    if agency is None:
        agency = Agency(slug=HOUSE_AGENCY, name="Sawtak")
        session.add(agency)
        await session.flush()
    return agency
