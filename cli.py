"""Sawtak's command line; thin: every command opens the house or its floor and calls one room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
import uvloop
from pydantic import ValidationError

import app as roof
from admin.commands import avatars, console, knowledge, letters, logs, voices
from admin.commands.atelier import Atelier, open_atelier
from admin.commands.console import Floor
from admin.commands.groups import groups
from admin.commands.notices import notices_of
from core_pipeline.atelier import Workroom
from core_pipeline.knowledge.documents.stacks import Stacks
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.operating import checks
from core_pipeline.turns.desk import Desk
from errors import SawtakError
from settings import Settings
from settings import new_vault_key as fresh_vault_key
from tenants import demo, directory
from tenants.copying import copy_tenant
from tenants.db import Database
from tenants.people.first import first_link
from tenants.schema import migrate as migrate_schema
from tenants.seed import seed as seed_demo
from tenants.signing import Signer
from webhooks import playing, rehearsal
from webhooks import simulate as stage
from webhooks.server import listening, until_told
from webhooks.site import Site

OfChannel = Callable[[str], Mapping[str, str]]
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def _settings() -> Settings:
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors():
            typer.secho(f"setting {'.'.join(map(str, problem['loc']))}: {problem['msg']}", err=True, fg="red")
        raise typer.Exit(2) from error
    settings.var.mkdir(parents=True, exist_ok=True)
    logs.set_up(settings.log_level, settings.var)
    return settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except SawtakError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error


def _migrate(settings: Settings) -> None:
    migrate_schema(settings.main_url, settings.inbox_url)


async def _seed(settings: Settings) -> bool:
    async with roof.open_floor(settings) as floor:
        return await seed_demo(floor.db, demo.load())


@app.command()
def serve(
    first_run: Annotated[bool, typer.Option(help="Migrate and seed the demo tenant before serving.")] = False,
    work: Annotated[bool, typer.Option(help="Also answer messages here; --no-work only receives them.")] = True,
) -> None:
    """Serve webhooks and answer messages until Ctrl-C."""
    settings = _settings()
    if first_run:
        _migrate(settings)
        _run(_seed(settings))
    _run(_serve(settings, work=work))


async def _serve(settings: Settings, *, work: bool) -> None:
    async with _served(settings, work=work) as (house, site):
        link = await first_link(house.floor.db, settings.address)
        typer.echo(console.welcome(settings.host, settings.port, link))
        await until_told()
        await site.drain()


@asynccontextmanager
async def _served(
    settings: Settings, of_channel: OfChannel | None = None, *, work: bool = True
) -> AsyncIterator[tuple[roof.House, Site]]:
    async with (
        roof.open_house(settings, of_channel, work=work) as house,
        roof.open_site(settings, house) as site,
        listening(site.web, settings.host, settings.port),
    ):
        yield house, site


@app.command()
def worker() -> None:
    """Answer messages without serving webhooks; any number beside `serve --no-work` on Postgres."""

    async def work(settings: Settings) -> None:
        async with roof.open_house(settings):
            await until_told()

    _run(work(_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    settings = _settings()
    _migrate(settings)
    typer.echo("The schema is up to date.")


@app.command()
def seed() -> None:
    """Create the demo tenant, once."""
    fresh = _run(_seed(_settings()))
    typer.echo("The demo tenant is ready." if fresh else "The demo tenant was there already.")


@asynccontextmanager
async def _copied(settings: Settings, tenant: str, port: int) -> AsyncIterator[tuple[Settings, Floor, str]]:
    """A copy of the tenant's set-up on a floor of its own, for a rehearsal: nothing of the installation is touched."""
    with TemporaryDirectory(prefix="sawtak-") as folder:
        aside = {"var": Path(folder), "port": port, "database_url": "", "blobs_url": "", "executor_id": ""}
        copy = settings.model_copy(update={**aside, "public_url": "", "vault_keys": settings.vault_text})
        _migrate(copy)
        async with roof.open_floor(copy) as floor:
            async with Database(settings.main_url) as source:
                tenant_id = await copy_tenant(source, floor.db, tenant)
            yield copy, floor, tenant_id


async def _alone(settings: Settings, asked: stage.Asked) -> stage.Played:
    spec, port = stage.spec_of(asked.channel), stage.free_port()
    async with _copied(settings, asked.tenant, port) as (copy, floor, tenant_id):
        await asked.insist(floor.db, tenant_id)
        account_id = await stage.connect_demo(floor.book, spec, tenant_id)
        hook = f"http://127.0.0.1:{port}/webhooks/{spec.name}/{account_id}"
        async with stage.emulated(spec, hook) as emulator:
            of_channel = stage.pointing_at(emulator.url, spec, settings.of_channel)
            async with _served(copy, of_channel) as (house, _):
                message = await asked.message(spec, house.engines)
                return await stage.play(emulator, house.floor.db, account_id, message, asked.out)


async def _called(settings: Settings, asked: rehearsal.CallAsked) -> rehearsal.PlayedCall:
    spec, port, vendor = rehearsal.call_spec(asked.channel), stage.free_port(), stage.free_port()
    async with _copied(settings, asked.tenant, port) as (copy, floor, tenant_id):
        account_id = await stage.connect_demo(floor.book, spec, tenant_id)
        of_channel = rehearsal.on_port(spec, vendor, settings.of_channel)
        async with _served(copy, of_channel) as (house, _):
            speech, token = await asked.spoken(house.engines), Signer(floor.vault).issue(tenant_id, ["talk"])
            async with rehearsal.calling(spec, copy.address, account_id, vendor, token) as caller:
                return await rehearsal.play_call(caller, asked, speech, house.floor.db, account_id)


async def _with_server(settings: Settings, asked: stage.Asked, server: str) -> stage.Played:
    """Play against a running platform whose vendor address is a local port: the emulator takes that port."""
    spec = stage.spec_of(asked.channel)
    async with roof.open_house(settings, work=False) as house:
        tenant_id = await directory.id_of(house.floor.db, asked.tenant)
        account_id = await stage.connect_demo(house.floor.book, spec, tenant_id)
        hook = f"{server.rstrip('/')}/webhooks/{spec.name}/{account_id}"
        api_url = settings.of_channel(spec.name).get("api_url", "")
        async with stage.emulated(spec, hook, api_url) as emulator:
            message = await asked.message(spec, house.engines)
            return await stage.play(emulator, house.floor.db, account_id, message, asked.out)


@app.command()
def doctor(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's accounts.")] = None,
    new_vault_key: Annotated[bool, typer.Option(help="Print a fresh key for VAULT_KEYS and do nothing else.")] = False,
    pull: Annotated[bool, typer.Option(help="Fetch the weights that the engines in ENGINES need, then look.")] = False,
) -> None:
    """Say what is missing or wrong, and how to fix it."""
    if new_vault_key:
        typer.echo(fresh_vault_key())
        return
    findings = _run(_findings(_settings(), tenant, pull=pull))
    typer.echo("\n".join(finding.told for finding in findings))
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


async def _findings(settings: Settings, tenant: str | None, *, pull: bool) -> list[checks.Finding]:
    found = checks.machine(settings.var, settings.public_url)
    found.append(checks.schema(settings.main_url, settings.inbox_url))
    wrong = checks.chains(settings.chains)
    if wrong or not found[-1].fine:
        return [*found, *wrong]
    async with roof.open_house(settings, work=False) as house:
        if pull:
            found += await checks.pull(house.engines, console.pulling)
        tenant_id = await directory.id_of(house.floor.db, tenant) if tenant else ""
        found += await checks.engines(house.engines, house.floor, settings.chains, tenant_id, tenant or "")
        if tenant:
            found.append(await checks.memory(house.floor.db, tenant_id, tenant))
            found += await checks.faces(house.floor.db, tenant_id, tenant)
        found.append(await checks.walls(house.floor.db))
        return [*found, *await checks.accounts(house.floor.book, house.lines, tenant_id or None, settings.address)]


async def _at_desk(work: Callable[[Desk], Awaitable[Any]]) -> Any:
    settings = _settings()
    async with roof.open_floor(settings) as floor:
        desk = Desk(floor.db, settings.turns_url)
        try:
            return await work(desk)
        finally:
            desk.close()


def _on_floor(work: Callable[[Floor], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with roof.open_floor(_settings()) as floor:
            return await work(floor)

    return _run(opened())


def _in_house(work: Callable[[roof.House, Settings], Awaitable[Any]]) -> Any:
    async def opened(settings: Settings) -> Any:
        async with roof.open_house(settings, work=False) as house:
            return await work(house, settings)

    return _run(opened(_settings()))


def _in_stacks(work: Callable[[Stacks], Awaitable[Any]]) -> Any:
    async def among(house: roof.House, settings: Settings) -> Any:
        del settings
        return await work(house.stacks)

    return _in_house(among)


def _in_booth(work: Callable[[voices.Booth], Awaitable[Any]]) -> Any:
    async def inside(house: roof.House, settings: Settings) -> Any:
        async with Sandbox() as sandbox:
            room = Workroom(house.floor.db, house.blobs, sandbox, house.engines, house.gate)
            return await work(voices.Booth(room, settings.var / "previews"))

    return _in_house(inside)


def _in_atelier(work: Callable[[Atelier], Awaitable[Any]]) -> Any:
    async def inside(house: roof.House, settings: Settings) -> Any:
        async with open_atelier(house.floor.db, house.blobs, house.engines, settings.var / "previews") as atelier:
            return await work(atelier)

    return _in_house(inside)


accounts = console.accounts_of(_on_floor)
app.add_typer(accounts, name="accounts")
app.add_typer(knowledge.knowledge_of(_in_stacks), name="knowledge")
app.add_typer(voices.voices_of(_in_booth), name="voices")
app.add_typer(avatars.avatars_of(_in_atelier), name="avatars")
for name, group in groups(_on_floor, lambda: _settings().address):
    app.add_typer(group, name=name)
app.add_typer(notices_of(_on_floor, lambda: _settings().inner_hosts), name="notices")
letters.add_to(app, lambda work: _run(_at_desk(work)))
playing.add_to(
    app,
    lambda asked, server: _run(_with_server(_settings(), asked, server) if server else _alone(_settings(), asked)),
    lambda asked: _run(_called(_settings(), asked)),
    console.tell,
)


@accounts.command("install")
def install_webhook(account_id: str) -> None:
    """Tell the vendor to call this installation's PUBLIC_URL for an account."""
    _in_house(lambda house, settings: house.lines.install(account_id, settings.address))
    typer.echo("The vendor will call us from now on.")


if __name__ == "__main__":
    app()
