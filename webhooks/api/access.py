"""Who asks, and what they may: keys, tokens, origins, scopes and how fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.requests import Request

from errors import Forged
from tenants.api_keys import PUBLIC, SECRET
from tenants.house_keys import HOUSE, HouseRef
from tenants.models import new_id
from webhooks.api.needs import MAKING, Rate, Rates
from webhooks.api.problems import Refusal
from webhooks.api.rates import Buckets

if TYPE_CHECKING:
    from tenants.api_keys import Keyring
    from tenants.house_keys import HouseKeyring
    from tenants.signing import Signer

KEY_HEADER = "X-Sawtak-Key"
READING = ("GET", "HEAD", "OPTIONS")
# What a page calls its visitor is not proven: it must never be taken for one whom the business has named.
UNPROVEN = "~"

_BEARER = HTTPBearer(auto_error=False, description="A key of yours (sk_…, pk_…) or a token from POST /token.")
_HEADER = APIKeyHeader(name=KEY_HEADER, auto_error=False, description="The same keys.")
_HOUSE = HTTPBearer(
    auto_error=False, scheme_name="HouseKey", description="A key of an agency or of the platform (ak_…)."
)


@dataclass(frozen=True)
class Caller:
    """Who asks: `id` is of the key (that a token was made with; of the tenant where we made it ourselves).

    `visitor` is the person whom a token names, "" otherwise.
    """

    kind: Literal["secret", "public", "token"]
    id: str
    tenant_id: str
    scopes: frozenset[str]
    visitor: str = ""

    def may(self, scope: str) -> bool:
        """Whether they may do this; "admin" may do everything."""
        return scope in self.scopes or "admin" in self.scopes

    def person(self, given: str | None) -> str:
        """The name under which we know the visitor: whom the token names, or `given`, or somebody new."""
        if self.visitor:
            if given not in {None, "", self.visitor}:
                raise Refusal(403, "visitor-differs")
            return self.visitor
        named = given or new_id()
        return named if self.kind == "secret" else f"{UNPROVEN}{named}"


def shown(person: str) -> str:
    """The visitor's name as the caller gave it."""
    return person.removeprefix(UNPROVEN)


class Access:
    """Lets callers in; `address` is our own, whose pages may use every public key.

    `house` knows keys above a tenant; without it none is let in.
    """

    def __init__(
        self, keyring: Keyring, signer: Signer, rates: Rates, address: str, house: HouseKeyring | None = None
    ) -> None:
        self._keyring, self._signer, self._rates, self._house = keyring, signer, rates, house
        self._own = origin_of(address)
        self._buckets = Buckets()
        self._streams: Counter[str] = Counter()

    async def caller(self, request: Request) -> Caller | None:
        """Who asks as a business, its page or its visitor; None where they show nothing.

        Raises `Refusal` (401, 403, 429) and `Forged`.
        """
        found = await self.asker(request)
        if isinstance(found, HouseRef):
            raise Refusal(403, "house-key")
        return found

    async def asker(self, request: Request) -> Caller | HouseRef | None:
        """Who asks, also whoever stands above a business; as `caller`."""
        secret, in_address = _shown(request)
        try:
            found = await self._known(request, secret, in_address=in_address) if secret else None
        except (Forged, Refusal):
            self._spend(f"stranger {_peer(request)}", self._rates.stranger, MAKING)
            raise
        if found is None:
            self._spend(f"stranger {_peer(request)}", self._rates.stranger, 1.0)
            return None
        cost = 1.0 if request.method in READING else MAKING
        if isinstance(found, HouseRef):
            self._spend(f"house {found.id}", self._rates.key, cost)
            return found
        if found.kind != "secret":
            self._spend(f"visitor {found.id} {found.visitor or _peer(request)}", self._rates.visitor, cost)
        self._spend(f"key {found.tenant_id} {found.kind} {found.id}", self._rates.key, cost)
        return found

    def may_stream(self, request: Request, caller: Caller) -> None:
        """Raise `Refusal` when this visitor, or this server, has too many open streams."""
        if self._streams[_reader(request, caller)] >= self._rates.streams:
            raise Refusal(429, "too-many", after=10.0)

    @contextmanager
    def streaming(self, request: Request, caller: Caller) -> Iterator[None]:
        """Count an open stream while the block runs."""
        name = _reader(request, caller)
        self._streams[name] += 1
        try:
            yield
        finally:
            self._streams[name] -= 1
            if not self._streams[name]:
                del self._streams[name]

    async def _known(self, request: Request, secret: str, *, in_address: bool) -> Caller | HouseRef:
        if secret.startswith(HOUSE):
            return await self._housed(secret, in_address=in_address)
        if not secret.startswith((SECRET, PUBLIC)):
            token = self._signer.read(secret)
            return Caller("token", token.key_id or token.tenant_id, token.tenant_id, token.scopes, token.visitor)
        if in_address and secret.startswith(SECRET):
            raise Refusal(401, "key-in-address")
        key = await self._keyring.check(secret)
        if key is None:
            raise Refusal(401, "key-wrong")
        if key.public and not self._from(request, key.origins):
            raise Refusal(403, "origin-wrong")
        return Caller("public" if key.public else "secret", key.id, key.tenant_id, key.scopes)

    async def _housed(self, secret: str, *, in_address: bool) -> HouseRef:
        if in_address:
            raise Refusal(401, "key-in-address")
        found = await self._house.check(secret) if self._house is not None else None
        if found is None:
            raise Refusal(401, "key-wrong")
        return found

    def _from(self, request: Request, origins: frozenset[str]) -> bool:
        """Whether the page may use the key; browsers name no origin when a page of ours reads from us."""
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site") == "same-origin" and request.method in READING
        return origin.lower() in origins or origin.lower() == self._own

    def _spend(self, name: str, rate: Rate, cost: float) -> None:
        if wait := self._buckets.take(name, rate, cost):
            raise Refusal(429, "too-many", after=wait)


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as browsers write them."""
    parts = urlsplit(address.lower())
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in {None, usual} else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def allowed(scope: str, *, secret: bool = False) -> Callable[..., Awaitable[Caller]]:
    """Let only callers with this scope through; `secret`: only with a secret key."""

    async def check(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None,
        header: Annotated[str | None, Security(_HEADER)] = None,
    ) -> Caller:
        del bearer, header  # named for the description of the API; the door has read them
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            raise Refusal(403, "house-key") if housed_in(request) else Refusal(401, "no-key")
        if secret and caller.kind != "secret":
            raise Refusal(403, "secret-needed")
        if not caller.may(scope):
            raise Refusal(403, "scope-missing")
        return caller

    return check


def above(*, platform: bool = False) -> Callable[..., Awaitable[HouseRef]]:
    """Let only keys above a tenant through; `platform`: only the platform's."""

    async def check(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_HOUSE)] = None,
    ) -> HouseRef:
        del bearer  # as in `allowed`
        house = housed_in(request)
        if house is None:
            raise Refusal(403, "house-needed") if getattr(request.state, "caller", None) else Refusal(401, "no-key")
        if platform and house.agency_id is not None:
            raise Refusal(403, "platform-needed")
        return house

    return check


def housed_in(request: Request) -> HouseRef | None:
    """Who asks from above a tenant, where the door has found one."""
    found: HouseRef | None = getattr(request.state, "house", None)
    return found


def _shown(request: Request) -> tuple[str, bool]:
    """The key or token, and whether it stands in the address: where a page can set no header."""
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and bearer.strip():
        return bearer.strip(), False
    if header := request.headers.get(KEY_HEADER, "").strip():
        return header, False
    if request.method != "GET":
        return "", False
    return request.query_params.get("token") or request.query_params.get("key") or "", True


def _reader(request: Request, caller: Caller) -> str:
    return caller.id if caller.kind == "secret" else f"{caller.id} {caller.visitor or _peer(request)}"


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""
