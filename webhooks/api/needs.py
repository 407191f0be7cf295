"""What the public API works with; app.py gives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from core_pipeline.engines.fair import FairGate
    from core_pipeline.engines.router import Engines
    from core_pipeline.erasing.customer import Journal
    from core_pipeline.knowledge.documents.library import Library
    from core_pipeline.knowledge.shelf import Shelf
    from core_pipeline.media.sandbox import Sandbox
    from core_pipeline.operating.machine import Machine
    from core_pipeline.portraits.gallery import Gallery
    from tenants.accounts import AccountBook
    from tenants.blobs import Blobs
    from tenants.db import Database
    from tenants.engines import EngineBook
    from tenants.inbox import Inbox
    from tenants.links import Links
    from tenants.signing import Signer
    from tenants.vault import Vault
    from webhooks.lines import OpenLines

MIB = 1 << 20


class Dial(Protocol):
    """Calls somebody on behalf of an account."""

    def __call__(self, account_id: str, to: str, opening: str) -> Awaitable[str]:
        """Call this number, begin with `opening` (the greeting where it is empty) and give the id of the call."""


@dataclass(frozen=True)
class Rate:
    """So much at once, and so much again each second; reading costs 1, making something `MAKING`."""

    burst: float
    per_second: float


MAKING = 5.0


@dataclass(frozen=True)
class Rates:
    """How much one key may ask for, and one visitor or address, and an address without a key; open streams of one."""

    key: Rate = field(default_factory=lambda: Rate(600.0, 60.0))
    visitor: Rate = field(default_factory=lambda: Rate(60.0, 3.0))
    stranger: Rate = field(default_factory=lambda: Rate(60.0, 2.0))
    streams: int = 20


@dataclass(frozen=True)
class Sizes:
    """The largest bodies in bytes: of uploads, of anything else, and of requests without a key."""

    upload: int = 25 * MIB
    plain: int = MIB
    stranger: int = 64 << 10


@dataclass(frozen=True)
class Needs:
    """The rooms below, as the API needs them; `address` is our public one.

    `gallery` keeps tenants' own avatars. `dial` calls somebody, `journal` remembers how far turns are, `vault` seals
    secrets, `library` takes documents in, `own_engines` are tenants' own set-ups of engines, `machine` is the
    installation for whoever runs it; where one is None, what needs it is not there. `inner` are hosts within our
    network that what tenants set up may reach. `checks` say whether we can serve, `extra` are more routes under
    /api/v1, which find who asks in `request.state.caller`.
    """

    db: Database
    blobs: Blobs
    book: AccountBook
    inbox: Inbox
    lines: OpenLines
    engines: Engines
    shelf: Shelf
    sandbox: Sandbox
    gate: FairGate
    gallery: Gallery
    signer: Signer
    links: Links
    address: str
    dial: Dial | None = None
    library: Library | None = None
    checks: Mapping[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    extra: Sequence[BaseRoute] = ()
    journal: Journal | None = None
    machine: Machine | None = None
    vault: Vault | None = None
    inner: frozenset[str] = frozenset()
    own_engines: EngineBook | None = None
    rates: Rates = field(default_factory=Rates)
    sizes: Sizes = field(default_factory=Sizes)
