"""One suite for all channels, first half: what they say of themselves, whom they believe, what they read."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from channels import discover
from core_pipeline.contracts.calls import CallNews, Ring
from core_pipeline.contracts.channel import Channel, ChannelSpec
from core_pipeline.contracts.messages import Inbound, Receipt, ReplyKind
from errors import Forged
from tests.channels.bench import Stage, cases, client, load, opening, post

SPECS = {name: spec for name, spec in discover().items() if spec.emulator}
CASES = [(spec, case) for spec in SPECS.values() for case in cases(spec)]
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
each_case = pytest.mark.parametrize(("spec", "case"), CASES, ids=[f"{spec.name}-{case}" for spec, case in CASES])


def within(expected: Any, found: Any) -> bool:
    """Whether `found` holds everything that `expected` names."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(key in found and within(value, found[key]) for key, value in expected.items())
    return bool(expected == found)


def test_there_are_channels_and_each_is_named_as_its_folder() -> None:
    assert len(SPECS) >= 2
    assert all(name == spec.name and cases(spec) for name, spec in SPECS.items())


@each_spec
def test_spec_is_sane(spec: ChannelSpec) -> None:
    limits = spec.limits
    assert spec.title["en"]
    assert spec.title["ar"]
    assert issubclass(spec.config, BaseModel)
    assert {"api_url", "timeout"} <= set(spec.platform.model_fields)
    assert set(spec.demo.secrets) <= set(spec.secrets)
    assert limits.text_chars > 0
    assert min(limits.voice_bytes, limits.fetch_bytes) >= 1_000_000
    assert limits.voice.mime.startswith("audio/")
    assert list(limits.degrade) == sorted(limits.degrade, key=list(ReplyKind).index)
    assert bool(limits.videos) == (ReplyKind.VIDEO in limits.degrade)
    assert len({form.view for form in limits.videos}) == len(limits.videos)
    assert all(form.width % 2 == form.height % 2 == 0 < form.longest for form in limits.videos)
    config = spec.config.model_validate(spec.demo_config)
    assert spec.identify(config, spec.demo.secrets) == spec.demo.external_id


@each_spec
async def test_genuine_call_is_accepted_and_forged_ones_refused(stage: Stage, spec: ChannelSpec) -> None:
    body = json.dumps(load(spec, cases(spec)[0])).encode()
    signed = stage.emulator.sign(body)
    assert stage.channel.verify(post(body, signed)) is None
    wrong = [{}, *({**signed, name: altered} for name in signed for altered in ("", "é", signed[name][:-1] + "0!"))]
    for headers in wrong:
        with pytest.raises(Forged):
            stage.channel.verify(post(body, headers))


@each_spec
async def test_empty_or_missing_secrets_close_the_door(spec: ChannelSpec, http: httpx.AsyncClient) -> None:
    body = b"{}"
    blank = dict.fromkeys(spec.demo.platform, "")
    for secrets in (dict.fromkeys(spec.secrets, ""), {}):
        channel = spec.open(opening(spec, http, secrets, **blank))
        async with spec.emulate(spec.demo) as emulator:
            headers = emulator.sign(body)
        for given_headers in ({}, headers, dict.fromkeys(headers, "")):
            with pytest.raises(Forged):
                channel.verify(post(body, given_headers))


@each_case
async def test_every_recorded_case_is_read_as_expected(spec: ChannelSpec, case: str, http: httpx.AsyncClient) -> None:
    body = json.dumps(load(spec, case), ensure_ascii=True).encode()
    found = [event.model_dump(mode="json") for event in spec.open(opening(spec, http)).read(post(body, {}))]
    expected = load(spec, "expected")[case]
    assert len(found) == len(expected)
    assert [f for e, f in zip(expected, found, strict=True) if not within(e, f)] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def mutated(value: Any, draw: st.DrawFn) -> Any:
    """The same JSON with some parts replaced, dropped or doubled."""
    if draw(st.integers(0, 11)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {key: mutated(inner, draw) for key, inner in value.items() if draw(st.integers(0, 11))}
    if isinstance(value, list):
        return [mutated(inner, draw) for inner in value * draw(st.sampled_from([1, 1, 2]))]
    return value


@st.composite
def wild_bodies(draw: st.DrawFn, spec: ChannelSpec) -> bytes:
    case = load(spec, draw(st.sampled_from(cases(spec))))
    text = json.dumps(mutated(case, draw))
    cut = draw(st.none() | st.integers(0, len(text)))
    return text[:cut].encode()


def read_wildly(channel: Channel, body: bytes) -> None:
    for event in channel.read(post(body, {})):
        assert isinstance(event, Inbound | Receipt | Ring | CallNews)
        # The inbox stores it so, and Postgres refuses zero bytes.
        assert "\\u0000" not in event.model_dump_json()


@each_spec
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_arrives_makes_reading_fail(spec: ChannelSpec, data: st.DataObject) -> None:
    channel = spec.open(opening(spec, client()))
    bodies = wild_bodies(spec) | st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode())
    read_wildly(channel, data.draw(bodies))


@each_spec
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b'{"entry":{}}', b"null", b"[[1]]"])
async def test_broken_bodies_give_nothing(spec: ChannelSpec, body: bytes, http: httpx.AsyncClient) -> None:
    assert spec.open(opening(spec, http)).read(post(body, {})) == []
