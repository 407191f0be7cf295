"""How an agency's panel looks to its people: names, colour, logo, and the host name at which they find it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants import audit
from tenants.directory import checked_name
from tenants.models import Agency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor

KIND = "brand"
WORDS = ("name_ar", "name_en", "colour")
COLOUR = re.compile(r"#[0-9a-f]{6}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}\Z){_LABEL}(?:\.{_LABEL})+")


async def dress(session: AsyncSession, actor: Actor, agency_id: str, words: Mapping[str, str]) -> Agency:
    """Give the agency's panel its names and its colour; what is left empty goes.

    Raises `Impossible`: "name-wrong", "colour-wrong", "no-such-agency".
    """
    agency = await _held(session, agency_id)
    kept = {name: words.get(name, "").strip() for name in WORDS}
    kept["colour"] = kept["colour"].lower()
    if kept["colour"] and not COLOUR.fullmatch(kept["colour"]):
        raise Impossible("colour-wrong", "write a colour as #rrggbb")
    for name in ("name_ar", "name_en"):
        kept[name] = checked_name(kept[name]) if kept[name] else ""
    _changed(session, actor, agency, {**_logo(agency), **{name: value for name, value in kept.items() if value}})
    return agency


async def hang(session: AsyncSession, actor: Actor, agency_id: str, logo: str | None) -> str | None:
    """Show this blob as the agency's logo, or none, and give the one that was shown before."""
    agency = await _held(session, agency_id)
    before = agency.brand.get("logo")
    brand = {name: value for name, value in agency.brand.items() if name != "logo"}
    _changed(session, actor, agency, {**brand, "logo": logo} if logo else brand)
    return before


async def move(session: AsyncSession, actor: Actor, agency_id: str, domain: str, *, taken: str = "") -> Agency:
    """Show the agency's panel at a host name of its own, or ("") no more; `taken` is the platform's own.

    Raises `Impossible`: "domain-wrong", "domain-taken", "no-such-agency".
    """
    agency = await _held(session, agency_id)
    plain = domain.strip().lower().rstrip(".")
    if plain and not _DOMAIN.fullmatch(plain):
        raise Impossible("domain-wrong", "write the host name alone, like panel.agency.example")
    others = col(Agency.domain) == plain, col(Agency.id) != agency_id
    if plain and (plain == taken.lower() or await session.scalar(select(col(Agency.id)).where(*others))):
        raise Impossible("domain-taken", "this host name shows another panel")
    before, agency.domain = agency.domain, plain or None
    was, became = {"domain": before}, {"domain": agency.domain}
    audit.record(session, actor, "agency.domain", agency.slug, before=was, after=became, agency_id=agency_id)
    return agency


def _changed(session: AsyncSession, actor: Actor, agency: Agency, brand: dict[str, str]) -> None:
    before, agency.brand = dict(agency.brand or {}), brand
    audit.record(session, actor, "agency.brand", agency.slug, before=before, after=brand, agency_id=agency.id)


def _logo(agency: Agency) -> dict[str, str]:
    return {"logo": agency.brand["logo"]} if agency.brand and agency.brand.get("logo") else {}


async def _held(session: AsyncSession, agency_id: str) -> Agency:
    asked = select(Agency).where(col(Agency.id) == agency_id).with_for_update()
    agency = (await session.scalars(asked.execution_options(populate_existing=True))).one_or_none()
    if agency is None:
        raise Impossible("no-such-agency", "list the agencies: this is none of them")
    return agency
