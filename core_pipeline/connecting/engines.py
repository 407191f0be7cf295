"""The engines that serve a tenant: which there are, which it set up with a key of its own, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core_pipeline.connecting.filling import Fault, Wrong, configuration, entered, plain
from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.opening import Configured, configured, spec_of
from errors import Impossible, NeedsOwner
from tenants import personas
from tenants.policy import Policy

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.specs import EngineSpec
    from core_pipeline.engines.router import Engines
    from tenants.audit import Actor
    from tenants.db import Database
    from tenants.engines import EngineBook
    from tenants.models import EngineAccount

# What a tenant chooses; the others are the installation's own business.
KINDS = ("asr", "llm", "tts", "video", "embed")
PRICED = {"second": 60, "character": 1_000_000, "token": 1_000_000, "answer": 1000}


@dataclass(frozen=True)
class Option:
    """One engine of a kind for a tenant: `place` in its chain (None: not in it), `own` where it set it up itself.

    `usable` says whether it could be put into the chain now; `price` is in millionths of a US dollar for `per` units.
    """

    spec: EngineSpec[Any]
    place: int | None
    own: bool
    usable: bool
    kept: frozenset[str]
    price: float
    per: int


@dataclass(frozen=True)
class Kind:
    """A kind of engine: the names of the `chain` in use, whether the tenant chose it, and everything there is."""

    name: str
    chain: tuple[str, ...]
    chosen: bool
    options: tuple[Option, ...]


async def kinds(book: EngineBook, engines: Engines, tenant_id: str) -> list[Kind]:
    """Every kind that a tenant may choose."""
    own, kept = await book.of(tenant_id), await book.kept(tenant_id)
    installed = [(one.spec.kind, one.spec.name) for one in await engines.configurations()]
    serving = {(one.spec.kind, one.spec.name): one.config for one in await engines.configurations(tenant_id)}
    found = []
    for kind in KINDS:
        usual = [name for of_kind, name in installed if of_kind == kind]
        chosen = [name.strip() for name in own.chains.get(kind, "").split(",") if name.strip()]
        chain = tuple(chosen or usual)
        options = [
            _option(
                spec, chain, kept.get(key), key in installed, serving.get(key) or _config(spec, own.configs.get(key))
            )
            for key, spec in discover().items()
            if spec.kind == kind
        ]
        shown = sorted((one for one in options if one.usable or one.spec.hosted), key=_order)
        found.append(Kind(kind, chain, bool(chosen), tuple(shown)))
    return found


def _option(
    spec: EngineSpec[Any], chain: Sequence[str], row: EngineAccount | None, installed: bool, config: Any
) -> Option:
    usable = row is not None or installed or not (spec.hosted or spec.heavy)
    place = chain.index(spec.name) if spec.name in chain else None
    per = PRICED.get(spec.unit, 1)
    sealed = frozenset(row.sealed if row is not None else ())
    return Option(spec, place, row is not None, usable, sealed, spec.price(config) * per, per)


async def choose(session: AsyncSession, actor: Actor, kind: str, names: Sequence[str], usable: Sequence[str]) -> None:
    """Have these engines serve the session's tenant, best first; none: those of the installation.

    Raises `Wrong` for a kind or an engine that it can't choose.
    """
    if kind not in KINDS:
        raise Impossible("missing", "there is no such kind of engine")
    wrong = [name for name in names if name not in usable]
    if wrong or len(set(names)) != len(names):
        raise Wrong([Fault("names", "engine", f"set up first: {', '.join(wrong)}" if wrong else "each only once")])
    now: Policy = (await personas.current(session)).policy
    chains = {one: chain for one, chain in now.engines.items() if one != kind}
    if names:
        chains[kind] = ",".join(names)
    await personas.change(session, actor, {"engines": chains})


async def set_up(
    book: EngineBook,
    tenant_id: str,
    kind: str,
    name: str,
    config: Mapping[str, Any],
    secrets: Mapping[str, str],
    actor: Actor,
) -> None:
    """Keep the tenant's own set-up of an engine; secrets that are empty stay. Raises `Wrong` and `Impossible`."""
    spec = offered(kind, name)
    if spec.secrets & config.keys():
        raise Wrong([Fault(one, "secret", "give it among the secrets") for one in sorted(spec.secrets & config.keys())])
    made = configuration(spec.config, config)
    given = entered(spec.secrets, secrets)
    await book.keep(tenant_id, kind, name, plain(made), given, actor)


async def leave(
    book: EngineBook, db: Database, engines: Engines, tenant_id: str, kind: str, name: str, actor: Actor
) -> None:
    """Delete the tenant's own set-up of an engine and take it out of the chain, where nothing else would serve it."""
    await book.forget(tenant_id, kind, name, actor)
    found = next(one for one in await kinds(book, engines, tenant_id) if one.name == kind)
    usable = [one.spec.name for one in found.options if one.usable]
    if found.chosen and name not in usable:
        async with db.tenant(tenant_id) as session:
            await choose(session, actor, kind, [one for one in found.chain if one in usable], usable)


def offered(kind: str, name: str) -> EngineSpec[Any]:
    """An engine that tenants may set up for themselves; `Impossible("missing")` for any other."""
    spec = discover().get((kind, name))
    if spec is None or not spec.hosted or kind not in KINDS:
        raise Impossible("missing", "there is no such engine to set up")
    return spec


async def probe(book: EngineBook, engines: Engines, tenant_id: str, kind: str, name: str) -> bool:
    """Ask the engine whether it could be used now; False where it can't be asked. Raises what is wrong."""
    own = await book.of(tenant_id)
    given = own.configs.get((kind, name))
    if given is not None:
        wanted: Configured | None = configured(spec_of(kind, name), given, tenant_id)
    else:
        serving = await engines.configurations(tenant_id)
        wanted = next((one for one in serving if (one.spec.kind, one.spec.name) == (kind, name)), None)
    if wanted is None:
        raise NeedsOwner("engine-not-offered", "set it up first")
    await engines.probe(wanted)
    return wanted.spec.probe is not None


def _config(spec: EngineSpec[Any], own: Mapping[str, Any] | None) -> Any:
    """The tenant's configuration, or the usual one where there is none that fits."""
    try:
        return configured(spec, own or {}).config
    except NeedsOwner:
        return spec.config()


def _order(option: Option) -> tuple[int, bool, str]:
    place = len(discover()) if option.place is None else option.place
    return place, not option.usable, option.spec.name
