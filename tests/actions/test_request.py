"""Whatever an engine puts into the arguments, the request goes where the tenant wrote."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from core_pipeline.actions.request import request_of
from core_pipeline.guard import guarded_client
from errors import Impossible
from tenants.models import Action

WILD = st.text() | st.sampled_from(
    ["..", ".", "//evil.example", "@evil.example", ":80", "?x", "#", "%2e%2e", "\\", "{b}"]
)


CLIENT = guarded_client()


def asked(url: str, method: str = "GET", **arguments: Any) -> httpx.Request:
    action = Action(tenant_id="t", name="x", description="X", method=method, url=url, headers={"X-Plain": "1"})
    return request_of(CLIENT, action, arguments, {"X-Secret": SecretStr("s")})


@settings(deadline=None)
@given(WILD, WILD)
def test_no_argument_changes_the_place_or_the_steps(first: str, second: str) -> None:
    try:
        request = asked("https://shop.example:8443/v1/{a}/x-{b}/end?q={a}&fixed=1", a=first, b=second)
    except Impossible:
        return
    url = request.url
    assert (url.scheme, url.host, url.port, url.userinfo, url.fragment) == ("https", "shop.example", 8443, b"", "")
    assert url.raw_path.split(b"?")[0].count(b"/") == 4
    assert url.raw_path.startswith(b"/v1/")
    assert url.path.endswith("/end")
    assert url.params["fixed"] == "1"
    assert url.params["q"] == first


@settings(deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), WILD, max_size=4))
def test_loose_arguments_come_out_as_they_went_in(arguments: dict[str, str]) -> None:
    assert dict(asked("https://shop.example/x", **arguments).url.params) == arguments


def test_lists_figures_and_truths_in_a_query() -> None:
    url = asked("https://shop.example/x?kind=a", ids=[1, 2], open=True, price=1.5, note="مساء & x").url
    assert url.query == b"kind=a&ids=1&ids=2&open=true&price=1.5&note=%D9%85%D8%B3%D8%A7%D8%A1+%26+x"


def test_a_value_that_was_not_given_leaves_its_pair_out() -> None:
    assert str(asked("https://shop.example/x?a={a}&b={b}", b="2").url) == "https://shop.example/x?b=2"
    with pytest.raises(Impossible, match="a is missing"):
        asked("https://shop.example/{a}")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_carry_json(method: str) -> None:
    request = asked("https://shop.example/{id}", method, id="7", people=4)
    assert (str(request.url), request.read()) == ("https://shop.example/7", b'{"people":4}')
    assert asked("https://shop.example/{id}", method, id="7").read() == b""


def test_headers_plain_and_secret_go_along() -> None:
    headers = asked("https://shop.example/").headers
    assert (headers["x-plain"], headers["x-secret"]) == ("1", "s")
    assert "idempotency-key" not in headers
