from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from channels.phone import SPEC, fallback, twiml
from channels.phone.adapter import PhoneChannel
from channels.phone.config import DEMO_ACCOUNT
from channels.phone.emulator_twiml import Verb, verbs
from core_pipeline.contracts.calls import Answer, Verdict
from core_pipeline.contracts.channel import WebhookRequest
from core_pipeline.contracts.phrases import READY
from errors import Forged, Impossible, Retryable
from tests.channels.bench import cases, client, load
from tests.channels.phone.house import channel
from tests.channels.phone.paper import TOKEN, PaperBoard, form, sign

CALL = {"CallSid": "CA1", "AccountSid": DEMO_ACCOUNT, "From": "+201000000001", "CallStatus": "in-progress"}


@pytest.fixture
async def line() -> AsyncIterator[PhoneChannel]:
    async with client() as http:
        yield channel(http, api_url="http://127.0.0.1:9")


def asked(board: PaperBoard, event: str, fields: dict[str, str], **query: str) -> WebhookRequest:
    url = board.url(event) + (f"?{urlencode(query)}" if query else "")
    return form(url, fields)


def steps(answer: Answer) -> list[Verb]:
    """What the vendor is told to do, which it understands without complaint."""
    assert (answer.mime, answer.status) == ("text/xml", 200)
    found, faults = verbs(answer.body)
    assert faults == []
    return found


async def told(line: PhoneChannel, board: PaperBoard, event: str, **query: str) -> list[Verb]:
    return steps(await line.signal(event, asked(board, event, CALL, **query), board))


def within(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict):
        return all(within(value, found.get(name)) for name, value in expected.items())
    return bool(expected == found)


@pytest.mark.parametrize("case", cases(SPEC))
async def test_each_recorded_call_of_the_vendors_is_understood(line: PhoneChannel, case: str) -> None:
    given, board = load(SPEC, case), PaperBoard()
    request = asked(board, given["event"], given["form"], **given["query"])
    assert line.verify(request) is None
    assert line.read(request) == load(SPEC, "expected")[case]
    answer = await line.signal(given["event"], request, board)
    noted: dict[str, list[Any]] = {
        "rings": [ring.model_dump(mode="json") for ring in board.rings],
        "told": [news.model_dump(mode="json") for news in board.told],
        "messages": [message.model_dump(mode="json") for _, message in board.messages],
        "asked_for": board.asked_for,
    }
    for name, found in noted.items():
        expected = given["tells"].get(name, [])
        assert len(found) == len(expected), name
        assert all(within(one, other) for one, other in zip(expected, found, strict=True)), (name, found)
    assert answer.status in {200, 204}


@pytest.mark.parametrize("case", cases(SPEC))
async def test_nothing_is_done_for_strangers(line: PhoneChannel, case: str) -> None:
    given, board = load(SPEC, case), PaperBoard()
    good = asked(board, given["event"], given["form"], **given["query"])
    for signature in ("", "é", sign(good.url, {}), sign(good.url, given["form"], "another")):
        with pytest.raises(Forged):
            await line.signal(given["event"], form(good.url, given["form"], signature=signature), board)
    stolen = asked(board, given["event"], {**given["form"], "AccountSid": "AC" + "0" * 32})
    with pytest.raises(Forged):
        await line.signal(given["event"], stolen, board)
    assert board.rings + board.told + board.messages + board.asked_for == []


async def test_an_event_that_there_is_not_is_impossible_but_proves_itself_first(line: PhoneChannel) -> None:
    board = PaperBoard()
    with pytest.raises(Impossible):
        await line.signal("nothing", asked(board, "nothing", CALL), board)
    with pytest.raises(Forged):
        await line.signal("nothing", form(board.url("nothing"), CALL, signature="x"), board)


@pytest.mark.parametrize("event", ["incoming", "status", "stream", "recording"])
@pytest.mark.parametrize("sid", ["", "../CA1", "CA" + "0" * 99])
async def test_a_call_without_a_name_is_impossible(line: PhoneChannel, event: str, sid: str) -> None:
    board = PaperBoard()
    with pytest.raises(Impossible):
        await line.signal(event, asked(board, event, {**CALL, "CallSid": sid, "RecordingStatus": "completed"}), board)


async def test_a_call_that_is_taken_is_connected_with_its_token(line: PhoneChannel) -> None:
    board = PaperBoard(language="en")
    [connect] = await told(line, board, "incoming")
    [stream] = connect.inside
    assert connect.name == "Connect"
    after = urlsplit(connect.given["action"])
    assert (after.path, parse_qs(after.query)) == ("/calls/phone/acc1/after", {"lang": ["en"], "call": ["call1"]})
    assert stream.given == {
        "url": "wss://sawtak.example/calls/phone/acc1/stream",
        "statusCallback": "https://sawtak.example/calls/phone/acc1/stream",
    }
    given = {each.given["name"]: each.given["value"] for each in stream.inside}
    assert given == {"token": "token1&<\"'>", "language": "en"}


@pytest.mark.parametrize(("sound", "verb"), [("https://sawtak.example/media/a?b=1&c=2", "Play"), ("", "Say")])
async def test_a_call_that_is_not_taken_may_leave_a_message(line: PhoneChannel, sound: str, verb: str) -> None:
    spoken, record, end = await told(
        line, PaperBoard(kind="message", sound=sound, words="الخطوط < مشغولة\0\x0b"), "incoming"
    )
    assert (spoken.name, spoken.text) == (verb, sound or "الخطوط < مشغولة")
    assert spoken.given == ({} if sound else {"language": "arb"})
    assert (record.name, end.name) == ("Record", "Hangup")
    assert record.given["action"] == "https://sawtak.example/calls/phone/acc1/recorded?lang=ar"
    callback, _, wishes = record.given["recordingStatusCallback"].partition("#")
    assert callback == "https://sawtak.example/calls/phone/acc1/recording?lang=ar"
    assert wishes.startswith("rc=5")
    kept = ("maxLength", "playBeep", "timeout", "finishOnKey", "recordingStatusCallbackEvent")
    assert [record.given[name] for name in kept] == ["120", "true", "5", "#", "completed"]


async def test_a_call_that_is_refused_hears_why_or_that_the_line_is_busy(line: PhoneChannel) -> None:
    words = [each.name for each in await told(line, PaperBoard(kind="refuse"), "incoming")]
    assert words == ["Say", "Hangup"]
    [reject] = await told(line, PaperBoard(kind="refuse", words=" "), "incoming")
    assert (reject.name, reject.given) == ("Reject", {"reason": "busy"})


async def test_words_without_end_still_fit(line: PhoneChannel) -> None:
    [spoken, _] = await told(line, PaperBoard(kind="refuse", words="أ" * 100_000), "incoming")
    assert len(spoken.text) == 3000
    long = Verdict("refuse", "ar", sound="https://sawtak.example/" + "a" * 70_000)
    with pytest.raises(Impossible):
        twiml.declined(PaperBoard(), long)


async def test_after_the_talk_the_call_ends(line: PhoneChannel) -> None:
    board = PaperBoard()
    [end] = await told(line, board, "after", call="call9", lang="en")
    assert (end.name, board.asked_for) == ("Hangup", ["call9"])


@pytest.mark.parametrize(
    ("to", "noun"), [("+201099999999", "Number"), ("0225550199", "Number"), ("sip:desk@pbx.example", "Sip")]
)
async def test_after_the_talk_a_person_is_dialled_who_was_asked_for(line: PhoneChannel, to: str, noun: str) -> None:
    [dial] = await told(line, PaperBoard(person_number=to), "after", call="call9", lang="en")
    assert [(each.name, each.text) for each in dial.inside] == [(noun, to)]
    assert dial.given == {
        "action": "https://sawtak.example/calls/phone/acc1/dialled?lang=en",
        "callerId": "+12025550142",
        "timeout": "30",
    }


@pytest.mark.parametrize("to", ["nobody", "+2010<Number>", "sip:", "5"])
async def test_a_person_without_a_number_is_not_there(line: PhoneChannel, to: str) -> None:
    found = await told(line, PaperBoard(person_number=to), "after", call="call9")
    assert [each.name for each in found] == ["Say", "Record", "Hangup"]
    with pytest.raises(Impossible) as refused:
        twiml.dialled(PaperBoard(), to, "+12025550142", "ar")
    assert refused.value.code == "transfer-number"


async def test_where_nobody_answers_a_message_is_taken(line: PhoneChannel) -> None:
    board = PaperBoard()
    fields = {**CALL, "DialCallStatus": "busy"}
    spoken, record, _ = steps(await line.signal("dialled", asked(board, "dialled", fields, lang="en"), board))
    assert spoken.text.startswith(READY["no_person"]["en"])
    assert (spoken.given["language"], record.name) == ("en-US", "Record")
    assert board.unreachable == ["CA1"]


@pytest.mark.parametrize(("fields", "names"), [({"Digits": "#"}, ["Say", "Hangup"]), ({"Digits": "hangup"}, [])])
async def test_a_message_is_thanked_for(line: PhoneChannel, fields: dict[str, str], names: list[str]) -> None:
    board = PaperBoard()
    found = steps(await line.signal("recorded", asked(board, "recorded", {**CALL, **fields}), board))
    assert [each.name for each in found] == names


async def test_a_message_of_a_call_that_we_never_saw_is_kept(line: PhoneChannel) -> None:
    board = PaperBoard(unknown_calls=True)
    given = load(SPEC, "recording_completed")
    await line.signal("recording", asked(board, "recording", given["form"]), board)
    [(sid, message)] = board.messages
    assert (board.rings[0].provider_id, board.rings[0].sender) == (sid, message.sender)
    assert [(news.state, news.reason) for news in board.told] == [("missed", "fallback")]


async def test_what_breaks_elsewhere_is_not_hidden(line: PhoneChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    board = PaperBoard()

    async def busy(*_: object) -> None:
        raise Retryable("database-busy")

    monkeypatch.setattr(board, "voicemail", busy)
    with pytest.raises(Retryable):
        await line.signal("recording", asked(board, "recording", load(SPEC, "recording_completed")["form"]), board)


def test_the_fallback_stands_by_itself() -> None:
    there = "https://sawtak.example/calls/phone/acc1"
    document = twiml.fallback_twiml(f"{there}/recorded", f"{there}/recording")
    found, faults = verbs(document)
    assert (faults, [each.name for each in found]) == ([], ["Say", "Say", "Record", "Hangup"])
    assert document.startswith("<?xml")
    assert [each.given["language"] for each in found[:2]] == ["arb", "en-US"]
    own = verbs(twiml.fallback_twiml("https://a", "https://b", "en", {"en": "Back soon"}))[0]
    assert [each.text for each in own] == ["Back soon", "", ""]


async def test_a_shared_key_is_believed_where_the_account_says_so() -> None:
    board = PaperBoard()
    secrets = {"auth_token": TOKEN, "shared_key": "shared"}
    async with client() as http:
        opened = channel(http, {"signature": "HMAC_SHA256"}, secrets)
        strong = sign(board.url("status"), CALL, "shared", "HMAC_SHA256")
        await opened.signal("status", form(board.url("status"), CALL, signature=strong), board)
        for weak in (sign(board.url("status"), CALL, "shared"), sign(board.url("status"), CALL)):
            with pytest.raises(Forged):
                opened.verify(form(board.url("status"), CALL, signature=weak))


async def test_an_old_token_is_believed_while_it_is_replaced() -> None:
    url = PaperBoard().url("status")
    async with client() as http:
        opened = channel(http, secrets={"auth_token": "new", "auth_token_old": TOKEN})
        assert opened.verify(form(url, CALL)) is None
        assert opened.verify(form(url, CALL, "new")) is None
        for empty in ({}, {"auth_token": "", "auth_token_old": ""}):
            with pytest.raises(Forged):
                channel(http, secrets=empty).verify(form(url, CALL, ""))


def test_the_fallback_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    fallback.main(["https://sawtak.example/calls/phone/acc1/", "--words", "نعود قريبا"])
    found, faults = verbs(capsys.readouterr().out)
    assert (faults, found[0].text) == ([], "نعود قريبا")
    assert found[2].given["action"] == "https://sawtak.example/calls/phone/acc1/recorded"
