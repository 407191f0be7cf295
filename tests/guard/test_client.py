"""The client connects to what it checked, and to nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core_pipeline.guard import GuardedClient, guarded_client
from core_pipeline.guard import client as guarding
from errors import Impossible
from tests.guard.stranger import reply, stranger


class Names:
    """A resolver that gives the next of its answers at each look-up, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def to(names: Names, port: int, verify: ssl.SSLContext | None = None) -> AsyncIterator[GuardedClient]:
    async with guarded_client(ports={port}, resolve=names, verify=verify) as client:
        yield client


@pytest.fixture
def first_loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """For these tests 127.0.0.1 lies in the public internet, its neighbours do not."""
    monkeypatch.setattr(guarding, "public", lambda address: address == "127.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"])
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(address: str) -> None:
    async with stranger(reply()) as server, to(Names([address]), server.port) as client:
        with pytest.raises(Impossible, match="url-forbidden"):
            await client.get(f"http://innocent.example:{server.port}/")
        assert server.heads == []


async def test_localhost_by_the_systems_own_resolver_is_refused() -> None:
    async with stranger(reply()) as server, guarded_client(ports={server.port}) as client:
        for host in ("localhost", "LOCALHOST"):
            with pytest.raises(Impossible, match="url-forbidden"):
                await client.get(f"http://{host}:{server.port}/")
        assert server.heads == []


@pytest.mark.usefixtures("first_loopback_is_public")
async def test_a_name_that_changes_its_address_after_the_check_gains_nothing() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with stranger(reply(), ("127.0.0.1", "127.0.0.2")) as server, to(names, server.port) as client:
        assert (await client.get(f"http://rebinding.example:{server.port}/")).text == "hello"
        assert (names.asked, server.addresses) == (1, ["127.0.0.1"])
        await client.aclose()
    async with stranger(reply(), ("127.0.0.1", "127.0.0.2")) as server, to(names, server.port) as client:
        with pytest.raises(Impossible, match="url-forbidden"):
            await client.get(f"http://rebinding.example:{server.port}/")
        assert server.addresses == []


@pytest.mark.usefixtures("first_loopback_is_public")
async def test_of_open_and_closed_addresses_the_open_are_used() -> None:
    async with stranger(reply(), ("127.0.0.1", "127.0.0.2")) as server:
        async with to(Names(["127.0.0.2", "127.0.0.1"]), server.port) as client:
            assert (await client.get(f"http://both.example:{server.port}/")).status_code == 200
        assert server.addresses == ["127.0.0.1"]


async def test_the_next_address_is_tried_when_one_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "public", bool)
    names = Names(["127.0.0.1", "127.0.0.2"])
    async with stranger(reply(), ("127.0.0.2",)) as server, to(names, server.port) as client:
        assert (await client.get(f"http://two.example:{server.port}/")).status_code == 200


async def test_an_allowed_host_is_reached_wherever_it_lies() -> None:
    async with stranger(reply()) as server:
        place = f"erp.internal:{server.port}"
        async with guarded_client({place.upper()}, resolve=Names(["127.0.0.1"])) as client:
            assert (await client.get(f"http://{place}/")).text == "hello"
            with pytest.raises(Impossible):
                await client.get(f"http://other.internal:{server.port}/")
        assert f"Host: {place}" in server.heads[0]


async def test_redirects_are_left_to_the_caller_and_checked_when_followed() -> None:
    async with stranger(reply()) as inner:
        leading = reply(b"", "302 Found", Location=inner.url)
        async with stranger(leading) as outer, guarded_client({outer.place}) as client:
            assert (await client.get(outer.url)).status_code == 302
            with pytest.raises(Impossible, match="url-forbidden"):
                await client.get(outer.url, follow_redirects=True)
        assert inner.heads == []


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stranger(reply(b"proxied")) as proxy, stranger(reply(b"direct")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with guarded_client({server.place}) as client:
            assert (await client.get(server.url)).text == "direct"
        assert proxy.heads == []


async def test_cookies_of_one_request_do_not_go_out_with_the_next() -> None:
    async with stranger(reply(Set_Cookie="session=of-one-tenant; Path=/")) as server:
        async with guarded_client({server.place}) as client:
            await client.get(server.url)
            await client.get(server.url)
            assert not client.cookies
        assert len(server.heads) == 2
        assert "ookie" not in "".join(server.heads)


async def test_an_unknown_name_is_a_connection_error() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError(host)

    async with guarded_client(resolve=unknown) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://nowhere.example/")


async def test_a_look_up_that_hangs_ends_in_time() -> None:
    async def hanging(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with guarded_client(resolve=hanging, timeout=0.05) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get("http://slow.example/")


async def test_tls_checks_the_name_and_not_the_address(tmp_path: Path) -> None:
    asked: list[str] = []
    serving, trusting = certified("shop.example", tmp_path)
    serving.set_servername_callback(lambda _s, name, _c: asked.append(name))  # type: ignore[arg-type]  # returns None like the stub wants, by way of append
    async with stranger(reply(), tls=serving) as server:
        allow = {f"shop.example:{server.port}", f"other.example:{server.port}"}
        async with guarded_client(allow, resolve=Names(["127.0.0.1"]), verify=trusting) as client:
            assert (await client.get(f"https://shop.example:{server.port}/")).text == "hello"
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await client.get(f"https://other.example:{server.port}/")
    assert asked == ["shop.example", "other.example"]


def certified(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
