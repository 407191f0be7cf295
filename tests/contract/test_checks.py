"""Every channel that looks at its accounts: all fine on the demo account, and each wrong secret found by name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr

from channels import discover
from channels.emulation.server import served
from core_pipeline.contracts.channel import Channel, ChannelSpec, Opening, WebhookRequest
from core_pipeline.contracts.checks import Check, Place, Sheet
from tests.channels.bench import client
from webhooks.simulate import free_port

SPECS = {name: spec for name, spec in discover().items() if spec.checks is not None}
VENDORS = {name: spec for name, spec in SPECS.items() if not spec.own and not (spec.calls and spec.calls.wire)}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
each_vendor = pytest.mark.parametrize("spec", VENDORS.values(), ids=VENDORS)


def test_every_channel_looks_at_its_accounts() -> None:
    assert {*SPECS} == {*discover()}


@dataclass
class Bench:
    """The demo account at its emulator; `platform` leads there."""

    spec: ChannelSpec
    http: httpx.AsyncClient
    platform: Mapping[str, Any]
    place: Place

    def opening(self, secrets: Mapping[str, str] | None = None, **platform: Any) -> Opening:
        """The demo account; `secrets` replace its own by name, "" takes one away."""
        spec = self.spec
        shared = {name: value for name, value in spec.demo.platform.items() if name in spec.secrets}
        kept = {**shared, **spec.demo.secrets, **(secrets or {})}
        own = dict.fromkeys(shared, "")
        return Opening(
            external_id=spec.demo.external_id,
            config=spec.config.model_validate(spec.demo_config),
            secrets={name: SecretStr(value) for name, value in kept.items()},
            platform=spec.platform.model_validate({**self.platform, **own, **platform}),
            http=self.http,
        )

    async def look(self, secrets: Mapping[str, str] | None = None, **platform: Any) -> list[Check]:
        """Everything that is told of the account."""
        assert self.spec.checks is not None
        return [one async for one in self.spec.checks(self.opening(secrets, **platform), self.place)]


@asynccontextmanager
async def bench_of(spec: ChannelSpec) -> AsyncIterator[Bench]:
    """The demo account, its webhook installed where its vendor calls one."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(client())
        if spec.close is not None:
            stack.push_async_callback(spec.close)
        hook, answering = await stack.enter_async_context(hooks(spec))
        port = free_port()
        bench = Bench(spec, http, {**spec.demo.platform, "api_url": f"http://127.0.0.1:{port}"}, Place(hook))
        setup = replace(spec.demo, port=port)
        if spec.emulator is not None:
            emulator = await stack.enter_async_context(spec.emulator(setup))
            bench.platform = {**bench.platform, "api_url": emulator.url}
        elif spec.own:
            bench.place = Place(hook.replace("http://", "https://"))
        elif spec.calls is not None and spec.calls.wire is not None:
            bench.platform = {**bench.platform, "port": port}
            await stack.enter_async_context(await asyncio.start_server(hang_up, "127.0.0.1", port))
        elif spec.calls is not None:
            await stack.enter_async_context(spec.calls.caller(setup, f"http://127.0.0.1:{port}", "a"))
        channel = spec.open(bench.opening())
        answering.append(channel)
        if spec in VENDORS.values() and spec.demo_config.get("mode") != "polling":
            await channel.install(hook)
        yield bench


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@asynccontextmanager
async def hooks(spec: ChannelSpec) -> AsyncIterator[tuple[str, list[Channel]]]:
    """A webhook at the address that a real one has; the channel that is put into the list answers handshakes."""
    app, answering = FastAPI(), list[Channel]()

    async def answer(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = WebhookRequest(request.method, headers, dict(request.query_params), await request.body())
        return Response(answering[0].verify(seen))

    app.add_api_route("/webhooks/{channel}/{account}", answer, methods=["GET", "POST"])
    async with served(app) as port:
        yield f"http://127.0.0.1:{port}/webhooks/{spec.name}/a", answering


def sheet_of(spec: ChannelSpec) -> Sheet:
    module = import_module(f"channels.{spec.name}.checks")
    assert isinstance(module.SHEET, Sheet)
    return module.SHEET


@each_spec
async def test_the_demo_account_is_all_fine(spec: ChannelSpec) -> None:
    async with bench_of(spec) as bench:
        found = await bench.look()
    assert [one.code for one in found if not one.fine] == []
    assert found


@each_vendor
async def test_a_wrong_secret_is_found_by_its_name_and_no_other(spec: ChannelSpec) -> None:
    async with bench_of(spec) as bench:
        fine = {one.code for one in await bench.look()}
        garbled = {name: f"{bench.opening().secrets[name].get_secret_value()}x" for name in fine & {*spec.secrets}}
        found = {name: bad(await bench.look({name: value})) for name, value in garbled.items()}
    assert all(codes in ([name], []) for name, codes in found.items())
    # Some secrets are of our own choice, and right whatever they are; what the vendor gave out is compared.
    assert [name for name, codes in found.items() if codes]


@each_spec
async def test_a_missing_secret_is_found_by_its_name_and_no_other(spec: ChannelSpec) -> None:
    async with bench_of(spec) as bench:
        asked_for = [one.code for one in await bench.look() if one.code in spec.secrets]
        for name in asked_for:
            assert bad(await bench.look({name: ""})) == [name]


@each_vendor
async def test_a_silent_vendor_is_told_with_a_way_to_try_again(spec: ChannelSpec) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with bench_of(spec) as bench:
            found = await bench.look(api_url=f"http://127.0.0.1:{nobody.getsockname()[1]}", timeout=2.0)
    assert [(one.fine, one.button) for one in found] == [(False, "retry")]


@each_vendor
async def test_without_a_public_address_it_says_so(spec: ChannelSpec) -> None:
    if spec.demo_config.get("mode") == "polling":
        spec = replace(spec, demo_config={**spec.demo_config, "mode": "webhook"})
    async with bench_of(spec) as bench:
        bench.place = Place()
        found = {one.code: one for one in await bench.look()}
    assert not found["webhook"].fine
    assert found["webhook"].button == ""
    assert "PUBLIC_URL" in found["webhook"].step["en"]


@each_vendor
async def test_no_sentence_holds_a_secret(spec: ChannelSpec) -> None:
    async with bench_of(spec) as bench:
        kept = {name: value.get_secret_value() for name, value in bench.opening().secrets.items()}
        found = await bench.look()
        for name, value in kept.items():
            found += await bench.look({name: f"{value}x"})
    assert [value for value in kept.values() if value and value in repr(found)] == []


@each_spec
def test_every_outcome_is_told_in_both_languages_and_names_the_next_step(spec: ChannelSpec) -> None:
    for (code, outcome), words in sheet_of(spec).outcomes().items():
        assert {"ar", "en"} <= words.keys(), (code, outcome)
        assert words["ar"] != words["en"]
        if not outcome.startswith("fine"):
            assert {"step_ar", "step_en"} <= words.keys(), (code, outcome)
        if "link" in words:
            assert urlsplit(words["link"]).scheme == "https"


@each_spec
def test_every_field_of_the_form_has_words_in_both_languages(spec: ChannelSpec) -> None:
    for name in (*spec.config.model_fields, *spec.secrets):
        words = spec.words[name]
        described = spec.config.model_fields.get(name)
        assert words["title_ar"], name
        assert words.get("title_en") or (described is not None and described.title), name
        assert words.get("hint_ar"), name
    assert spec.words.keys() <= {*spec.config.model_fields, *spec.secrets}


def bad(found: list[Check]) -> list[str]:
    return [one.code for one in found if not one.fine]
