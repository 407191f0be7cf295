from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

import errors
from channels.phone import SPEC
from channels.phone.adapter import PhoneChannel, api_of
from channels.phone.config import DEMO_ACCOUNT, DEMO_NUMBER, PhoneConfig, PhonePlatform
from channels.phone.emulator_twiml import verbs
from channels.phone.emulator_vendor import TwilioVendor, opened
from core_pipeline.contracts.messages import MediaRef, Reply, ReplyKind
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.channels.bench import client, load
from tests.channels.phone.house import channel
from tests.channels.phone.paper import TOKEN, PaperBoard

CUSTOMER = {"to": "+201000000001"}
BOTH = {"call_back": True, "sms": True}
RECORDING = "RE" + "0e" * 16
SOUND = "https://sawtak.example/media/answer.wav?a=1&b=2"


class Phone:
    """A customer's telephone that notes who rings."""

    number = CUSTOMER["to"]

    def __init__(self) -> None:
        self.rings: list[dict[str, str]] = []

    def redirect(self, document: str) -> None:
        raise AssertionError(document)

    def complete(self) -> None:
        raise AssertionError

    def rung(self, call_sid: str, fields: Any) -> None:
        self.rings.append({"sid": call_sid, **fields})


@dataclass
class Stage:
    vendor: TwilioVendor
    http: httpx.AsyncClient
    phone: Phone

    def channel(self, config: dict[str, Any] | None = None, secrets: Any = None, **platform: Any) -> PhoneChannel:
        return channel(self.http, config if config is not None else BOTH, secrets, api_url=self.vendor.url, **platform)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened(SPEC.demo) as vendor, client() as http:
        phone = Phone()
        vendor.phones.append(phone)
        yield Stage(vendor, http, phone)


def reply(kind: str, **content: Any) -> Reply:
    kinds: dict[str, dict[str, Any]] = {"voice": {"data": b"RIFF", "url": SOUND}, "text": {"text": " أهلًا "}}
    return Reply(**{"kind": ReplyKind(kind), "key": "k", "address": CUSTOMER, **kinds.get(kind, {}), **content})


async def test_an_answer_is_played_in_a_call_or_written(stage: Stage) -> None:
    opened_channel = stage.channel()
    sid = await opened_channel.send(reply("voice"))
    [ring] = stage.phone.rings
    assert (ring["sid"], ring["From"], ring["To"]) == (sid, DEMO_NUMBER, CUSTOMER["to"])
    found, faults = verbs(ring["Twiml"])
    assert (faults, [(each.name, each.text) for each in found]) == ([], [("Play", SOUND), ("Hangup", "")])
    assert (await opened_channel.send(reply("text"))).startswith("SM")
    assert stage.vendor.messages == [{"From": DEMO_NUMBER, "To": CUSTOMER["to"], "Body": "أهلًا"}]
    assert stage.vendor.faults == []


async def test_what_cannot_be_sent_is_impossible_and_never_tried(stage: Stage) -> None:
    silent, both = stage.channel({}), stage.channel()
    wrong = [
        (silent, reply("voice")),
        (silent, reply("text")),
        (both, reply("voice", url=None)),
        (both, reply("voice", url="")),
        (both, reply("video")),
        (both, reply("text", text=" ")),
        (both, reply("text", text="أ" * 1601)),
        *((both, reply("text", address=address)) for address in ({}, {"to": "201000000001"}, {"to": "+1<"}, {"to": 5})),
    ]
    for opened_channel, refused in wrong:
        with pytest.raises(Impossible):
            await opened_channel.send(refused)
    assert stage.vendor.asked == []


async def test_a_call_of_ours_brings_its_sound_with_its_token(stage: Stage) -> None:
    board = PaperBoard()
    ticket = board.ticket()
    sid = await stage.channel().dial(CUSTOMER, ticket, board)
    [ring] = stage.phone.rings
    [connect], faults = verbs(ring["Twiml"])
    assert (faults, ring["sid"]) == ([], sid)
    assert connect.inside[0].inside[0].given == {"name": "token", "value": ticket.token}
    assert ring["StatusCallback"] == board.url("status")
    assert ring["StatusCallbackEvent"] == "initiated ringing answered completed"
    assert ring["Timeout"] == "30"
    with pytest.raises(Impossible):
        await stage.channel().dial({}, ticket, board)


@pytest.mark.parametrize(
    "fault", load(SPEC, "faults"), ids=lambda fault: f"{fault['call']}-{fault['status']}-{fault['code']}"
)
async def test_each_refusal_says_what_to_do_next(stage: Stage, fault: dict[str, Any]) -> None:
    expected: type[SawtakError] = getattr(errors, fault["raises"])
    stage.vendor.fail_next(fault["call"], fault["status"], code=fault["code"], after=fault.get("after"))
    with pytest.raises(expected) as raised:
        await stage.channel().send(reply(fault["reply"]))
    assert raised.value.code == fault["error"]
    if isinstance(raised.value, Retryable):
        assert (raised.value.after, raised.value.landed) == (fault["waits"], fault["landed"])


@pytest.mark.parametrize("kind", ["voice", "text"])
async def test_a_late_answer_may_have_landed(stage: Stage, kind: str) -> None:
    stage.vendor.delay(1.0)
    with pytest.raises(Retryable) as raised:
        await stage.channel(timeout=0.3).send(reply(kind))
    assert raised.value.landed
    assert len(stage.phone.rings) + len(stage.vendor.messages) == 1


async def test_a_vendor_that_cannot_be_reached_got_nothing() -> None:
    async with client() as http:
        with pytest.raises(Retryable) as raised:
            await channel(http, BOTH, api_url="http://127.0.0.1:9").send(reply("text"))
    assert not raised.value.landed


@pytest.mark.parametrize("secrets", [{"auth_token": "wrong"}, {"auth_token": ""}, {}, {"auth_token": "a\nb"}])
async def test_a_wrong_token_is_the_owners_matter(stage: Stage, secrets: dict[str, str]) -> None:
    with pytest.raises(NeedsOwner):
        await stage.channel(secrets=secrets).send(reply("text"))


async def test_a_message_that_was_left_is_fetched_without_showing_the_token_around(stage: Stage) -> None:
    stage.vendor.recordings[RECORDING] = b"RIFF" * 1000
    media = MediaRef(id=RECORDING, url="https://elsewhere.example/secret")
    got = b"".join([chunk async for chunk in stage.channel().fetch(media)])
    assert got == b"RIFF" * 1000
    assert (stage.vendor.asked, stage.vendor.faults) == (["Recordings"], [])


@pytest.mark.parametrize("sid", ["RE" + "0" * 32, "", "../me", "RE1", "é"])
async def test_an_unknown_message_is_impossible(stage: Stage, sid: str) -> None:
    with pytest.raises(Impossible):
        [chunk async for chunk in stage.channel().fetch(MediaRef(id=sid))]


async def test_a_message_over_the_cap_is_refused(stage: Stage) -> None:
    stage.vendor.recordings[RECORDING] = bytes(SPEC.limits.fetch_bytes + 1)
    with pytest.raises(Impossible) as refused:
        [chunk async for chunk in stage.channel().fetch(MediaRef(id=RECORDING))]
    assert refused.value.code == "media-too-large"


@pytest.mark.parametrize(
    "location",
    ["ftp://e.com/x", "https://u:p@e.com/", "https:///x", "file:///etc/passwd", "https://api.twilio.com/loop"],
)
async def test_a_message_is_not_followed_anywhere(location: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302, headers={"location": location})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(Impossible) as refused:
            [chunk async for chunk in channel(http).fetch(MediaRef(id=RECORDING))]
    assert refused.value.code == "media-redirect"
    assert [("authorization" in request.headers) for request in seen] == [True, *[False] * (len(seen) - 1)]
    assert {request.url.host for request in seen} == {"api.twilio.com"}


async def test_install_leads_the_calls_here_and_away_again(stage: Stage) -> None:
    await stage.channel().install("https://sawtak.example/webhooks/phone/acc1")
    calls = "https://sawtak.example/calls/phone/acc1"
    assert stage.vendor.hooks == {
        "VoiceUrl": f"{calls}/incoming",
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": f"{calls}/fallback",
        "VoiceFallbackMethod": "POST",
        "StatusCallback": f"{calls}/status",
        "StatusCallbackMethod": "POST",
    }
    elsewhere = stage.channel({"fallback_url": "https://static.example/sorry.xml"})
    await elsewhere.install("https://sawtak.example/webhooks/phone/acc1")
    assert stage.vendor.hooks["VoiceFallbackUrl"] == "https://static.example/sorry.xml"
    await elsewhere.install("")
    assert {name: stage.vendor.hooks[name] for name in ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback")} == {
        "VoiceUrl": "",
        "VoiceFallbackUrl": "",
        "StatusCallback": "",
    }
    with pytest.raises(Impossible):
        await elsewhere.install("https://sawtak.example/elsewhere")


async def test_a_number_of_somebody_elses_is_the_owners_matter(stage: Stage) -> None:
    with pytest.raises(NeedsOwner):
        await stage.channel({"number": "+12025550143"}).install("https://sawtak.example/webhooks/phone/acc1")


async def test_a_telephone_cannot_be_polled_or_shown_that_we_are_busy(stage: Stage) -> None:
    opened_channel = stage.channel()
    await opened_channel.busy(CUSTOMER, ReplyKind.VOICE, "CA1")
    with pytest.raises(Impossible):
        await anext(aiter(opened_channel.listen()))
    assert stage.vendor.asked == []


async def test_secrets_never_show(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    opened_channel = stage.channel(timeout=0.3)
    stage.vendor.delay(1.0)
    shown = [repr(opened_channel)]
    for doing in (opened_channel.send(reply("voice")), opened_channel.send(reply("text"))):
        with pytest.raises(SawtakError) as raised:
            await doing
        shown.append(str(raised.getrepr(chain=True)) + repr(raised.value.args))
    assert TOKEN not in caplog.text + "".join(shown)
    await asyncio.sleep(0)


def test_the_form_takes_real_accounts_only() -> None:
    good = {"account_sid": DEMO_ACCOUNT, "number": DEMO_NUMBER}
    config = PhoneConfig.model_validate(good)
    assert SPEC.identify(config, {}) == SPEC.demo.external_id == DEMO_NUMBER.removeprefix("+")
    for wrong in (
        {"account_sid": "AC1"},
        {"number": "12025550142"},
        {"region": "../x"},
        {"fallback_url": "http://e.com"},
    ):
        with pytest.raises(ValidationError):
            PhoneConfig.model_validate({**good, **wrong})


@pytest.mark.parametrize(
    ("region", "edge", "host"),
    [
        (None, None, "api"),
        ("ie1", None, "api.ie1"),
        ("ie1", "dublin", "api.dublin.ie1"),
        (None, "dublin", "api.dublin.us1"),
    ],
)
def test_regions_have_hosts_of_their_own(region: str | None, edge: str | None, host: str) -> None:
    config = PhoneConfig(account_sid=DEMO_ACCOUNT, number=DEMO_NUMBER, region=region, edge=edge)
    assert api_of(PhonePlatform(), config) == f"https://{host}.twilio.com"
    assert api_of(PhonePlatform(api_url="http://127.0.0.1:1/"), config) == "http://127.0.0.1:1"
