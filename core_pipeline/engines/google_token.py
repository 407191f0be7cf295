"""Who we are to Google's clouds: an API key, or a token for a service account's signed assertion (RFC 7523)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, SecretStr, ValidationError

from core_pipeline.engines.vendor import object_of, whole
from errors import Impossible, NeedsOwner, Retryable

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 3600
_PATIENCE = 10.0
_EARLY = 120.0  # seconds before its end that a token is renewed: longer than any request that carries it


class Account(BaseModel):
    """What we need of a service account's key file."""

    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = TOKEN_URI


class Token:
    """Proves who asks; a service account's token is fetched once an hour and shared by all who wait for it."""

    def __init__(self, api_key: SecretStr, service_account: SecretStr) -> None:
        self._api_key, self._service_account = api_key, service_account
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()

    async def headers(self, http: httpx.AsyncClient) -> dict[str, str]:
        """Return the headers that authorise a request.

        Raises NeedsOwner when neither an API key nor a usable service account is set, or Google refuses it;
        Retryable when Google's token server cannot be reached.
        """
        if not self._service_account.get_secret_value():
            return {"x-goog-api-key": self._key()}
        async with self._lock:
            if time.monotonic() >= self._until:
                await self._renew(http)
        return {"authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Drop the token, so that the next request fetches a new one; after a 401."""
        self._until = 0.0

    def _key(self) -> str:
        key = self._api_key.get_secret_value().strip()
        if not key:
            raise NeedsOwner("google-credentials", "set an API key or the JSON of a service account's key")
        if not (key.isascii() and key.isprintable()):
            raise NeedsOwner("google-credentials", "the API key holds characters that no key has: enter it anew")
        return key

    async def _renew(self, http: httpx.AsyncClient) -> None:
        account = _account(self._service_account)
        form = {"grant_type": GRANT, "assertion": assertion(account, int(time.time()))}
        asked = time.monotonic()
        request = http.build_request("POST", account.token_uri, data=form)
        try:
            body = await whole(http, request, "google", seconds=_PATIENCE)
        except Impossible:
            raise NeedsOwner("vendor-denied", "Google refuses the service account: make a new key for it") from None
        self._token, lasts = _granted(body)
        self._until = asked + lasts - _EARLY


def assertion(account: Account, now: int) -> str:
    """Return the signed claim to be `account` at `now` (Unix seconds). Raises NeedsOwner for an unusable key."""
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.private_key_id} if account.private_key_id else {})
    claims = {
        "iss": account.client_email,
        "scope": SCOPE,
        "aud": account.token_uri,
        "iat": now,
        "exp": now + _LIFETIME,
    }
    signed = f"{_part(header)}.{_part(claims)}"
    signature = _private_key(account).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_coded(signature)}"


def _account(sealed: SecretStr) -> Account:
    try:
        return Account.model_validate_json(sealed.get_secret_value())
    except ValidationError:
        raise NeedsOwner("google-credentials", "the service account is not the JSON of a key file") from None


def _private_key(account: Account) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(account.private_key.encode(), password=None)
    except (ValueError, TypeError, binascii.Error):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise NeedsOwner("google-credentials", "the service account's private key is not an RSA key in PEM")
    return key


def _granted(body: bytes) -> tuple[str, float]:
    granted = object_of(body, "google")
    try:
        return str(granted["access_token"]), float(granted["expires_in"])
    except (ValueError, KeyError, TypeError):
        raise Retryable("vendor-garbled", "Google's token server answered without a token") from None


def _part(content: dict[str, Any]) -> str:
    return _coded(json.dumps(content, separators=(",", ":")).encode())


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
