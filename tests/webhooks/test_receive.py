"""The front door: genuine calls are on disk before the answer, everything else is turned away without a trace."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import discover
from tests.factories import make_tenant
from tests.webhooks.conftest import BODY_LIMIT, Door

FIXTURES = Path(__file__).parents[2] / "channels"
NUMBER = discover()["whatsapp"].demo.external_id
MESSAGING = sorted(name for name, spec in discover().items() if spec.emulator)


def signed(body: bytes, secret: str = "demo-app-secret") -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def event(*messages: dict[str, Any], number: str = NUMBER) -> dict[str, Any]:
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, "messages": list(messages)}
    return {"id": "1", "changes": [{"field": "messages", "value": value}]}


def text(wamid: str, body: str = "مرحبا") -> dict[str, Any]:
    return {"from": "201000000001", "id": wamid, "timestamp": "1760000000", "type": "text", "text": {"body": body}}


def posted(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": list(entries)}).encode()


async def test_a_signed_call_is_on_disk_before_the_answer(door: Door) -> None:
    body = posted(event(text("wamid.1"), text("wamid.2")))
    for path in ("/webhooks/whatsapp", f"/webhooks/whatsapp/{door.accounts['whatsapp']}"):
        answer = await door.http.post(path, content=body, headers=signed(body))
        assert (answer.status_code, answer.content) == (200, b"")
    rows = await door.stored()
    assert [(row.provider_id, row.tenant_id) for row in rows] == [
        ("wamid.1", door.tenant.id),
        ("wamid.2", door.tenant.id),
    ]


@pytest.mark.parametrize(
    "headers", [{}, {"X-Hub-Signature-256": ""}, signed(b"another body"), {"X-Hub-Signature-256": "sha256=" + "0" * 64}]
)
async def test_an_unsigned_call_leaves_no_trace(door: Door, headers: dict[str, str]) -> None:
    body = posted(event(text("wamid.1")))
    answer = await door.http.post("/webhooks/whatsapp", content=body, headers=headers)
    assert (answer.status_code, answer.content) == (403, b"")
    assert await door.stored() == []
    assert door.front.counters["forged"] == 1


async def test_the_handshake_is_answered_verbatim(door: Door) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "demo-verify-token"}
    answer = await door.http.get("/webhooks/whatsapp", params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = await door.http.get("/webhooks/whatsapp", params={**query, "hub.verify_token": "guess"})
    assert wrong.status_code == 403


async def test_telegram_needs_its_secret(door: Door) -> None:
    body = (FIXTURES / "telegram/fixtures/voice.json").read_bytes()
    path = f"/webhooks/telegram/{door.accounts['telegram']}"
    assert (await door.http.post(path, content=body)).status_code == 403
    header = {"X-Telegram-Bot-Api-Secret-Token": "demo-webhook-secret"}
    assert (await door.http.post(path, content=body, headers=header)).status_code == 200
    assert len(await door.stored()) == 1


async def test_unknown_numbers_are_counted_and_acknowledged(door: Door) -> None:
    body = posted(event(text("wamid.1"), number="999999999"), event(text("wamid.2")))
    assert (await door.http.post("/webhooks/whatsapp", content=body, headers=signed(body))).status_code == 200
    assert [row.provider_id for row in await door.stored()] == ["wamid.2"]
    assert door.front.counters["unknown_account"] == 1


async def test_a_tenants_own_app_cannot_speak_for_another_tenant(door: Door) -> None:
    other = await make_tenant(door.floor.db)
    secrets = {"access_token": "t", "app_secret": "their-own-secret", "verify_token": "v"}
    config = {"phone_number_id": "222222222"}
    theirs = await door.book.connect(other.id, "whatsapp", "222222222", "", config, secrets)
    body = posted(event(text("wamid.stolen")), event(text("wamid.own"), number="222222222"))
    answer = await door.http.post(
        f"/webhooks/whatsapp/{theirs}", content=body, headers=signed(body, "their-own-secret")
    )
    assert answer.status_code == 200
    assert [(row.provider_id, row.tenant_id) for row in await door.stored()] == [("wamid.own", other.id)]


async def test_a_thousand_updates_for_fifty_tenants_in_one_call(door: Door) -> None:
    numbers = []
    for n in range(50):
        tenant = await make_tenant(door.floor.db)
        numbers.append(f"3000000{n:02}")
        config = {"phone_number_id": numbers[-1]}
        await door.book.connect(tenant.id, "whatsapp", numbers[-1], "", config, {"access_token": "t"})
    entries = [event(*(text(f"wamid.{n}.{k}") for k in range(20)), number=n) for n in numbers]
    body = posted(*entries)
    assert (await door.http.post("/webhooks/whatsapp", content=body, headers=signed(body))).status_code == 200
    rows = await door.stored()
    assert len(rows) == 1000
    assert len({row.tenant_id for row in rows}) == 50
    assert [row.provider_id for row in rows] == [f"wamid.{n}.{k}" for n in numbers for k in range(20)]


async def test_a_body_over_the_limit_is_refused(door: Door) -> None:
    body = posted(event(text("wamid.1", "x" * BODY_LIMIT)))
    assert (await door.http.post("/webhooks/whatsapp", content=body, headers=signed(body))).status_code == 413
    assert await door.stored() == []


@pytest.mark.parametrize("path", ["/webhooks/pigeon", "/webhooks/whatsapp/nobody", "/webhooks/telegram"])
async def test_unknown_doors_are_closed(door: Door, path: str) -> None:
    assert (await door.http.post(path, content=b"{}")).status_code == 404


async def test_many_callers_share_commits_and_none_is_lost(door: Door) -> None:
    async def call(n: int) -> int:
        body = posted(event(text(f"wamid.{n}")))
        return (await door.http.post("/webhooks/whatsapp", content=body, headers=signed(body))).status_code

    assert set(await asyncio.gather(*(call(n) for n in range(200)))) == {200}
    assert len(await door.stored()) == 200


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "\U0010ffff"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def wild(fixture: dict[str, Any]) -> st.SearchStrategy[Any]:
    """The fixture with one value somewhere replaced by anything."""
    paths = list(_paths(fixture))
    return st.tuples(st.sampled_from(paths), JSON).map(lambda pick: _replaced(fixture, *pick))


def _paths(value: Any, here: tuple[Any, ...] = ()) -> Any:
    yield here
    keys = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in keys:
        yield from _paths(inner, (*here, key))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


def fixtures(channel: str) -> list[dict[str, Any]]:
    files = sorted((FIXTURES / channel / "fixtures").glob("*.json"))
    loaded = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.name != "expected.json"]
    return [one for one in loaded if isinstance(one, dict)]


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZ
@given(data=st.data())
@pytest.mark.parametrize("channel", MESSAGING)
async def test_genuine_but_wild_calls_never_break_the_door(door: Door, channel: str, data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(fixtures(channel)).flatmap(wild))
    body = data.draw(st.just(json.dumps(call).encode()) | st.binary(max_size=200))
    secret = {"X-Telegram-Bot-Api-Secret-Token": "demo-webhook-secret"}
    headers = {**signed(body), **secret}
    answer = await door.http.post(f"/webhooks/{channel}/{door.accounts[channel]}", content=body, headers=headers)
    assert answer.status_code == 200


@FUZZ
@given(data=st.data())
@pytest.mark.parametrize("channel", MESSAGING)
async def test_nothing_unsigned_is_accepted(door: Door, channel: str, data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(fixtures(channel)).flatmap(wild))
    names = st.sampled_from(["X-Hub-Signature-256", "X-Telegram-Bot-Api-Secret-Token"])
    values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80)
    headers = data.draw(st.dictionaries(names, values | values.map("sha256={}".format), max_size=2))
    path = data.draw(st.sampled_from([f"/webhooks/{channel}", f"/webhooks/{channel}/{door.accounts[channel]}"]))
    answer = await door.http.post(path, content=json.dumps(call).encode(), headers=headers)
    assert answer.status_code in {403, 404}
    assert await door.stored() == []
