"""One translation of vendors' refusals and of the network's moods; emulators' faults, which the other tests rest on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from core_pipeline.engines.emulation.faults import Fault, Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.vendor import answering, bearer, codes_of, refused, wait_of, whole
from errors import Impossible, NeedsOwner, Retryable


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello, world")


APP = Starlette(routes=[Route("/", hello), Route("/other", hello)])


async def test_faults_befall_the_next_requests_in_order() -> None:
    faults = Faults()
    faults.next(Fault(503, body=b"{}"), path="/other")
    faults.next(Fault(418))
    async with serving(faults.around(APP)) as url, httpx.AsyncClient(base_url=url) as http:
        assert [(await http.get(path)).status_code for path in ("/", "/", "/other", "/other")] == [418, 200, 503, 200]
    assert faults.calls == ["GET /", "GET /", "GET /other", "GET /other"]


async def parts_of(http: httpx.AsyncClient, url: str, came: list[bytes]) -> None:
    async with answering(http, http.build_request("GET", url), "x") as response:
        async for part in response.aiter_bytes():
            came += [part]


async def test_a_stream_that_breaks_off_gives_what_came_and_an_error() -> None:
    faults, came, again = Faults(), list[bytes](), list[bytes]()
    faults.next(Fault(cut_after=5))
    async with serving(faults.around(APP)) as url, httpx.AsyncClient() as http:
        with pytest.raises(Retryable) as caught:
            await parts_of(http, url, came)
        await parts_of(http, url, again)
    assert (b"".join(came), caught.value.code) == (b"hello", "vendor-garbled")
    assert b"".join(again) == b"hello, world"


async def test_an_answer_has_its_limits_in_bytes_and_seconds() -> None:
    faults = Faults()
    faults.next(Fault(delay=2.0), path="/other")
    async with serving(faults.around(APP)) as url, httpx.AsyncClient() as http:
        with pytest.raises(Impossible):
            await whole(http, http.build_request("GET", url), "x", seconds=5.0, most=5)
        with pytest.raises(Retryable) as caught:
            await whole(http, http.build_request("GET", f"{url}/other"), "x", seconds=0.1)
        assert caught.value.code == "vendor-slow"


async def test_a_server_that_is_gone_is_down() -> None:
    async with serving(APP) as url:
        pass
    async with httpx.AsyncClient() as http:
        with pytest.raises(Retryable) as caught:
            await whole(http, http.build_request("GET", url), "x", seconds=5.0)
    assert caught.value.code == "vendor-down"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"error": {"code": "model_not_found", "type": "invalid_request"}}, {"model_not_found", "invalid_request"}),
        ({"error": {"status": "INVALID", "details": [{"reason": "NO_KEY"}, 3]}}, {"INVALID", "NO_KEY"}),
        ([{"error": {"status": "UNAUTHENTICATED"}}], {"UNAUTHENTICATED"}),
        ({"error": "invalid_grant"}, {"invalid_grant"}),
        ({"code": "overloaded"}, {"overloaded"}),
        ({"error": {"code": "what the customer said", "type": "x" * 99, "status": 4}}, set()),
        ([], set()),
        (7, set()),
    ],
)  # fmt: skip
def test_only_machine_readable_codes_are_kept(body: object, codes: set[str]) -> None:
    assert codes_of(json.dumps(body).encode()) == codes


@given(st.binary(max_size=60), st.integers(300, 599))
def test_any_refusal_becomes_one_of_our_errors(body: bytes, status: int) -> None:
    error = refused(httpx.Response(status), body, "x")
    assert isinstance(error, NeedsOwner | Retryable | Impossible)
    assert str(status) in error.detail


def test_a_date_to_wait_for_is_understood() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 85 < wait_of(httpx.Response(429, headers={"retry-after": later})) <= 90
    assert wait_of(httpx.Response(429)) == 0.0


def test_a_key_is_sent_as_it_is_or_not_at_all() -> None:
    assert bearer(SecretStr(" k ")) == {"authorization": "Bearer k"}
    assert bearer(SecretStr("")) == {}
    for odd in ("ключ", "a\nb"):
        with pytest.raises(NeedsOwner):
            bearer(SecretStr(odd))
