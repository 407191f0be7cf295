"""Says what is missing or wrong, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_pipeline.engines.catalogue import discover as discover_engines
from tenants.schema import up_to_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core_pipeline.turns.deps import Lines
    from tenants.accounts import AccountBook
    from tenants.db import Database

ENOUGH_DISK = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `fix` says what to do when it is not fine."""

    what: str
    fine: bool
    fix: str = ""


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


def engines(chains: Mapping[str, str]) -> list[Finding]:
    """Whether every engine that is set exists, and which languages it serves."""
    known = discover_engines()
    findings = []
    for kind, names in chains.items():
        for name in names.split(","):
            spec = known.get((kind, name.strip()))
            there = ", ".join(sorted(n for k, n in known if k == kind))
            what = f"{kind} engine {name}" + (f" ({', '.join(sorted(spec.languages))})" if spec else "")
            findings.append(Finding(what, spec is not None, f"set ENGINES to one of: {there}"))
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
