"""The operator's commands on the people who use the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import select
from sqlmodel import col

from admin.commands.console import AsJson, Floor, OnFloor, show
from errors import Impossible
from tenants import audit
from tenants.audit import Actor
from tenants.models import AccessGrant, Agency, Person, Tenant
from tenants.people import colleagues, invites, second, signed_in
from tenants.people.names import can_be_login, login_of
from tenants.people.places import By, Place
from tenants.people.roles import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession

Login = Annotated[str, typer.Argument(help="What they sign in with; see `people list`.")]
OPERATOR = By.operator(Actor("command line"))


def people_of(on_floor: OnFloor, address: Callable[[], str] = str) -> typer.Typer:
    """`people invite`, `list`, `reset` and `off`; `address` gives what links begin with, without it they are paths."""
    commands = typer.Typer(no_args_is_help=True, help="The people who use the panel.")

    @commands.command("invite")
    def invite(
        role: Annotated[Role, typer.Option(help="What they may.")],
        name: Annotated[str, typer.Option(help="Their name.")] = "",
        tenant: Annotated[str, typer.Option(help="The business, for a role of one.")] = "",
        agency: Annotated[str, typer.Option(help="The agency, for its administrators.")] = "",
    ) -> None:
        """Print a link that makes its bearer a colleague; good for seven days and once."""
        typer.echo(address() + on_floor(lambda floor: _invite(floor, role, name, tenant, agency)))

    @commands.command("list")
    def list_people(as_json: AsJson = False) -> None:
        """List everybody and their roles."""
        show(on_floor(_listing), as_json=as_json, empty="Nobody; invite the first with `people invite`.")

    @commands.command("reset")
    def reset(
        login: Login, second_step: Annotated[bool, typer.Option("--second", help="Also forget their app.")] = False
    ) -> None:
        """Print a link with which somebody chooses a new password."""
        typer.echo(address() + on_floor(lambda floor: _reset(floor, login, second_step=second_step)))

    @commands.command("off")
    def off(login: Login) -> None:
        """Let somebody in no more; they are signed out everywhere."""
        on_floor(lambda floor: _off(floor, login))
        typer.echo("Switched off and signed out.")

    return commands


async def _invite(floor: Floor, role: Role, name: str, tenant: str, agency: str) -> str:
    async with floor.db.platform() as session:
        place = await _place(session, tenant, agency)
        if role not in place.roles:
            named = ", ".join(place.roles)
            raise Impossible("role-above", f"here the roles are: {named}; name --tenant or --agency for others")
        return invites.PATH + await invites.make(session, OPERATOR, place, role, name)


async def _listing(floor: Floor) -> list[dict[str, Any]]:
    async with floor.db.platform(reads=True) as session:
        people = (await session.scalars(select(Person).order_by(col(Person.login)))).all()
        asked = select(AccessGrant, col(Tenant.slug), col(Agency.slug))
        asked = asked.outerjoin(Tenant, col(Tenant.id) == col(AccessGrant.tenant_id))
        asked = asked.outerjoin(Agency, col(Agency.id) == col(AccessGrant.agency_id))
        grants = (await session.execute(asked)).all()
    roles: dict[str, list[str]] = {}
    for grant, tenant, agency in grants:
        roles.setdefault(grant.person_id, []).append(f"{grant.role}@{tenant or agency or 'platform'}")
    return [
        {
            "login": one.login,
            "name": one.name,
            "roles": ",".join(sorted(roles.get(one.id, []))),
            "on": one.active,
            "second": one.totp_at is not None,
            "seen": one.seen_at,
        }
        for one in people
    ]


async def _reset(floor: Floor, login: str, *, second_step: bool) -> str:
    async with floor.db.platform() as session:
        person = await _person(session, login)
        if second_step:
            await second.off(session, person.id)
            audit.record(session, OPERATOR.actor, "people.second-off", person.login)
            await signed_in.end_all(session, person.id)
        return invites.PATH + await invites.for_anybody(session, OPERATOR, Place(), person)


async def _off(floor: Floor, login: str) -> None:
    async with floor.db.platform() as session:
        person = await _person(session, login)
        await colleagues.switch_anybody(session, OPERATOR, Place(), person, active=False)


async def _person(session: AsyncSession, login: str) -> Person:
    named = login_of(login)
    asked = select(Person).where(col(Person.login) == named) if can_be_login(named) else None
    person = await session.scalar(asked) if asked is not None else None
    if person is None:
        raise Impossible("person-missing", "list them with `cli.py people list`")
    return person


async def _place(session: AsyncSession, tenant: str, agency: str) -> Place:
    if tenant and agency:
        raise Impossible("role-above", "name a business or an agency, not both")
    found_tenant = await session.scalar(select(Tenant).where(col(Tenant.slug) == tenant)) if tenant else None
    found_agency = await session.scalar(select(Agency).where(col(Agency.slug) == agency)) if agency else None
    if tenant and found_tenant is None:
        raise Impossible("no-such-tenant", f"there is no tenant {tenant!r}; list them with `cli.py tenants list`")
    if agency and found_agency is None:
        raise Impossible("no-such-agency", f"there is no agency {agency!r}")
    return Place(found_tenant, found_agency)
