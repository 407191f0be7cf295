"""The dialplan's questions: believed only with the account's secret, answered in words that a dialplan can read."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from channels.audiosocket import SPEC
from channels.audiosocket.config import AudioSocketConfig
from channels.audiosocket.desk import Desk
from channels.audiosocket.line import AudioSocketLine, e164
from core_pipeline.contracts.channel import Opening, WebhookRequest
from core_pipeline.contracts.messages import MediaRef, Reply, ReplyKind
from errors import Forged, Impossible, SawtakError
from tests.channels.audiosocket.paper import PaperBoard
from tests.channels.bench import client

SECRET = "shared-secret"
HTTP = client()  # nothing is asked of anybody


def line(desk: Desk | None = None, secret: str = SECRET) -> AudioSocketLine:
    config = AudioSocketConfig.model_validate(SPEC.demo_config)
    secrets = {"secret": SecretStr(secret)} if secret else {}
    opening = Opening(SPEC.demo.external_id, config, secrets, SPEC.platform(), HTTP)
    return AudioSocketLine(opening, config, desk or Desk())


def asked(secret: str | None = SECRET, in_body: bool = False, **fields: str) -> WebhookRequest:
    given = {name.rstrip("_"): value for name, value in fields.items()}
    headers = {"x-sawtak-secret": secret} if secret is not None and not in_body else {}
    body = {**given, "secret": secret} if secret is not None and in_body else given
    return WebhookRequest("POST", headers, {}, urlencode(body).encode())


@pytest.mark.parametrize("in_body", [False, True])
async def test_a_ring_gives_the_uuid_to_connect_with(in_body: bool) -> None:
    board, desk = PaperBoard(), Desk()
    request = asked(in_body=in_body, call="1732.5", from_="01001234567", name="منى", language="ar")
    answer = await line(desk).signal("ring", request, board)
    assert (answer.status, answer.mime) == (200, "text/plain")
    [token] = board.tokens
    assert answer.body == str(UUID(token))
    assert desk.put_through(token, "+20100")
    [ring] = board.rings
    assert (ring.provider_id, ring.account, ring.wants) == ("1732.5", SPEC.demo.external_id, "ar")
    assert [(one.kind, one.value) for one in ring.sender.identities] == [("phone", "201001234567")]
    assert (ring.sender.name, ring.chat, ring.address) == ("منى", "201001234567", {"to": "+201001234567"})


@pytest.mark.parametrize(("kind", "sound"), [("message", ""), ("refuse", ""), ("message", "https://a/b?sig=1&x=2")])
async def test_a_call_that_is_not_taken_says_so(kind: str, sound: str) -> None:
    board = PaperBoard(kind=kind, sound=sound)  # type: ignore[arg-type]  # pytest's parameters are plain strings
    answer = await line().signal("ring", asked(call="1", from_="01001234567"), board)
    assert answer.body == (f"{kind}={sound}" if sound else kind)


@pytest.mark.parametrize("wrong", [None, "", "guess", SECRET + "0", "é"])
@pytest.mark.parametrize("event", ["ring", "after", "else"])
async def test_without_the_secret_nothing_is_told(wrong: str | None, event: str) -> None:
    board = PaperBoard()
    for in_body in (False, True):
        with pytest.raises(Forged):
            await line().signal(event, asked(wrong, in_body, call="1", uuid="x"), board)
    with pytest.raises(Forged):
        await line(secret="").signal(event, asked("", call="1"), board)
    assert board.rings == []


async def test_the_dialplan_learns_once_whom_to_dial() -> None:
    board, desk = PaperBoard(), Desk()
    ours = line(desk)
    uuid = (await ours.signal("ring", asked(call="1", from_="01001234567"), board)).body
    desk.put_through(UUID(uuid).hex, "+201009999999")
    assert [(await ours.signal("after", asked(uuid=uuid), board)).body for _ in range(2)] == ["+201009999999", ""]
    for wrong in ("", "x", "../.."):
        with pytest.raises(Impossible):
            await ours.signal("after", asked(uuid=wrong), board)
    with pytest.raises(Impossible):
        await ours.signal("elsewhere", asked(), board)
    with pytest.raises(Impossible):
        await ours.signal("ring", asked(from_="01001234567"), board)


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("01001234567", "201001234567"),
        ("+20 100 123 4567", "201001234567"),
        ("00201001234567", "201001234567"),
        ("201001234567", "201001234567"),
        ("+1 (202) 555-0142", "12025550142"),
        ("1001", ""),
        ("anonymous", ""),
        ("", ""),
        ("+", ""),
        ("1" * 30, ""),
        ("٠١٠٠١٢٣٤٥٦٧", ""),
    ],
)
def test_numbers_are_known_with_their_country(number: str, found: str) -> None:
    assert e164(number, "20") == found


def test_without_a_country_code_a_national_number_stays_as_it_is() -> None:
    assert e164("01001234567") == "01001234567"


@given(st.text(max_size=60))
def test_any_number_is_digits_or_nothing(number: str) -> None:
    found = e164(number, "966")
    assert found == "" or (found.isascii() and found.isdecimal() and 6 <= len(found) <= 15)


async def test_an_extension_is_known_again_and_a_hidden_number_never() -> None:
    board, ours = PaperBoard(), line()
    for call, number in (("1", "1001"), ("2", "1001"), ("3", "anonymous"), ("4", "anonymous")):
        await ours.signal("ring", asked(call=call, from_=number), board)
    names = [ring.sender.identities[0] for ring in board.rings]
    assert names[0] == names[1]
    assert names[2] != names[3]
    assert {name.kind for name in names} == {"audiosocket_extension", "audiosocket_call"}


@given(st.binary(max_size=300))
async def test_wild_bodies_are_forged_or_refused(body: bytes) -> None:
    request = WebhookRequest("POST", {"x-sawtak-secret": SECRET}, {}, body)
    for event in ("ring", "after"):
        try:
            await line().signal(event, request, PaperBoard())
        except SawtakError:
            continue


async def test_what_the_protocol_lacks_is_refused() -> None:
    ours, board = line(), PaperBoard()
    reply = Reply(kind=ReplyKind.TEXT, key="k", address={}, text="t")
    for doing in (ours.send(reply), ours.install("https://a.example"), ours.dial({"to": "+1"}, None, board)):  # type: ignore[arg-type]  # the ticket is not looked at
        with pytest.raises(Impossible):
            await doing
    with pytest.raises(Impossible):
        ours.fetch(MediaRef(id="1"))
    with pytest.raises(Forged):
        ours.verify(asked())


def test_an_account_is_named_by_its_uuid() -> None:
    made = AudioSocketConfig()
    assert SPEC.identify(made, {}) == UUID(made.uuid).hex
    assert AudioSocketConfig().uuid != made.uuid
    with pytest.raises(ValidationError):
        AudioSocketConfig(uuid="no uuid")
    assert SPEC.identify(AudioSocketConfig.model_validate(SPEC.demo_config), {}) == SPEC.demo.external_id
