"""An HTTP client that resolves names itself and connects to the very address that it checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from core_pipeline.guard.addresses import public
from core_pipeline.guard.rules import PORTS, Rules, forbidden, not_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_MOST_ADDRESSES = 4
_KEEP = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust to say who is who; read once, for it takes its time."""
    return httpx.create_ssl_context(trust_env=False)


async def resolved(host: str, port: int) -> list[str]:
    """Ask the system's resolver for the addresses of a host, best first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class _Wire(httpcore.AsyncNetworkBackend):
    """Connects to a name by an address that was checked; no second look-up can slip another one in."""

    def __init__(self, rules: Rules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(await self._addresses(host, port), port, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no connection in time") from error

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        del path, timeout, socket_options
        raise forbidden("it names a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that we may connect to; refused when it has none but closed ones."""
        try:
            found = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the host is unknown") from error
        if not found:
            raise httpcore.ConnectError("the host has no address")
        able = found if self._rules.allowed(host, port) else [address for address in found if public(address)]
        if not able:
            raise not_public()
        return able[:_MOST_ADDRESSES]

    async def _connect(
        self, addresses: list[str], port: int, local_address: str | None, options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._below.connect_tcp(address, port, None, local_address, options)
            except httpcore.ConnectError:
                continue
        return await self._below.connect_tcp(addresses[-1], port, None, local_address, options)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """HTTP/1.1 to allowed places only, with the name kept for TLS and Host; knows no proxy.

    Raises `Impossible("url-forbidden")` before anything is sent.
    """

    def __init__(self, rules: Rules, resolve: Resolve = resolved, verify: ssl.SSLContext | None = None) -> None:
        context = verify or _trusted()
        super().__init__(verify=context, trust_env=False)
        self._rules = rules
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_KEEP.max_connections,
            max_keepalive_connections=_KEEP.max_keepalive_connections,
            keepalive_expiry=_KEEP.keepalive_expiry,
            network_backend=_Wire(rules, resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request if its URL may be gone to."""
        self._rules.checked(request.url)
        return await super().handle_async_request(request)


class GuardedClient(httpx.AsyncClient):
    """A client without proxy, environment, cookies and automatic redirects; `rules` say where it goes."""

    def __init__(self, rules: Rules, transport: GuardedTransport, timeout: float) -> None:
        # One client serves many tenants: what a server hands to one of them must not go out with another's request.
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        super().__init__(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False, cookies=jar)
        self.rules = rules


def guarded_client(
    allow: Iterable[str] = (),
    *,
    ports: Iterable[int] = PORTS,
    timeout: float = 10.0,
    resolve: Resolve = resolved,
    verify: ssl.SSLContext | None = None,
) -> GuardedClient:
    """Make a client for URLs that others chose; `allow` is the operator's list of host:port, `timeout` in seconds.

    `verify` replaces the public certificate authorities, `resolve` the system's resolver.
    """
    rules = Rules(frozenset(name.lower() for name in allow), frozenset(ports))
    return GuardedClient(rules, GuardedTransport(rules, resolve, verify), timeout)
