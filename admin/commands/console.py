"""The operator's commands on tenants and accounts; the command line gives them the floor to stand on."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from channels import discover
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.opening import spec_of
from errors import Impossible
from tenants import agents, directory
from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.vault import Vault

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
TenantName = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]


class Floor(Protocol):
    """The data that a command works on."""

    @property
    def db(self) -> Database:
        """The database."""

    @property
    def book(self) -> AccountBook:
        """The accounts."""

    @property
    def vault(self) -> Vault:
        """What seals secrets."""


OnFloor = Callable[[Callable[[Floor], Awaitable[Any]]], Any]


def show(rows: list[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows, a line each, or as JSON."""
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        typer.echo("  ".join(f"{name}={value}" for name, value in row.items()))
    if not rows:
        typer.echo(empty)


def welcome(host: str, port: int, link: str | None = None) -> str:
    """What the operator reads when the platform has started; `link` makes its bearer the first administrator."""
    first, *_, last = sorted((name for name, spec in discover().items() if spec.emulator), reverse=True)
    called = max(name for name, spec in discover().items() if spec.calls and spec.calls.transfers)
    say = ".venv/bin/python cli.py simulate"
    panel = f"Become the administrator of the panel: {link}" if link else f"The panel: http://{host}:{port}/admin/"
    return "\n".join(
        (
            f"Sawtak is listening on http://{host}:{port}  (Ctrl-C stops it; nothing is lost)",
            panel,
            "Demo tenant: demo (مطعم اللؤلؤة). Play its customer, from another terminal:",
            f'  {say} {first} --tenant demo --say "ما هي ساعات العمل يوم الجمعة" --out out --json',
            f'  {say} {last} --tenant demo --text "عندكم توصيل للمعادي؟" --out out --json',
            f'  {say} {last} --tenant demo --text "Do you have parking?" --out out --engines',
            f'  {say} {called} --tenant demo --say "بكام طبق الكشري" --then "أين أقرب فرع" --barge-at 1.2 --out out',
        )
    )


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows under their names, in columns; costs are given in US dollars."""
    shown = [{**row, "cost": f"${row['cost'] / 1e6:.6f}" if row.get("cost") else ""} for row in rows]
    names = list(dict.fromkeys(name for row in shown for name in row))
    lines = [names, *([str(row.get(name) or "") for name in names] for row in shown)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def tell(played: Any, as_json: bool, bills: bool) -> None:
    """Print what came of a simulated message."""
    if as_json:
        typer.echo(json.dumps(asdict(played), ensure_ascii=False))
        return
    shown = {name: value for name, value in asdict(played).items() if name != "bills"}
    show([{name: value} for name, value in shown.items()], as_json=False, empty="")
    if bills:
        typer.echo(table(played.bills))


def pulling(progress: Progress) -> None:
    """Say how far a download is, on one line that is written over."""
    done = f"{progress.done >> 20} of {progress.total >> 20} MiB" if progress.total else f"{progress.done >> 20} MiB"
    typer.echo(f"\r{progress.what}: {done}", nl=False, err=True)


def tenants_of(on_floor: OnFloor) -> typer.Typer:
    """`tenants list`, `tenants add`, `tenants export` and `tenants import`."""
    commands = typer.Typer(no_args_is_help=True, help="The businesses on this installation.")

    @commands.command("list")
    def list_tenants(as_json: AsJson = False) -> None:
        """List every tenant."""
        show(on_floor(lambda floor: directory.listing(floor.db)), as_json=as_json, empty="No tenants; run `make run`.")

    @commands.command("add")
    def add_tenant(slug: str, name_ar: str, name_en: str) -> None:
        """Add a business with an empty knowledge base."""
        typer.echo(on_floor(lambda floor: directory.add(floor.db, slug, name_ar, name_en)))

    @commands.command("export")
    def export_tenant(
        slug: str, out: Annotated[Path | None, typer.Option(help="Where to write; none: the screen.")] = None
    ) -> None:
        """Write a business's agent as YAML, without its secrets."""
        text = on_floor(lambda floor: _export(floor, slug))
        typer.echo(text) if out is None else out.write_text(text, encoding="utf-8")

    @commands.command("import")
    def import_tenant(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        slug: Annotated[str | None, typer.Option(help="Another short name than the file's.")] = None,
        replace: Annotated[bool, typer.Option(help="Remove questions and products that the file lacks.")] = False,
    ) -> None:
        """Give a business the agent in a YAML file; one that is not there is added."""
        text = file.read_text(encoding="utf-8")
        done = on_floor(lambda floor: _import(floor, text, slug, replace))
        typer.echo(f"{done.entries} questions, {done.products} products; removed {done.removed}.")
        for missing in done.secrets_missing:
            typer.echo(f"enter again: {missing}")

    return commands


def accounts_of(on_floor: OnFloor) -> typer.Typer:
    """`accounts list`, `accounts connect` and `accounts disconnect`."""
    commands = typer.Typer(no_args_is_help=True, help="Connected numbers and bots.")

    @commands.command("list")
    def list_accounts(as_json: AsJson = False) -> None:
        """List every connected account, without its secrets."""
        show(on_floor(lambda floor: directory.accounts(floor.db)), as_json=as_json, empty="No accounts are connected.")

    @commands.command("connect")
    def connect_account(
        channel: str,
        tenant: TenantName,
        config: Annotated[list[str] | None, typer.Option("--set", help="key=value, see the channel's README.")] = None,
        title: Annotated[str, typer.Option(help="What you call it.")] = "",
    ) -> None:
        """Connect a number or bot; its secrets are asked for and kept sealed."""
        account_id = on_floor(lambda floor: _connect(floor, channel, tenant, config or [], title))
        typer.echo(f"Connected as {account_id}; its webhook is /webhooks/{channel}/{account_id} on your PUBLIC_URL.")

    @commands.command("disconnect")
    def disconnect_account(account_id: str) -> None:
        """Forget an account's secrets and stop serving it; its conversations stay."""
        on_floor(lambda floor: _disconnect(floor, account_id))
        typer.echo("Disconnected.")

    return commands


async def _export(floor: Floor, slug: str) -> str:
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id, reads=True) as session:
        return await agents.exported(session, tenant_id)


async def _import(floor: Floor, text: str, named: str | None, replace: bool) -> agents.Imported:
    agent = agents.parsed(text)
    chosen = [(kind, name) for kind, names in agent.policy.engines.items() for name in names.split(",")]
    for kind, name in [*chosen, *((each.kind, each.name) for each in agent.engines)]:
        spec_of(kind, name)  # a chain with an engine that is not there would fail every turn
    slug = named or agent.tenant.slug
    if slug not in {row["slug"] for row in await directory.listing(floor.db)}:
        await directory.add(floor.db, slug, agent.tenant.name_ar, agent.tenant.name_en)
    tenant_id = await directory.id_of(floor.db, slug)
    async with floor.db.tenant(tenant_id) as session:
        return await agents.imported(session, floor.vault, tenant_id, agent, replace=replace)


async def _connect(floor: Floor, channel: str, tenant: str, config: list[str], title: str) -> str:
    spec = discover().get(channel)
    if spec is None:
        raise Impossible("no-such-channel", f"there is no channel {channel!r}; there are: {', '.join(discover())}")
    tenant_id = await directory.id_of(floor.db, tenant)
    given = spec.config.model_validate(dict(one.split("=", 1) for one in config))
    asked = {name: typer.prompt(name, default="", hide_input=True, show_default=False) for name in spec.secrets}
    secrets = {name: value.strip() for name, value in asked.items() if value.strip()}
    kept, external_id = given.model_dump(mode="json"), spec.identify(given, secrets)
    return await floor.book.connect(tenant_id, channel, external_id, title or channel, kept, secrets)


async def _disconnect(floor: Floor, account_id: str) -> None:
    account = await floor.book.get(account_id)
    if account is None:
        raise Impossible("no-such-account", "list them with `cli.py accounts list`")
    await floor.book.disconnect(account.tenant_id, account_id)
