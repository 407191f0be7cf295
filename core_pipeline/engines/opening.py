"""Opens engines: each once per process and configuration, when it is first used."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import SecretStr, ValidationError

from core_pipeline.engines.catalogue import discover
from errors import NeedsOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core_pipeline.contracts.specs import Bench, EngineSpec

MOST_KEPT = 256


@dataclass(frozen=True)
class Configured:
    """An engine with the configuration under which it is to work; `owner` is the tenant who set it up, if one did."""

    spec: EngineSpec[Any]
    config: Any
    owner: str | None = None

    @property
    def key(self) -> str:
        """What tells this configuration from any other, without giving away its secrets."""
        plain = {name: _plain(value) for name, value in self.config}
        text = repr((self.spec.kind, self.spec.name, self.owner, sorted(plain.items())))
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else repr(value)


class OwnEngines(Protocol):
    """Knows the engines that tenants set up for themselves."""

    @property
    def chains(self) -> Mapping[str, str]:
        """The tenant's chains by kind."""

    @property
    def configs(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """The tenant's configurations by kind and name, secrets opened."""


def spec_of(kind: str, name: str) -> EngineSpec[Any]:
    """The engine of that name; `NeedsOwner` names those there are."""
    spec = discover().get((kind, name.strip()))
    if spec is None:
        known = sorted(n for k, n in discover() if k == kind)
        raise NeedsOwner("unknown-engine", f"{kind} engine {name!r} does not exist; there are: {', '.join(known)}")
    return spec


def configured(spec: EngineSpec[Any], given: Mapping[str, Any], owner: str | None = None) -> Configured:
    """Check a configuration; `NeedsOwner` names the fields that are wrong, never their values."""
    try:
        return Configured(spec, spec.config.model_validate(dict(given)), owner)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'configuration'}: {one['msg']}" for one in error.errors()
        )
        raise NeedsOwner("engine-config", f"{spec.kind} engine {spec.name}: {wrong}") from None


class Opener:
    """Keeps the engines that this process has opened itself."""

    def __init__(self, bench_of: Callable[[Configured], Bench]) -> None:
        self._bench_of = bench_of
        self._open: OrderedDict[str, Any] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def open(self, wanted: Configured) -> Any:
        """Return the engine, opening it if it is not; others may be opened meanwhile."""
        key = wanted.key
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._open:
                self._open[key] = await wanted.spec.open(wanted.config, self._bench_of(wanted))
            self._open.move_to_end(key)
        self._drop_oldest()
        return self._open[key]

    def opened(self) -> list[Any]:
        """The engines that are open now."""
        return list(self._open.values())

    def _drop_oldest(self) -> None:
        # Only tenants' own set-ups can be that many; they are hosted, and hold nothing but their configuration.
        while len(self._open) > MOST_KEPT:
            key, _ = self._open.popitem(last=False)
            self._locks.pop(key, None)

    async def close(self) -> None:
        """Close every engine that was opened."""
        while self._open:
            _, engine = self._open.popitem()
            await engine.close()
