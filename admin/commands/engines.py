"""The operator's commands on engines: what there is, which a business uses, and a set-up of its own with its key."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol

import typer

from admin.commands.console import AsJson, OnFloor, TenantName, show
from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.opening import configured, spec_of
from errors import Impossible
from tenants import directory, personas
from tenants.audit import Actor
from tenants.db import Database
from tenants.engines import EngineBook
from tenants.models import Tenant
from tenants.policy import Policy
from tenants.vault import Vault

Setting = Annotated[list[str] | None, typer.Option("--set", help="key=value, see the engine's README.")]


class Floor(Protocol):
    """The data that a command works on."""

    @property
    def db(self) -> Database:
        """The database."""

    @property
    def vault(self) -> Vault:
        """What seals secrets."""


Work = Callable[[Floor], Awaitable[Any]]


def engines_of(on_floor: OnFloor) -> typer.Typer:
    """`engines list`, `engines use`, `engines set` and `engines forget`."""
    commands = typer.Typer(no_args_is_help=True, help="What hears, answers and speaks.")

    @commands.command("list")
    def list_engines(as_json: AsJson = False) -> None:
        """List every engine that this version has."""
        show([_about(kind, name) for kind, name in sorted(discover())], as_json=as_json, empty="")

    @commands.command("use")
    def use_engines(
        kind: str,
        names: Annotated[str, typer.Argument(help="Best first, comma-separated; 'default' for the installation's.")],
        tenant: TenantName,
    ) -> None:
        """Choose which engines serve a business, best first."""
        on_floor(lambda floor: _use(floor, tenant, kind, names))
        typer.echo(f"{tenant}: {kind} is served by {names}.")

    @commands.command("set")
    def set_engine(kind: str, name: str, tenant: TenantName, given: Setting = None) -> None:
        """Give a business a set-up of its own of an engine; its secrets are asked for and kept sealed."""
        on_floor(lambda floor: _set(floor, tenant, kind, name, given or []))
        typer.echo(f"Kept. To use it: cli.py engines use {kind} {name},… --tenant {tenant}")

    @commands.command("forget")
    def forget_engine(kind: str, name: str, tenant: TenantName) -> None:
        """Delete a business's own set-up of an engine, with its secrets."""
        on_floor(lambda floor: _forget(floor, tenant, kind, name))
        typer.echo("Forgotten.")

    return commands


def _about(kind: str, name: str) -> dict[str, Any]:
    spec = discover()[kind, name]
    marks = {"heavy": spec.heavy, "hosted": spec.hosted, "clones": spec.clones}
    languages = ",".join(sorted(spec.languages)) if len(spec.languages) < 10 else f"{len(spec.languages)} languages"
    return {"engine": f"{kind}/{name}", "languages": languages, "is": ",".join(m for m, yes in marks.items() if yes)}


async def _use(floor: Floor, slug: str, kind: str, names: str) -> None:
    for name in [] if names == "default" else names.split(","):
        spec_of(kind, name)
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        tenant = await session.get_one(Tenant, tenant_id)
        chains = {**Policy.model_validate(tenant.policy).engines, kind: names}
        if names == "default":
            del chains[kind]
        await personas.change(session, Actor("command"), {"engines": chains})


async def _set(floor: Floor, slug: str, kind: str, name: str, given: Sequence[str]) -> None:
    spec = spec_of(kind, name)
    if not spec.hosted:
        raise Impossible("engine-not-hosted", f"{name} runs on this installation: set it up in the environment")
    config = dict(_pair(one) for one in given)
    configured(spec, config)
    asked = {key: typer.prompt(key, default="", hide_input=True, show_default=False) for key in sorted(spec.secrets)}
    secrets = {key: value.strip() for key, value in asked.items() if value.strip()}
    tenant_id = await directory.id_of(floor.db, slug)
    await EngineBook(floor.db, floor.vault).keep(tenant_id, kind, name, config, secrets)


async def _forget(floor: Floor, slug: str, kind: str, name: str) -> None:
    await EngineBook(floor.db, floor.vault).forget(await directory.id_of(floor.db, slug), kind, name)


def _pair(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign:
        raise Impossible("setting", f"write {key}=value")
    return key, json.loads(value) if value.startswith(("{", "[")) else value
