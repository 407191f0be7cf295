"""The webhook's door: handshake, signature and reading, the same for the platform's app and a tenant's own app."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from pydantic import SecretStr

from channels.whatsapp.parse import read_body
from core_pipeline.contracts.channel import Event, WebhookRequest
from errors import Forged


def sign(secret: str, body: bytes) -> str:
    """Return the value of X-Hub-Signature-256 for the raw `body`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class WhatsAppDoor:
    """Believes only what is signed with `app_secret`; with `account`, reads only what concerns that number.

    The filter matters where a tenant brings its own app: its secret proves nothing about other tenants' numbers.
    """

    app_secret: SecretStr | None
    verify_token: SecretStr | None
    account: str | None = None

    def verify(self, request: WebhookRequest) -> str | None:
        """Return the challenge of a genuine handshake, None for a genuine event; raise `Forged` otherwise."""
        if request.method == "GET":
            return self._handshake(request)
        expected = sign(_opened(self.app_secret, "app-secret-missing"), request.body)
        if not _same(expected, request.headers.get("x-hub-signature-256", "")):
            raise Forged("signature-wrong")
        return None

    def read(self, request: WebhookRequest) -> list[Event]:
        """Return every message, status and word on calls of every entry; anything else gives nothing."""
        return read_body(request.body, only=self.account)

    def _handshake(self, request: WebhookRequest) -> str:
        token = _opened(self.verify_token, "verify-token-missing")
        genuine = _same(token, request.query.get("hub.verify_token", ""))
        if not genuine or request.query.get("hub.mode") != "subscribe":
            raise Forged("handshake-wrong")
        return request.query.get("hub.challenge", "")


def _opened(secret: SecretStr | None, code: str) -> str:
    value = secret.get_secret_value() if secret else ""
    if not value:
        raise Forged(code)
    return value


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
