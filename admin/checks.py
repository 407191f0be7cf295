"""Says what is missing or wrong, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_pipeline.engines.catalogue import discover
from errors import SawtakError
from tenants.schema import up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from core_pipeline.contracts.specs import Progress
    from core_pipeline.engines.router import Engines
    from core_pipeline.turns.deps import Lines
    from tenants.accounts import AccountBook
    from tenants.db import Database

ENOUGH_DISK = 1 << 30
LONGEST_LIST = 60


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `fix` says what to do when it is not fine."""

    what: str
    fine: bool
    fix: str = ""

    @property
    def told(self) -> str:
        """As lines for the operator."""
        return f"ok   {self.what}" if self.fine else f"FIX  {self.what}\n     → {self.fix}"


def machine(var: Path, public_url: str) -> list[Finding]:
    """Python, disk and the address that vendors call."""
    var.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(var).free
    return [
        Finding(f"Python {sys.version.split()[0]}", sys.version_info >= (3, 11), "install Python 3.11 or newer"),
        Finding(
            f"{free >> 30} GiB free for {var}", free > ENOUGH_DISK, "free some disk space or set VAR to another disk"
        ),
        Finding(
            f"public address {public_url or '(none)'}",
            public_url.startswith("https://"),
            "set PUBLIC_URL=https://… so that vendors can call; channels that poll work without it",
        ),
    ]


def chains(wanted: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the names of engines that are set; nothing when all exist."""
    findings = []
    for kind, names in wanted.items():
        there = sorted(name for k, name in discover() if k == kind)
        unknown = [name.strip() for name in names.split(",") if name.strip() not in there]
        fix = f"set ENGINES to one of: {', '.join(there)}"
        findings += [Finding(f"{kind} engine {name}", fine=False, fix=fix) for name in unknown]
    return findings


async def engines(router: Engines, tenant_id: str = "", whose: str = "") -> list[Finding]:
    """Whether every engine that may serve the tenant (none named: anybody) could be used now, and why not."""
    findings = []
    for engine in await router.configurations(tenant_id):
        spec = engine.spec
        served = ", ".join(sorted(spec.languages_of(engine.config)))
        what = f"{whose}{spec.kind} engine {spec.name} ({served if len(served) < LONGEST_LIST else 'many languages'})"
        try:
            if spec.probe is not None:
                await spec.probe(engine.config, router.bench_of(engine))
        except SawtakError as error:
            findings.append(Finding(what, fine=False, fix=str(error)))
        else:
            findings.append(Finding(what, fine=True))
    return findings


async def pull(router: Engines, told: Callable[[Progress], None]) -> list[Finding]:
    """Fetch the weights that the installation's engines lack, telling how far it is."""
    findings = []
    for engine in await router.configurations():
        if engine.spec.pull is None:
            continue
        what = f"weights of {engine.spec.kind} engine {engine.spec.name}"
        try:
            async for progress in engine.spec.pull(engine.config, router.bench_of(engine)):
                told(progress)
        except SawtakError as error:
            findings.append(Finding(what, fine=False, fix=str(error)))
        else:
            findings.append(Finding(what, fine=True))
    return findings


def schema(main_url: str, inbox_url: str) -> Finding:
    """Whether the database is at this version's schema."""
    try:
        fine = up_to_date(main_url, inbox_url)
    except Exception as error:  # noqa: BLE001 - an unreachable database is this finding, whatever the driver raises
        return Finding("database", fine=False, fix=f"check DATABASE_URL: {type(error).__name__}")
    return Finding("database schema", fine, "run `cli.py migrate`")


async def walls(db: Database) -> Finding:
    """Whether the database itself keeps tenants apart, beside our own scope."""
    fix = "connect with a role that is no superuser: row-level security does not bind superusers"
    return Finding("tenants are walled off in the database", await db.walls_stand(), fix)


async def accounts(book: AccountBook, lines: Lines, tenant_id: str | None = None) -> list[Finding]:
    """Whether every connected account can be opened with the secrets that are kept."""
    findings = []
    for account in await book.everyone():
        if tenant_id is not None and account.tenant_id != tenant_id:
            continue
        what = f"{account.channel} account {account.external_id} ({account.id})"
        try:
            await lines.line(account.id)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with an account is this finding
            findings.append(Finding(what, fine=False, fix=f"connect it again: {error}"))
        else:
            findings.append(Finding(what, fine=True))
    return findings
