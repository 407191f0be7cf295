"""No way of writing an address leads inside."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.guard import Rules, public
from errors import Impossible

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
]
INSIDE_4 = [ip_network(block) for block in ("127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16")]
inside_4 = st.sampled_from(INSIDE_4).flatmap(lambda net: st.integers(int(net[0]), int(net[-1]))).map(IPv4Address)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_of_the_public_internet(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.15.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"])
def test_what_is(address: str) -> None:
    assert public(address)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_we_are_never_laxer_than_python(address: IPv4Address) -> None:
    assert not public(str(address)) or (address.is_global and not address.is_multicast and not address.is_reserved)


@settings(deadline=None)
@given(inside_4)
def test_an_address_inside_does_not_get_out_wrapped_in_ipv6(address: IPv4Address) -> None:
    number = int(address)
    for prefix, shift in ((0xFFFF << 32, 0), (0, 0), (0x64FF9B << 96, 0), (0x2002 << 112, 80)):
        assert not public(str(IPv6Address(prefix | number << shift)))


@settings(deadline=None)
@given(st.text())
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert public(text) in {False, True}
    if not any(mark in text for mark in ".:"):
        assert not public(text)


def spellings(address: IPv4Address) -> list[str]:
    a, b, c, d = address.packed
    number = int(address)
    return [
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{c << 8 | d}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{address}.",
        str(address).replace(".", "。"),
        str(address).translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)}),
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"user@{address}",
        f"[fe80::{c:x}%25eth0]",
    ]


@settings(deadline=None)
@given(inside_4, st.sampled_from(["http", "https"]), st.sampled_from(["", ":80", ":443", ":8080"]))
def test_no_spelling_of_an_address_inside_gets_past_the_form(address: IPv4Address, scheme: str, port: str) -> None:
    for host in spellings(address):
        with pytest.raises(Impossible, match="url-forbidden"):
            Rules().checked(f"{scheme}://{host}{port}/path")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http://",
        "http:///x",
        "http://user:secret@example.com/",
        "http://example.com:22/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:5432/",
        "http://ex ample.com/",
        "http://example.com%00.evil/",
        "http://a\\@example.com/",
        "http://-x.com/",
        "http://x..com/",
        "http://xn--a/",
        f"http://{'a' * 64}.com/",
        f"http://{'a.' * 140}com/",
        "https://example.com/" + "x" * 3000,
        "http://[fe80::1%eth0]/",
        "http://8.8.8.8.:80/",
        "http://127.1/",
        "http://0/",
    ],
)
def test_what_is_refused_by_its_form(url: str) -> None:
    with pytest.raises(Impossible, match="url-forbidden"):
        Rules().checked(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com./x?y=z#w",
        "https://EXAMPLE.com:8443/",
        "https://bücher.example/",
        "https://موقع.example/",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]:8080/",
        "https://a_b.example.com/",
    ],
)
def test_what_is_let_through(url: str) -> None:
    assert Rules().checked(url).host


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://example.com{text}"):
        try:
            parsed = Rules().checked(url)
        except Impossible:
            continue
        assert parsed.scheme in {"http", "https"}
        assert not parsed.userinfo


def test_the_operator_lets_a_host_with_its_port_through_and_no_other() -> None:
    rules = Rules(frozenset({"127.0.0.1:9000", "[fd00::5]:443", "erp.internal:9001"}))
    for url in ("http://127.0.0.1:9000/x", "https://[fd00::5]/", "http://ERP.internal.:9001/"):
        assert rules.checked(url).host
    for url in ("http://127.0.0.1:9001/", "http://127.0.0.2:9000/", "http://erp.internal:9002/", "http://[fd00::5]/"):
        with pytest.raises(Impossible):
            rules.checked(url)


def test_the_system_reads_more_spellings_than_we_let_through() -> None:
    """Why names that end in a number are refused: the resolver takes them for addresses."""
    assert socket.getaddrinfo("127.1", 80)[0][4][0] == "127.0.0.1"
