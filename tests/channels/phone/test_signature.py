from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.phone.signature import Seal, parsed
from core_pipeline.contracts.channel import WebhookRequest
from errors import Forged
from tests.channels.phone.paper import sign

SEAL = Seal((SecretStr("12345"),))
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
BODY = b"CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212"
PAGE = "https://mycompany.com/myapp.php?foo=1&bar=2"
PAGE_SIGNATURE = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
HASHED = "https://example.com/hook?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
STREAM = "wss://example.com/twilio/stream/t1"


def posted(url: str, body: bytes, signature: str, mime: str = FORM, **headers: str) -> WebhookRequest:
    return WebhookRequest("POST", {"content-type": mime, "x-twilio-signature": signature, **headers}, {}, body, url)


def handshake(url: str, signature: str) -> WebhookRequest:
    return WebhookRequest("GET", {"x-twilio-signature": signature}, {}, b"", url)


def test_the_known_form_is_believed_and_read() -> None:
    fields = SEAL.prove(posted(PAGE, BODY, PAGE_SIGNATURE))
    assert (fields.last("Digits"), fields.last("From"), fields.last("missing")) == ("1234", "+12349013030", "")


def test_several_values_of_a_name_are_sorted_and_counted_once() -> None:
    fields = SEAL.prove(posted("https://e.com/", b"A=2&A=1&A=1&B=x", "B+tSVrQ1+EKbsUGeyGe5sICgsrQ="))
    assert (fields.getlist("A"), fields.last("A"), fields.last("B")) == (["2", "1", "1"], "1", "x")


def test_a_body_in_json_is_believed_by_its_hash_only() -> None:
    good = posted(HASHED, b'{"a":1}', "2e7mH/NA6FwzvUqLZxhsETU/4bw=", "application/json")
    assert SEAL.prove(good) == {}
    without = "https://example.com/hook"
    for wrong in (
        posted(HASHED, b'{"a":2}', "2e7mH/NA6FwzvUqLZxhsETU/4bw=", "application/json"),
        posted(without, b'{"a":1}', sign(without, {}, "12345"), "application/json"),
        posted(without, b'{"a":1}', sign(without, {}, "12345"), "text/plain"),
    ):
        with pytest.raises(Forged):
            SEAL.prove(wrong)


@pytest.mark.parametrize(
    ("url", "signature"),
    [(STREAM, "NwKx4k9FdnItbm3lpvd4ICVz0js="), (f"{STREAM}/", "w2sC4fTKh3ByQaPYOQ+jxxdmSdk=")],
)
@pytest.mark.parametrize("called", [STREAM, f"{STREAM}/", STREAM.replace("wss", "https"), STREAM.replace("wss", "ws")])
def test_a_handshake_is_believed_with_and_without_slash(url: str, signature: str, called: str) -> None:
    assert sign(url, {}, "12345") == signature
    SEAL.prove_handshake(handshake(called, signature))
    with pytest.raises(Forged):
        SEAL.prove_handshake(handshake(called.replace("t1", "t2"), signature))


@pytest.mark.parametrize("port", ["", ":443", ":80"])
def test_ports_of_a_handshake_are_tried_as_the_vendor_may_write_them(port: str) -> None:
    signature = sign(f"wss://example.com{port}/twilio/stream/t1", {}, "12345")
    SEAL.prove_handshake(handshake(STREAM, signature))


@pytest.mark.parametrize("signed", ["https://e.com:443/hook?a=", "https://e.com/hook?a="])
@pytest.mark.parametrize(
    "called", ["https://e.com:443/hook?a=", "https://e.com/hook?a=", "https://u:p@e.com/hook?a=#x"]
)
def test_ports_user_and_fragment_do_not_matter(signed: str, called: str) -> None:
    SEAL.prove(posted(called, b"B=", sign(signed, {"B": ""}, "12345")))


def test_a_port_of_its_own_matters_and_so_do_slash_and_encoding() -> None:
    for signed, called in (
        ("https://e.com/hook", "https://e.com/hook/"),
        ("https://e.com/a%2fb", "https://e.com/a/b"),
        ("https://e.com/a%2fb", "https://e.com/a%2Fb"),
        ("https://e.com/hook?a=1&b=2", "https://e.com/hook?b=2&a=1"),
    ):
        SEAL.prove(posted(signed, b"", sign(signed, {}, "12345")))
        with pytest.raises(Forged):
            SEAL.prove(posted(called, b"", sign(signed, {}, "12345")))
    SEAL.prove(posted("https://e.com:8443/hook", b"", sign("https://e.com:8443/hook", {}, "12345")))


def test_blank_values_and_spaces_are_kept() -> None:
    fields = {"FromCity": "", "CallerName": " A  B ", "New": "\u202eمرحبا"}
    body = b"FromCity=&CallerName=+A++B+&New=%E2%80%AE%D9%85%D8%B1%D8%AD%D8%A8%D8%A7"
    assert SEAL.prove(posted(PAGE, body, sign(PAGE, fields, "12345"))).last("CallerName") == " A  B "
    with pytest.raises(Forged):
        SEAL.prove(posted(PAGE, body.replace(b"FromCity=&", b""), sign(PAGE, fields, "12345")))


def test_a_page_that_was_asked_for_tells_by_its_query() -> None:
    seen = WebhookRequest("GET", {"x-twilio-signature": sign(PAGE, {}, "12345")}, {}, b"", PAGE)
    assert SEAL.prove(seen).last("bar") == "2"


def test_while_a_token_is_replaced_both_are_believed() -> None:
    both = Seal((SecretStr("new"), SecretStr("12345")))
    both.prove(posted(PAGE, BODY, PAGE_SIGNATURE))
    both.prove_handshake(handshake(STREAM, sign(STREAM, {}, "new")))
    with pytest.raises(Forged):
        both.prove(posted(PAGE, BODY, sign(PAGE, {}, "older")))


def test_the_algorithm_is_ours_to_choose() -> None:
    fields = {name: values[0] for name, values in parsed(BODY).items()}
    strong, weak = sign(PAGE, fields, "12345", "HMAC_SHA256"), PAGE_SIGNATURE
    settings = "x-twilio-webhooks-signature-settings"
    pinned = Seal((SecretStr("12345"),), "HMAC_SHA256")
    pinned.prove(posted(PAGE, BODY, strong, **{settings: "key=k,algorithm=HMAC_SHA256"}))
    for seal, signature, named in (
        (pinned, weak, "HMAC_SHA1"),
        (pinned, weak, "HMAC_SHA256"),
        (SEAL, strong, "HMAC_SHA256"),
        (SEAL, strong, "MD5"),
    ):
        with pytest.raises(Forged):
            seal.prove(posted(PAGE, BODY, signature, **{settings: f"key=k,algorithm={named}"}))


@pytest.mark.parametrize("secrets", [(), (SecretStr(""),)])
def test_without_a_secret_nobody_is_believed(secrets: tuple[SecretStr, ...]) -> None:
    closed = Seal(secrets)
    for signature in ("", sign(PAGE, {}, "")):
        for proving in (closed.prove, closed.prove_handshake):
            with pytest.raises(Forged):
                proving(posted(PAGE, b"", signature))


def test_without_a_signature_nobody_is_believed() -> None:
    bare = WebhookRequest("POST", {"content-type": FORM}, {}, BODY, PAGE)
    for proving in (SEAL.prove, SEAL.prove_handshake):
        with pytest.raises(Forged):
            proving(bare)


wild_url = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "https://[",
            "https://a:b:c/",
            "https://e.com:99999/",
            "https://[::1]:1/x",
            "//",
            "https://\udcff/",
            "?bodySHA256=",
        ]
    ),
)


@given(
    wild_url,
    st.binary(max_size=200),
    st.text(max_size=40),
    st.sampled_from([FORM, "application/json", "", "x"]),
    st.sampled_from(["GET", "POST", "PUT"]),
)
def test_strangers_are_refused_and_nothing_else_happens(
    url: str, body: bytes, signature: str, mime: str, method: str
) -> None:
    headers: dict[str, Any] = {"content-type": mime, "x-twilio-signature": signature}
    for proving in (SEAL.prove, SEAL.prove_handshake):
        with pytest.raises(Forged):
            proving(WebhookRequest(method, headers, {}, body, url))
