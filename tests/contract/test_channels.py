"""One suite for all channels: every folder that exports SPEC keeps the same promises, on its fixtures and emulator."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

import errors
from channels import discover
from core_pipeline.contracts.channel import ChannelSpec, CustomerMessage
from core_pipeline.contracts.messages import MediaRef, Receipt, ReplyKind
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.channels.bench import (
    Hook,
    Stage,
    client,
    first_message,
    load,
    opening,
    reply_to,
    staged,
    voice_note,
)

SPECS = {name: spec for name, spec in discover().items() if spec.emulator}
FAULTS = [(spec, fault) for spec in SPECS.values() for fault in load(spec, "faults")]
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
each_fault = pytest.mark.parametrize(
    ("spec", "fault"), FAULTS, ids=[f"{spec.name}-{f['call']}-{f['status']}-{f.get('code', '')}" for spec, f in FAULTS]
)


def secrets_of(spec: ChannelSpec) -> list[str]:
    own = [value for value in spec.demo.secrets.values() if value]
    fields = spec.platform.model_validate(spec.demo.platform)
    return own + [v.get_secret_value() for _, v in fields if isinstance(v, SecretStr)]


@each_spec
async def test_a_customers_voice_makes_the_way_there_and_back(spec: ChannelSpec, hook: Hook) -> None:
    async with staged(spec, webhook=hook.url) as stage:
        said = CustomerMessage(spec.demo_customer, data=voice_note(2.0), mime="audio/ogg", seconds=2.0)
        provider_id = await stage.emulator.customer_says(said)
        [inbound] = hook.inbound(stage.channel)
        assert inbound.provider_id == provider_id
        assert inbound.account == spec.demo.external_id
        assert inbound.kind == "voice"
        assert inbound.media is not None
        assert b"".join([chunk async for chunk in stage.channel.fetch(inbound.media)]) == said.data
        voice_id = await stage.channel.send(reply_to(inbound, ReplyKind.VOICE))
        text_id = await stage.channel.send(reply_to(inbound, ReplyKind.TEXT, reply_to=provider_id))
        voice, text = await stage.emulator.wait_delivery(2)
    assert (voice.kind, voice.message_id, voice.customer) == ("voice", voice_id, spec.demo_customer)
    assert (text.kind, text.message_id, text.text) == ("text", text_id, "أهلًا بك")
    assert voice.data == voice_note()
    assert voice.seconds == pytest.approx(1.0, abs=0.1)
    assert voice.faults + text.faults == ()


@each_spec
async def test_receipts_echo_our_key_where_the_network_has_them(spec: ChannelSpec, hook: Hook) -> None:
    async with staged(spec, webhook=hook.url) as stage:
        await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, text="مرحبا"))
        [inbound] = hook.inbound(stage.channel)
        message_id = await stage.channel.send(reply_to(inbound, ReplyKind.VOICE))
        reports: list[Receipt] = []
        while spec.limits.receipts and not any(report.status == "played" for report in reports):
            await stage.emulator.wait_delivery(1)
            events = [event for request in list(hook.requests) for event in stage.channel.read(request)]
            reports = [event for event in events if isinstance(event, Receipt)]
            await hook_moves(hook)
    assert {report.key for report in reports} == ({"turn-1:answer"} if spec.limits.receipts else set())
    assert {report.message_id for report in reports} <= {message_id}


async def hook_moves(hook: Hook) -> None:
    """Give the server a turn."""
    async with client() as http:
        await http.options(hook.url)


@each_spec
async def test_webhook_is_repeated_until_accepted(spec: ChannelSpec, hook: Hook) -> None:
    hook.status = 503
    async with staged(spec, webhook=hook.url) as stage:
        saying = stage.emulator.customer_says(CustomerMessage(spec.demo_customer, text="مرحبا"))
        said = asyncio.create_task(saying)
        while len(hook.requests) < 2:
            await hook_moves(hook)
        assert not said.done()
        hook.status = 200
        provider_id = await said
        assert {message.provider_id for message in hook.inbound(stage.channel)} == {provider_id}


@each_spec
async def test_a_customers_file_over_the_cap_is_refused(spec: ChannelSpec, hook: Hook) -> None:
    async with staged(spec, webhook=hook.url) as stage:
        big = bytes(spec.limits.fetch_bytes + 1)
        await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, data=big, mime="audio/ogg"))
        [inbound] = hook.inbound(stage.channel)
        assert inbound.media is not None
        with pytest.raises(Impossible) as refused:
            [chunk async for chunk in stage.channel.fetch(inbound.media.model_copy(update={"size": None}))]
    assert refused.value.code == "media-too-large"


@each_spec
async def test_an_unknown_file_is_impossible(stage: Stage) -> None:
    for media_id in ("999", "../me", "a/b?c#d", "é"):
        with pytest.raises(Impossible):
            [chunk async for chunk in stage.channel.fetch(MediaRef(id=media_id))]


@each_spec
async def test_busy_reaches_the_vendor(spec: ChannelSpec, hook: Hook) -> None:
    async with staged(spec, webhook=hook.url) as stage:
        await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, text="مرحبا"))
        [inbound] = hook.inbound(stage.channel)
        before = len(stage.emulator.calls)
        for kind in spec.limits.degrade:
            await stage.channel.busy(inbound.address, kind, inbound.provider_id)
        assert len(stage.emulator.calls) == before + len(spec.limits.degrade)


@each_spec
async def test_what_cannot_be_sent_is_impossible_and_never_tried(stage: Stage, spec: ChannelSpec) -> None:
    inbound = await first_message(stage)
    too_long = "أ" * (spec.limits.text_chars + 1)
    wrong = [
        reply_to(inbound, ReplyKind.TEXT, text=too_long),
        reply_to(inbound, ReplyKind.TEXT, text=" "),
        reply_to(inbound, ReplyKind.VOICE, data=b""),
        reply_to(inbound, ReplyKind.VOICE, data=bytes(spec.limits.voice_bytes + 1)),
        reply_to(inbound, ReplyKind.TEXT).model_copy(update={"address": {}}),
    ]
    for reply in wrong:
        with pytest.raises(Impossible):
            await stage.channel.send(reply)
    assert stage.emulator.calls == []


@each_spec
async def test_the_longest_text_passes(stage: Stage, spec: ChannelSpec) -> None:
    text = "أ" * spec.limits.text_chars
    await stage.channel.send(reply_to(await first_message(stage), ReplyKind.TEXT, text=text))
    [delivery] = await stage.emulator.wait_delivery(1)
    assert (delivery.text, delivery.faults) == (text, ())


@each_fault
async def test_each_refusal_says_what_to_do_next(stage: Stage, spec: ChannelSpec, fault: dict[str, Any]) -> None:
    inbound = await first_message(stage)
    expected: type[SawtakError] = getattr(errors, fault["raises"])
    code, text = fault.get("code", 0), fault.get("text", "")
    form = {"view": fault["view"]} if "view" in fault else {}
    stage.emulator.fail_next(fault["call"], fault["status"], code=code, text=text, after=fault.get("after"))
    with pytest.raises(expected) as raised:
        await stage.channel.send(reply_to(inbound, ReplyKind(fault.get("reply", "text")), **form))
    assert raised.value.code == fault.get("error", raised.value.code)
    if isinstance(raised.value, Retryable):
        assert (raised.value.after, raised.value.landed) == (fault["waits"], fault["landed"])


@each_spec
async def test_a_late_answer_may_have_landed(spec: ChannelSpec) -> None:
    async with staged(spec, timeout=0.3) as stage:
        inbound = await first_message(stage)
        stage.emulator.delay(1.0)
        with pytest.raises(Retryable) as raised:
            await stage.channel.send(reply_to(inbound, ReplyKind.TEXT))
        assert raised.value.landed
        assert len(await stage.emulator.wait_delivery(1)) == 1


@each_spec
async def test_a_vendor_that_cannot_be_reached_got_nothing(spec: ChannelSpec, http: httpx.AsyncClient) -> None:
    async with staged(spec) as stage:
        inbound, url = await first_message(stage), stage.emulator.url
    channel = spec.open(opening(spec, http, api_url=url))
    with pytest.raises(Retryable) as raised:
        await channel.send(reply_to(inbound, ReplyKind.TEXT))
    assert not raised.value.landed
    if spec.close:
        await spec.close()


@each_spec
async def test_a_wrong_token_is_the_owners_matter(spec: ChannelSpec) -> None:
    wrong = {name: f"{value[:-1]}0" for name, value in spec.demo.secrets.items()}
    async with staged(spec, secrets=wrong) as stage:
        inbound = await first_message(stage)
        for kind in spec.limits.degrade:
            with pytest.raises(NeedsOwner):
                await stage.channel.send(reply_to(inbound, kind))


@each_spec
async def test_without_secrets_nothing_is_sent(spec: ChannelSpec) -> None:
    async with staged(spec, secrets={}) as stage:
        with pytest.raises(NeedsOwner):
            await stage.channel.send(reply_to(await first_message(stage), ReplyKind.TEXT))
        assert stage.emulator.calls == []


@each_spec
async def test_secrets_never_show(spec: ChannelSpec, hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    async with staged(spec, webhook=hook.url, timeout=0.3) as stage:
        await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, data=voice_note(), mime="audio/ogg"))
        [inbound] = hook.inbound(stage.channel)
        assert inbound.media is not None
        assert [chunk async for chunk in stage.channel.fetch(inbound.media)]
        await stage.channel.send(reply_to(inbound, ReplyKind.VOICE))
        stage.emulator.delay(1.0)
        for doing in (
            stage.channel.send(reply_to(inbound, ReplyKind.TEXT)),
            stage.channel.busy(inbound.address, ReplyKind.TEXT, inbound.provider_id),
            anext(aiter(stage.channel.fetch(inbound.media))),
        ):
            with pytest.raises(SawtakError) as raised:
                await doing
            shown.append(str(raised.getrepr(chain=True)) + repr(raised.value.args))
        shown.append(repr(stage.channel))
    everything = caplog.text + "".join(shown)
    assert [secret for secret in secrets_of(spec) if secret in everything] == []


@each_spec
async def test_install_leads_messages_to_the_new_address_and_back(spec: ChannelSpec, hook: Hook) -> None:
    async with staged(spec) as stage:
        hook.channel = stage.channel
        await stage.channel.install(hook.url)
        await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, text="مرحبا"))
        assert [message.text for message in hook.inbound(stage.channel)] == ["مرحبا"]
        await stage.channel.install("")
        await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, text="هل من أحد؟"))
        assert len(hook.inbound(stage.channel)) == 1


@each_spec
async def test_polling_is_offered_exactly_where_the_limits_say_so(stage: Stage, spec: ChannelSpec) -> None:
    if not spec.limits.polling:
        with pytest.raises(Impossible):
            await anext(aiter(stage.channel.listen()))
        return
    provider_id = await stage.emulator.customer_says(CustomerMessage(spec.demo_customer, text="مرحبا"))
    batch = await anext(aiter(stage.channel.listen()))
    assert [event.provider_id for event in batch] == [provider_id]


@each_spec
async def test_messages_of_one_customer_arrive_in_order(spec: ChannelSpec, hook: Hook) -> None:
    async with staged(spec, webhook=hook.url) as stage:
        hook.lag = 0.01
        said = [CustomerMessage(spec.demo_customer, text=str(number)) for number in range(5)]
        await asyncio.gather(*(stage.emulator.customer_says(message) for message in said))
        assert [message.text for message in hook.inbound(stage.channel)] == [message.text for message in said]
