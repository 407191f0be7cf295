"""What we sign so that it comes back unchanged: short-lived tokens, links that expire, names that can't be guessed."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt

from errors import Forged, Impossible
from tenants.models import new_id, now
from tenants.vault import Vault

LONGEST_SECONDS = 3600
ALGORITHM = "HS256"
MARK_BYTES = 16
_NEEDED = ["exp", "aud", "sub", "jti"]


@dataclass(frozen=True)
class Pass:
    """Who a short-lived token was made for: `visitor` is the person ("" when it names none), `id` the token itself.

    `key_id` is the key that it was made with.
    """

    id: str
    tenant_id: str
    scopes: frozenset[str]
    visitor: str
    key_id: str


class Signer:
    """Signs with a key of its own for every purpose, all of them derived from the vault's.

    The newest of the vault's keys signs; what an older one signed is good for as long as the vault has that key.
    """

    def __init__(self, vault: Vault, clock: Callable[[], datetime] = now) -> None:
        self._vault, self._clock = vault, clock
        self._known: dict[str, dict[str, bytes]] = {}

    def issue(
        self,
        tenant_id: str,
        scopes: Iterable[str],
        *,
        visitor: str = "",
        key_id: str = "",
        seconds: int = LONGEST_SECONDS,
        purpose: str = "talk",
    ) -> str:
        """A JSON Web Token for one visitor, good for `seconds` (an hour at most)."""
        name, key = next(iter(self._keys(purpose).items()))
        lasts = timedelta(seconds=min(max(seconds, 1), LONGEST_SECONDS))
        claims = {
            "aud": f"sawtak:{purpose}",
            "sub": tenant_id,
            "jti": new_id(),
            "exp": self._clock() + lasts,
            "scopes": sorted(scopes),
            "visitor": visitor,
            "key": key_id,
        }
        return jwt.encode(claims, key, ALGORITHM, headers={"kid": name})

    def read(self, token: str, purpose: str = "talk") -> Pass:
        """Who the token was made for; `Forged` ("token-expired", "token-wrong") unless it is ours and still good."""
        try:
            key = self._keys(purpose)[str(jwt.get_unverified_header(token).get("kid"))]
            options: Any = {"require": _NEEDED, "verify_exp": False, "verify_iat": False}
            claims = jwt.decode(token, key, [ALGORITHM], options, audience=f"sawtak:{purpose}")
            found = Pass(claims["jti"], claims["sub"], frozenset(claims["scopes"]), claims["visitor"], claims["key"])
            over = float(claims["exp"]) <= self._clock().timestamp()
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise Forged("token-wrong", "ask for a new token") from error
        if over:
            raise Forged("token-expired", "ask for a new token")
        return found

    def seal(self, purpose: str, said: list[str], seconds: float) -> str:
        """These words in a form that fits into a URL, signed, good for `seconds`; anybody can read them."""
        name, key = next(iter(self._keys(purpose).items()))
        body = _encoded(json.dumps([round(self._clock().timestamp() + seconds), *said]).encode())
        return f"{name}.{body}.{_mark(key, body)}"

    def open(self, purpose: str, token: str) -> list[str]:
        """The words that were sealed; `Forged` for what is not ours, `Impossible("link-expired")` when it is over."""
        name, _, rest = token.partition(".")
        body, _, mark = rest.partition(".")
        key = self._keys(purpose).get(name)
        if key is None or not hmac.compare_digest(_mark(key, body).encode(), mark.encode()):
            raise Forged("link-wrong", "ask for a new link")
        until, *said = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if until <= self._clock().timestamp():
            raise Impossible("link-expired", "ask for a new link")
        return [str(one) for one in said]

    def mark(self, purpose: str, text: str) -> str:
        """32 hexadecimal digits that only we can make for this text."""
        key = next(iter(self._keys(purpose).values()))
        return _digest(key, text).hex()

    def marked(self, purpose: str, text: str, mark: str) -> bool:
        """Whether the mark is ours for this text."""
        marks = [_digest(key, text).hex() for key in self._keys(purpose).values()]
        return any([hmac.compare_digest(one.encode(), mark.encode()) for one in marks])  # noqa: C419 - all of them, so that the time tells nothing

    def _keys(self, purpose: str) -> dict[str, bytes]:
        if purpose not in self._known:
            self._known[purpose] = self._vault.derived(f"sawtak/signing/{purpose}")
        return self._known[purpose]


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), sha256)[:MARK_BYTES]


def _mark(key: bytes, text: str) -> str:
    return _encoded(_digest(key, text))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
