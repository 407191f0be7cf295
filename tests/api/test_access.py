"""Who is let in, from which page, for what and how fast; every route is tried."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from tenants import api_keys
from tenants.api_keys import Keyring
from tenants.models import Tenant
from tests.api.town import ADDRESS, SHOP, Town, founded
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks.api.access import origin_of
from webhooks.api.building import build
from webhooks.api.needs import Rate, Rates, Sizes
from webhooks.api.rates import Buckets

ID, JOB = "0" * 32, "0" * 64
SCOPES = {"token": "talk", "voice": "talk", "complete-flow": "talk", "jobs": "talk", "voices": "voices"}
SCOPES |= {"avatars": "avatars", "calls": "calls", "pronunciations": "voices", "knowledge": "knowledge"}
SCOPES |= {"persona": "persona", "try": "persona", "channels": "connect", "engines": "connect", "insight": "insight"}
SCOPES |= {"keys": "admin", "archive": "admin", "subscriptions": "notices", "notices": "notices"}
SCOPES |= dict.fromkeys(("people", "audit", "customers"), "people")
SCOPES |= dict.fromkeys(("conversations", "labels", "replies"), "inbox")
# What stands above a business asks for a key of another kind.
ABOVE = "above"
SCOPES |= dict.fromkeys(("agencies", "platform"), ABOVE)
OPEN = {"/health", "/openapi.json"}


def operations(town: Town) -> list[tuple[str, str]]:
    """Every method and address of the API that needs a key."""
    mount = next(one for one in build(town.needs) if isinstance(one, Mount))
    app: Any = mount.app
    found = [
        (method, route.path)
        for route in app._app.routes
        if isinstance(route, APIRoute) and route.path not in OPEN
        for method in route.methods or ()
    ]
    assert len(found) > 20
    return found


def asked(path: str) -> str:
    return f"/api/v1{re.sub('{[a-z_:]+}', ID, path.replace('{job_id}', JOB))}"


def scope_of(path: str) -> str:
    return SCOPES.get(path.split("/")[1], "stages")


async def statuses(town: Town, headers: dict[str, str]) -> dict[tuple[str, str], tuple[int, str]]:
    found = {}
    for method, path in operations(town):
        response = await town.http.request(method, asked(path), headers=headers)
        found[method, path] = (response.status_code, response.json().get("code", ""))
        assert response.headers["content-type"] == "application/problem+json", (method, path)
    return found


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "no-key"),
        ({"Authorization": "Bearer ak_" + "x" * 43}, "key-wrong"),
        ({"Authorization": "Bearer sk_" + "x" * 43}, "key-wrong"),
        ({"Authorization": "Bearer pk_short"}, "key-wrong"),
        ({"X-Sawtak-Key": "sk_" + "x" * 43}, "key-wrong"),
        ({"Authorization": "Bearer a.b.c"}, "token-wrong"),
        ({"Authorization": "Basic dTpw"}, "no-key"),
    ],
)
async def test_without_a_good_key_nothing_is_served(small_town: Town, header: dict[str, str], code: str) -> None:
    found = await statuses(small_town, header)
    assert set(found.values()) == {(401, code)}


async def test_a_key_may_do_what_its_scope_says(small_town: Town) -> None:
    for scope in set(api_keys.SCOPES) - {"admin"}:
        key = await small_town.key_of(small_town.tenant, scope)
        found = await statuses_with_bodies(small_town, key)
        for (method, path), (status, code) in found.items():
            if scope_of(path) == ABOVE:
                assert (status, code) == (403, "house-needed"), (method, path)
            elif scope_of(path) == scope:
                assert (status, code) != (403, "scope-missing"), (method, path)
            else:
                assert (status, code) == (403, "scope-missing"), (scope, method, path)


async def statuses_with_bodies(town: Town, key: str) -> dict[tuple[str, str], tuple[int, str]]:
    found = {}
    for method, path in operations(town):
        response = await town.http.request(method, asked(path), headers=town.bearer(key))
        problem = response.headers["content-type"] == "application/problem+json"
        found[method, path] = (response.status_code, response.json()["code"] if problem else "")
    return found


async def test_a_public_key_may_only_talk_and_a_token_too(small_town: Town) -> None:
    token = (await small_town.post("/token", json={"visitor": "v"})).json()["token"]
    for key, more in ((small_town.public, {"Origin": SHOP}), (token, {})):
        for method, path in operations(small_town):
            response = await small_town.http.request(method, asked(path), headers=small_town.bearer(key, **more))
            expected = scope_of(path) == "talk" and path != "/token"
            assert (response.status_code == 403) is not expected, (method, path, response.text)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (SHOP, 202),
        (ADDRESS, 202),
        ("https://SHOP.example", 202),
        ("http://shop.example", 403),
        ("https://shop.example:8443", 403),
        ("https://shop.example.evil.example", 403),
        ("https://evil.example", 403),
        ("null", 403),
        (None, 403),
    ],
)
async def test_a_public_key_works_from_its_pages_and_ours(small_town: Town, origin: str | None, status: int) -> None:
    headers = {"Origin": origin} if origin else {}
    response = await small_town.post("/complete-flow", small_town.public, json={"text": "سؤال"}, headers=headers)
    assert response.status_code == status
    readable = response.headers.get("access-control-allow-origin")
    assert readable == (origin if status == 202 else None)


async def test_our_own_pages_read_without_naming_their_origin(small_town: Town) -> None:
    job = f"/jobs/{JOB}"
    assert (await small_town.get(job, small_town.public)).status_code == 403
    same = {"Sec-Fetch-Site": "same-origin"}
    assert (await small_town.get(job, small_town.public, headers=same)).status_code == 404
    asked = await small_town.post("/complete-flow", small_town.public, json={"text": "سؤال"}, headers=same)
    assert asked.status_code == 403


async def test_what_a_secret_key_asks_for_no_page_reads(small_town: Town) -> None:
    response = await small_town.get("/voices", headers={"Origin": SHOP})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


async def test_pages_may_ask_before_they_ask(small_town: Town) -> None:
    headers = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    response = await small_town.http.options("/api/v1/complete-flow", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == SHOP
    assert "authorization" in response.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in response.headers


async def test_a_key_in_the_address_is_for_pages_that_can_set_no_header(small_town: Town) -> None:
    path = f"/api/v1/jobs/{JOB}/events"
    page = {"Origin": SHOP}
    public = await small_town.http.get(path, params={"key": small_town.public}, headers=page)
    secret = await small_town.http.get(path, params={"key": small_town.key})
    assert (public.status_code, public.json()["code"]) == (404, "job-missing")
    assert (secret.status_code, secret.json()["code"]) == (401, "key-in-address")


async def test_a_token_is_made_by_a_secret_key_only(small_town: Town) -> None:
    page = {"Origin": SHOP}
    response = await small_town.post("/token", small_town.public, json={}, headers=page)
    assert (response.status_code, response.json()["code"]) == (403, "secret-needed")


async def test_problems_speak_the_callers_language(small_town: Town) -> None:
    for header, language, word in (("ar-EG,en;q=0.5", "ar", "مفتاح"), ("fr, en;q=0.3", "en", "key"), ("", "en", "key")):
        response = await small_town.http.get("/api/v1/voices", headers={"Accept-Language": header})
        assert response.headers["content-language"] == language
        body = response.json()
        assert {"type", "title", "status", "code", "detail"} <= set(body)
        assert word in body["detail"]


async def test_wrong_addresses_and_methods_are_problems_too(small_town: Town) -> None:
    missing = await small_town.get("/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    broken = await small_town.get("/jobs/a%0Ab")
    assert (broken.status_code, broken.headers["content-type"]) == (422, "application/problem+json")
    wrong = await small_town.http.put("/api/v1/token", headers=small_town.bearer())
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_health_and_the_description_need_no_key(small_town: Town) -> None:
    assert (await small_town.http.get("/api/v1/health")).json() == {"status": "ready"}
    described = (await small_town.http.get("/api/v1/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert "/voice/query" in described["paths"]
    assert (await small_town.http.get("/api/v1/docs")).status_code == 404


async def test_health_says_when_we_can_not_serve(sqlite_database: Floor, tmp_path: Path) -> None:
    async def broken() -> None:
        raise OSError

    async with founded(sqlite_database, tmp_path, checks={"database": broken}) as town:
        response = await town.http.get("/api/v1/health")
        assert (response.status_code, response.json()["code"]) == (503, "not-ready")


async def test_who_asks_too_fast_waits(sqlite_database: Floor, tmp_path: Path) -> None:
    rates = Rates(key=Rate(1000, 1000), visitor=Rate(3, 0.1), stranger=Rate(6, 0.1))
    async with founded(sqlite_database, tmp_path, rates=rates) as town:
        page = {"Origin": SHOP}
        found = [await town.get(f"/jobs/{JOB}", town.public, headers=page) for _ in range(4)]
        assert [one.status_code for one in found] == [404, 404, 404, 429]
        assert int(found[-1].headers["retry-after"]) > 0
        assert found[-1].headers["access-control-allow-origin"] == SHOP
        assert (await town.get(f"/jobs/{JOB}")).status_code == 404
        guessed = [await town.get("/voices", ("ak_", "sk_", "ak_")[n] + str(n) * 43) for n in range(3)]
        assert [one.status_code for one in guessed] == [401, 429, 429]


async def test_a_body_that_is_too_large_is_not_read_to_its_end(sqlite_database: Floor, tmp_path: Path) -> None:
    async with founded(sqlite_database, tmp_path, sizes=Sizes(upload=2000, plain=1000, stranger=100)) as town:
        large = [
            await town.post("/complete-flow", json={"text": "س" * 2000}),
            await town.post("/complete-flow", files={"audio": ("a", b"x" * 3000)}),
            await town.post("/transcribe", files={"audio": ("a", b"x" * 3000)}),
            await town.http.post("/api/v1/respond", content=b"x" * 200),
        ]
        assert [one.status_code for one in large] == [413] * 4
        assert {one.json()["code"] for one in large} == {"too-large"}
        assert (await town.post("/complete-flow", files={"audio": ("a", b"x" * 500)})).status_code == 202


async def test_more_routes_find_who_asks(sqlite_database: Floor, tmp_path: Path) -> None:
    async def who(request: Request) -> JSONResponse:
        caller = request.state.caller
        return JSONResponse({"tenant": caller.tenant_id if caller else None})

    async with founded(sqlite_database, tmp_path, extra=[Route("/who", who)]) as town:
        assert (await town.get("/who")).json() == {"tenant": town.tenant.id}
        assert (await town.http.get("/api/v1/who")).json() == {"tenant": None}


async def test_a_revoked_key_and_a_sleeping_tenants_are_refused(town: Town) -> None:
    keyring = Keyring(town.db, ttl=0.0)
    other = await make_tenant(town.db)
    key = await town.key_of(other, "talk")
    assert await keyring.check(key) is not None
    async with town.db.platform() as session:
        (await session.get_one(Tenant, other.id)).active = False
    assert await keyring.check(key) is None
    mine = await keyring.check(town.key)
    assert mine is not None
    async with town.db.tenant(town.tenant.id) as session:
        await api_keys.revoke(session, mine.id)
    assert await keyring.check(town.key) is None


async def test_streams_are_counted(sqlite_database: Floor, tmp_path: Path) -> None:
    rates = Rates(Rate(1e6, 1e6), Rate(1e6, 1e6), Rate(1e6, 1e6), streams=0)
    async with founded(sqlite_database, tmp_path, rates=rates) as town:
        job_id = (await town.post("/complete-flow", json={"text": "سؤال"})).json()["job_id"]
        assert (await town.get(f"/jobs/{job_id}/events")).status_code == 429


def test_origins_are_compared_as_browsers_write_them() -> None:
    assert origin_of("https://Sawtak.example/path") == "https://sawtak.example"
    assert origin_of("https://sawtak.example:443") == "https://sawtak.example"
    assert origin_of("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_a_bucket_fills_again_and_many_buckets_do_not_stay() -> None:
    at = [0.0]
    buckets = Buckets(lambda: at[0], most=2)
    rate = Rate(2.0, 1.0)
    assert [buckets.take("a", rate) for _ in range(3)] == [0.0, 0.0, 1.0]
    at[0] = 1.0
    assert [buckets.take("a", rate) for _ in range(2)] == [0.0, 1.0]
    at[0] = 10.0
    for name in ("b", "c", "d"):
        assert buckets.take(name, rate) == 0.0
    assert len(buckets._kept) <= 2


async def test_many_at_once_find_the_same_key(town: Town) -> None:
    responses: list[httpx.Response] = await asyncio.gather(*(town.get("/voices") for _ in range(10)))
    assert {one.status_code for one in responses} == {200}
