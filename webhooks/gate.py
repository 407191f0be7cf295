"""Who may talk to a tenant's assistant: holders of a key or of a short-lived token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from errors import Forged
from tenants.api_keys import PUBLIC, SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core_pipeline.contracts.channel import WebhookRequest
    from tenants.api_keys import Keyring
    from tenants.signing import Signer

SCOPE = "talk"
KEY_HEADER = "x-sawtak-key"


@dataclass(frozen=True)
class Credentials:
    """What a request shows: a key or a token, whether in the address that logs keep, and the page it comes from."""

    secret: str
    in_address: bool
    origin: str

    @staticmethod
    def of(request: WebhookRequest) -> Credentials:
        """Read `Authorization: Bearer …`, `X-Sawtak-Key`, `?token=` or `?key=`; the first that is there."""
        headers, query = request.headers, request.query
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        shown = bearer.strip() if kind.lower() == "bearer" else headers.get(KEY_HEADER, "").strip()
        asked = query.get("token") or query.get("key") or ""
        return Credentials(shown or asked, not shown, headers.get("origin", "").lower())


@dataclass(frozen=True)
class Admission:
    """Whose assistant it is, and who talks to it, where a token says so ("" otherwise)."""

    tenant_id: str
    visitor: str = ""


class Gate(Protocol):
    """Lets people in."""

    async def admit(self, shown: Credentials) -> Admission:
        """Whose assistant they may talk to; `Forged`, with what to do in its detail, otherwise."""


class KeyGate:
    """A `Gate` for the keys and tokens of the public API."""

    def __init__(self, keyring: Keyring, signer: Signer) -> None:
        self._keyring, self._signer = keyring, signer

    async def admit(self, shown: Credentials) -> Admission:
        """Admit a public key from its own pages, a secret key that no log has seen, a token that is still good."""
        if not shown.secret.startswith((PUBLIC, SECRET)):
            holder = self._signer.read(shown.secret)
            if SCOPE not in holder.scopes:
                raise Forged("token-scope", f"the token lacks the scope {SCOPE}")
            return Admission(holder.tenant_id, holder.visitor)
        if shown.in_address and shown.secret.startswith(SECRET):
            raise Forged("key-in-address", "secret keys belong into a header: addresses are written to logs")
        key = await self._keyring.check(shown.secret)
        if key is None or not key.may(SCOPE):
            raise Forged("key-unknown", f"there is no such key with the scope {SCOPE}")
        if key.public and shown.origin not in key.origins:
            raise Forged("origin-unknown", "add this page's origin to the key")
        return Admission(key.tenant_id)


def problem(error: Exception) -> Mapping[str, Mapping[str, str]]:
    """An error as the body of an answer."""
    code, detail = getattr(error, "code", "broken"), getattr(error, "detail", "")
    return {"error": {"code": code, "detail": detail}}
