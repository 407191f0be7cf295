"""Whether a call to us is the vendor's own: its signature, proved before anything else is looked at."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import SecretStr
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the vendor ships no types

from core_pipeline.contracts.channel import WebhookRequest
from errors import Forged

Algorithm = Literal["HMAC_SHA1", "HMAC_SHA256"]

HEADER = "x-twilio-signature"

_FORM = "application/x-www-form-urlencoded"
_FIELDS = 1000
_BODY_HASH = re.compile(r"(?:^|&)bodySHA256=([0-9a-fA-F]{64})(?:&|$)")
_SOCKETS = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}


class Fields(dict[str, list[str]]):
    """A form's fields, several values of a name kept, in the shape that the vendor's library reads."""

    def getlist(self, name: str) -> list[str]:
        """All values of this name."""
        return self[name]

    def last(self, name: str) -> str:
        """The value of this name, "" where there is none."""
        return self.get(name, [""])[-1]


def parsed(encoded: str | bytes) -> Fields:
    """Read a form or a query, blank values kept; raises ValueError for what is none."""
    fields = Fields()
    text = encoded.decode("ascii") if isinstance(encoded, bytes) else encoded
    for name, value in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS):
        fields.setdefault(name, []).append(value)
    return fields


@dataclass(frozen=True)
class Seal:
    """Believes what is signed with one of these secrets; several while one is being replaced.

    The algorithm is ours to choose: the header that names one is the sender's word and is not heard.
    """

    secrets: tuple[SecretStr, ...]
    algorithm: Algorithm = "HMAC_SHA1"

    def prove(self, request: WebhookRequest) -> Fields:
        """Return the fields of a genuine HTTP call; raises `Forged` for any other."""
        try:
            fields, signed = _content(request)
            genuine = self._genuine([_bare(request.url)], signed, request)
        except (ValueError, TypeError):
            raise Forged("request-malformed", "no call of the vendor's looks like that") from None
        if not genuine:
            raise Forged("signature-wrong")
        return fields

    def prove_handshake(self, request: WebhookRequest) -> None:
        """Raise `Forged` unless this opening of a websocket is the vendor's."""
        try:
            genuine = self._genuine(list(_socket_urls(_bare(request.url))), Fields(), request)
        except (ValueError, TypeError):
            raise Forged("request-malformed", "no call of the vendor's looks like that") from None
        if not genuine:
            raise Forged("signature-wrong")

    def _genuine(self, urls: Sequence[str], fields: Fields, request: WebhookRequest) -> bool:
        given = request.headers.get(HEADER, "")
        keys = [key for secret in self.secrets if (key := secret.get_secret_value())]
        if not keys:
            raise Forged("auth-token-missing", "give the account's auth token")
        return bool(given) and any(
            RequestValidator(key).validate(url, fields, given, self.algorithm) for key in keys for url in urls
        )


def _content(request: WebhookRequest) -> tuple[Fields, Fields]:
    """What the caller tells us, and which of it is signed beside the URL."""
    query = urlsplit(request.url).query
    if request.method == "GET":
        return parsed(query), Fields()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        form = parsed(request.body)
        return form, form
    # The vendor's library takes any body for a genuine one where the URL holds no hash: without it nothing is proved.
    promised = _BODY_HASH.search(query)
    if request.body and not (promised and _same(hashlib.sha256(request.body).hexdigest(), promised[1].lower())):
        raise ValueError
    return Fields(), Fields()


def _bare(url: str) -> str:
    """The URL as it is signed: without user, password and fragment, all else untouched."""
    scheme, separator, rest = url.partition("#")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _socket_urls(url: str) -> Iterator[str]:
    """The ways in which the vendor may have written a websocket's address when it signed the handshake.

    With a slash at the end or without; its library tries wss with port 80, so 443 is tried here.
    """
    parts = urlsplit(url)
    bare = parts.path.rstrip("/")
    for scheme in {_SOCKETS.get(parts.scheme, "wss"), "wss"}:
        hosts = [parts.netloc] if parts.port else [parts.netloc, f"{parts.netloc}:443"]
        for host in hosts:
            yield from (urlunsplit((scheme, host, path, parts.query, "")) for path in (bare, f"{bare}/"))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
