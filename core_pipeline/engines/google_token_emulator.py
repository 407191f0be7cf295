"""An emulator of Google's token server and of a service account it knows, for tests and rehearsals."""

from __future__ import annotations

import base64
import json
import secrets
import time
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core_pipeline.engines.google_token import GRANT, SCOPE

API_KEY = "emulated-key"
_PATH = "/token"
_EMAIL = "emulated@project.iam.gserviceaccount.com"


class EmulatedAccounts:
    """Knows one API key and one service account; gives tokens for its assertions, which `lasts` says how long live."""

    def __init__(self, lasts: int = 3600) -> None:
        self.lasts = lasts
        self.tokens: list[str] = []

    @property
    def route(self) -> Route:
        """The token server, for an emulator's app."""
        return Route(_PATH, self._grant, methods=["POST"])

    def service_account(self, base_url: str) -> str:
        """Return the service account's key file, which names the token server at `base_url`."""
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {"type": "service_account", "client_email": _EMAIL, "private_key_id": "k1", "private_key": pem}
        return json.dumps(account | {"token_uri": base_url + _PATH})

    def denied(self, request: Request) -> Response | None:
        """Return the refusal that a request without a known key or token gets."""
        key, token = request.headers.get("x-goog-api-key"), request.headers.get("authorization", "")
        if key is not None and key != API_KEY:
            return google_error(400, "INVALID_ARGUMENT", "API_KEY_INVALID")
        if key == API_KEY or token.removeprefix("Bearer ") in self.tokens:
            return None
        return google_error(401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED")

    async def _grant(self, request: Request) -> Response:
        async with request.form() as form:
            grant, assertion = form.get("grant_type"), str(form.get("assertion"))
        if grant != GRANT or not _proven(assertion, str(request.url)):
            return JSONResponse({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
        self.tokens.append(secrets.token_hex(8))
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": self.lasts, "token_type": "Bearer"})


def google_error(status: int, name: str, reason: str = "") -> JSONResponse:
    """Return an error in the form of Google's APIs; like the real one, its message repeats what it was sent."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    error = {"code": status, "message": f"not accepted: {API_KEY}", "status": name, "details": details}
    return JSONResponse({"error": error}, status)


def _proven(assertion: str, address: str) -> bool:
    signed, _, signature = assertion.rpartition(".")
    try:
        _key().public_key().verify(_raw(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims: dict[str, Any] = json.loads(_raw(signed.partition(".")[2]))
    except (InvalidSignature, ValueError):
        return False
    fresh = claims["iat"] <= time.time() + 1 and claims["exp"] - claims["iat"] <= 3600
    return fresh and (claims["iss"], claims["scope"], claims["aud"]) == (_EMAIL, SCOPE, address)


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
