"""What a URL must look like before we go there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

import httpx

from core_pipeline.guard.addresses import public
from errors import Impossible

PORTS = frozenset({80, 443, 8080, 8443})
_STANDARD = {"http": 80, "https": 443}
_NAME = re.compile(r"(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?")
# "127.1", "0x7f.1" and "2130706433" are addresses to the system's resolver: a name does not end in a number.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_LONGEST = 2048


@dataclass(frozen=True)
class Rules:
    """Where requests may go: public addresses on `ports`, and what the operator allows besides.

    `allow` names hosts with their ports as URLs would spell them ("10.0.0.5:9000", "erp.internal:80", "[fd00::5]:443").
    """

    allow: frozenset[str] = frozenset()
    ports: frozenset[int] = PORTS

    def allowed(self, host: str, port: int) -> bool:
        """Whether the operator allows this very host and port, whatever its address."""
        name = f"[{host}]" if ":" in host else host
        return f"{name.lower().removesuffix('.')}:{port}" in self.allow

    def checked(self, url: str | httpx.URL) -> httpx.URL:
        """Return the URL, parsed; `Impossible("url-forbidden")` when its form alone shows that we must not go there."""
        try:
            parsed = httpx.URL(url)
            host = parsed.raw_host.decode() if parsed.host else ""
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
            raise forbidden("it cannot be read as an address") from None
        if len(str(parsed)) > _LONGEST:
            raise forbidden(f"it is longer than {_LONGEST} characters")
        if parsed.scheme not in _STANDARD:
            raise forbidden("it must begin with https:// or http://")
        if parsed.userinfo:
            raise forbidden("it must not carry a user or password; use a secret header")
        self._check_place(host, _STANDARD[parsed.scheme] if parsed.port is None else parsed.port)
        return parsed

    def _check_place(self, host: str, port: int) -> None:
        if self.allowed(host, port):
            return
        if port not in self.ports:
            raise forbidden(f"port {port} is not open; use one of {', '.join(map(str, sorted(self.ports)))}")
        if _is_address(host):
            if not public(host):
                raise not_public()
        elif not _NAME.fullmatch(host) or _NUMBER.fullmatch(host):
            raise forbidden("its host is no valid name")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def forbidden(why: str) -> Impossible:
    """The refusal of a URL, with what is wrong with it."""
    return Impossible("url-forbidden", f"this URL is not allowed: {why}")


def not_public() -> Impossible:
    """The refusal of an address inside somebody's network."""
    return forbidden("its address is not in the public internet; the operator can add host:port to the allowed ones")
