"""The vault: secrets are sealed for the one place where they are kept, and opened on purpose only."""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from errors import NeedsOwner

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealBroken(NeedsOwner):
    """The token was not sealed for this place with a key that we have: enter the secret again or restore the key."""

    def __init__(self, detail: str) -> None:
        super().__init__("seal-broken", detail)


@dataclass(frozen=True)
class Where:
    """The place that a secret is bound to: moved to any other, it does not open."""

    table: str
    row: str
    column: str

    def bytes(self) -> bytes:
        """Spell the place unambiguously."""
        return ":".join(
            part.replace("\\", "\\\\").replace(":", "\\:") for part in (self.table, self.row, self.column)
        ).encode()


class Vault:
    """AES-256-GCM with named keys; seals with `current`, opens with any.

    Tokens read "v1.<key id>.<base64url of nonce and ciphertext>".
    """

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        for name, key in keys.items():
            if not KEY_ID.fullmatch(name) or len(key) != KEY_BYTES:
                raise NeedsOwner("vault-key", f"key {name[:32]!r} must be {KEY_BYTES} bytes under a plain name")
        if current not in keys:
            raise NeedsOwner("vault-key", "the current key is missing")
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._raw = dict(keys)
        self._current = current

    @classmethod
    def from_text(cls, text: SecretStr | str) -> Self:
        """Read "id:base64 of 32 bytes" pairs, newest first, comma-separated."""
        plain = text.get_secret_value() if isinstance(text, SecretStr) else text
        keys: dict[str, bytes] = {}
        for pair in plain.split(","):
            name, _, key = pair.strip().partition(":")
            try:
                keys[name] = b64decode(key, validate=True)
            except NotBase64:
                raise NeedsOwner("vault-key", f"key {name[:32]!r} is not base64") from None
        return cls(keys, next(iter(keys)))

    @classmethod
    def generate(cls) -> Self:
        """Make a vault with a fresh key that nobody else has."""
        return cls({"k1": secrets.token_bytes(KEY_BYTES)}, "k1")

    def seal(self, plain: SecretStr | str, where: Where) -> str:
        """Encrypt for this place with the current key."""
        secret = plain.get_secret_value() if isinstance(plain, SecretStr) else plain
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._keys[self._current].encrypt(nonce, secret.encode(), where.bytes())
        return f"v1.{self._current}.{_encode(nonce + sealed)}"

    def open(self, token: str, where: Where) -> SecretStr:
        """Decrypt what was sealed for this place; `SealBroken` otherwise."""
        name, body = _parse(token)
        if name not in self._keys:
            raise SealBroken("unknown key")
        try:
            plain = self._keys[name].decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], where.bytes())
        except (InvalidTag, ValueError):
            raise SealBroken(f"does not open for {where.table}.{where.column}") from None
        return SecretStr(plain.decode())

    def derived(self, purpose: str) -> dict[str, bytes]:
        """Keys of 32 bytes for another purpose than sealing, by the names of those they come of, the current first."""
        names = sorted(self._raw, key=lambda name: name != self._current)
        return {name: HKDF(SHA256(), KEY_BYTES, None, purpose.encode()).derive(self._raw[name]) for name in names}

    def reseal(self, token: str, where: Where) -> str:
        """Seal again with the current key; a token that has it already comes back as it is."""
        return token if _parse(token)[0] == self._current else self.seal(self.open(token, where), where)


def _encode(body: bytes) -> str:
    return urlsafe_b64encode(body).decode().rstrip("=")


def _parse(token: str) -> tuple[str, bytes]:
    version, _, rest = token.partition(".")
    name, _, text = rest.partition(".")
    try:
        body = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise SealBroken("not a token") from None
    if version != "v1" or _encode(body) != text:
        raise SealBroken("not a token")
    return name, body
