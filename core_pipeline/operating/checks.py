"""Says what is missing or wrong, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from avatars.catalogue import DEFAULT, resolve
from core_pipeline.answers import report
from core_pipeline.connecting.accounts import look
from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.opening import configured, spec_of
from errors import NeedsOwner, SawtakError
from tenants import avatars
from tenants.engines import EngineBook, Own
from tenants.models import Tenant
from tenants.policy import Policy
from tenants.schema import up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from core_pipeline.connecting.accounts import Lines
    from core_pipeline.contracts.checks import Check
    from core_pipeline.contracts.specs import Progress
    from core_pipeline.engines.opening import Configured
    from core_pipeline.engines.router import Engines
    from tenants.accounts import AccountBook
    from tenants.db import Database
    from tenants.floor import Floor
    from tenants.models import ChannelAccount

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


async def engines(
    router: Engines, floor: Floor, chains: Mapping[str, str], tenant_id: str = "", whose: str = ""
) -> list[Finding]:
    """Whether every engine that is to serve the tenant (none named: anybody) could be used now, and why not.

    `chains` are the installation's, by kind; `whose` is the tenant's short name.
    """
    whose = f"{whose}: " if whose else ""
    own = await EngineBook(floor.db, floor.vault).of(tenant_id) if tenant_id else Own()
    try:
        served = await router.configurations(tenant_id)
    except NeedsOwner as error:
        return [Finding(f"{whose}engines", fine=False, fix=str(error))]
    findings = [await _usable(router, engine, whose) for engine in served]
    there = {(engine.spec.kind, engine.spec.name) for engine in served}
    wanted = [(kind, name.strip()) for kind, names in {**chains, **own.chains}.items() for name in names.split(",")]
    for kind, name in wanted:
        if (kind, name) not in there:
            fix = await _left_out(router, own, kind, name)
            findings.append(Finding(f"{whose}{kind} engine {name}", fine=False, fix=fix))
    return findings


async def _usable(router: Engines, engine: Configured, whose: str) -> Finding:
    spec = engine.spec
    served = ", ".join(sorted(spec.languages_of(engine.config)))
    what = f"{whose}{spec.kind} engine {spec.name} ({served if len(served) < LONGEST_LIST else 'many languages'})"
    try:
        await router.probe(engine)
    except SawtakError as error:
        return Finding(what, fine=False, fix=str(error))
    return Finding(what, fine=True)


async def _left_out(router: Engines, own: Own, kind: str, name: str) -> str:
    """Why an engine of a chain does not serve: its set-up is wrong, else there is none."""
    try:
        if (kind, name) in own.configs:
            configured(spec_of(kind, name), own.configs[kind, name])
        else:
            await router.only(kind, name)
    except SawtakError as error:
        return str(error)
    return f"nobody set it up: `cli.py engines set {kind} {name} --tenant …`, or name it in ENGINES"


async def memory(db: Database, tenant_id: str, whose: str) -> Finding:
    """How many of the tenant's questions of the last 30 days were answered from memory."""
    async with db.tenant(tenant_id, reads=True) as session:
        told = await report(session, datetime.now(UTC) - timedelta(days=30))
    what = f"{whose}: {told.from_memory} of {told.answered} questions in 30 days answered from memory ({told.rate:.0%})"
    return Finding(f"{what}, {told.kept} answers kept", fine=True)


async def faces(db: Database, tenant_id: str, whose: str) -> list[Finding]:
    """Whether the avatars that the tenant chose can be shown now."""
    findings = []
    async with db.tenant(tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, tenant_id)).policy)
        for language, choice in (policy.avatar or {policy.language: ""}).items():
            what = f"{whose}: avatar {choice or DEFAULT} ({language}), video: {policy.video}"
            try:
                chosen = resolve(choice)
                if chosen.own_id is not None:
                    await avatars.shown(session, chosen.own_id)
            except SawtakError as error:
                findings.append(Finding(what, fine=False, fix=str(error)))
            else:
                findings.append(Finding(what, fine=True))
    return findings


async def pull(router: Engines, told: Callable[[Progress], None]) -> list[Finding]:
    """Fetch the weights that the installation's engines lack, telling how far it is."""
    findings = []
    for engine in await router.configurations():
        pulling = router.pull(engine)
        if pulling is None:
            continue
        what = f"weights of {engine.spec.kind} engine {engine.spec.name}"
        try:
            async for progress in pulling:
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


async def accounts(book: AccountBook, lines: Lines, tenant_id: str | None = None, address: str = "") -> list[Finding]:
    """Whether every connected account can be opened; a single tenant's are looked at, at their vendors, too.

    `address` is our public one. All tenants' vendors together are not asked: some count such questions.
    """
    findings = []
    for account in await book.everyone():
        if tenant_id is None:
            findings.append(await _opens(account, lines))
        elif account.tenant_id == tenant_id:
            findings += [_told(account, one) async for one in look(lines, account, address)]
    return findings


def _told(account: ChannelAccount, check: Check) -> Finding:
    """What the panel shows, for the operator."""
    what = f"{account.channel} {account.external_id}: {check.looked['en']}"
    if check.fine:
        return Finding(f"{what}: {check.said['en']}", fine=True)
    return Finding(what, fine=False, fix=f"{check.said['en']} {check.step.get('en', '')}".strip())


async def _opens(account: ChannelAccount, lines: Lines) -> Finding:
    what = f"{account.channel} account {account.external_id} ({account.id})"
    try:
        await lines.line(account.id)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with an account is this finding
        return Finding(what, fine=False, fix=f"connect it again: {_why(error)}")
    return Finding(what, fine=True)


def _why(error: Exception) -> str:
    """What is wrong; of settings their names alone, for their values may be secrets."""
    if not isinstance(error, ValidationError):
        return str(error)
    names = [".".join(map(str, one["loc"])) for one in error.errors(include_input=False, include_url=False)]
    return f"missing or wrong: {', '.join(dict.fromkeys(names))}"
