"""Google's voices: sentence by sentence, words timed by marks, by key or by service account, whatever breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech, Tts
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.google_token import Token
from core_pipeline.engines.tts.google import SPEC, GoogleTtsConfig
from core_pipeline.engines.tts.google.emulator import EmulatedSynthesis
from core_pipeline.engines.tts.google.engine import GoogleTts
from core_pipeline.engines.tts.google.marked import spoken, ssml
from errors import Impossible, NeedsOwner, Retryable, SawtakError

TEXT = "أهلا بكم في المطعم. نفتح الساعة العاشرة صباحا كل يوم."
PLAIN, MARKED, TOKEN = "/v1/text:synthesize", "/v1beta1/text:synthesize", "/token"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def server() -> EmulatedSynthesis:
    return EmulatedSynthesis()


@pytest.fixture
async def config(server: EmulatedSynthesis) -> AsyncIterator[GoogleTtsConfig]:
    async with server.serving() as given:
        yield given


async def said(engine: Tts, saying: Saying) -> list[Speech]:
    return [part async for part in engine.speak(saying)]


async def test_each_sentence_is_a_request(
    config: GoogleTtsConfig, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    stream = GoogleTts(config, http).speak(Saying(TEXT, "ar"))
    first = await anext(stream)
    assert server.faults.calls == [f"POST {PLAIN}"]
    rest = [part async for part in stream]
    assert len(rest) == 1
    assert (first.pcm.sample_rate, first.words) == (24_000, ())
    assert [asked["input"]["text"] for asked in server.asked] == [
        "أهلا بكم في المطعم.", "نفتح الساعة العاشرة صباحا كل يوم."
    ]  # fmt: skip
    assert server.asked[0]["voice"] == {"languageCode": "ar-XA", "name": "ar-XA-Wavenet-B"}
    assert server.asked[0]["audioConfig"] == {"audioEncoding": "LINEAR16", "sampleRateHertz": 24_000}


async def test_words_are_timed_where_their_sound_is(config: GoogleTtsConfig, http: httpx.AsyncClient) -> None:
    parts = await said(GoogleTts(config, http), Saying(TEXT, "ar", timed=True))
    words = [word for part in parts for word in part.words]
    assert [word.text for word in words] == TEXT.split()
    assert words[0].start == 0.0
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(words))
    for word in words:  # the emulator speaks 0.05 s per letter and pauses 0.1 s
        assert word.end - word.start == pytest.approx(0.05 * len(word.text) + 0.1, abs=0.01)
    assert words[4].start == pytest.approx(parts[0].pcm.seconds)


async def test_voices_that_take_no_marks_speak_without_times(
    config: GoogleTtsConfig, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    engine = GoogleTts(config, http)
    (part,) = await said(engine, Saying("نعم", "ar", voice="ar-XA-Chirp3-HD-Charon", timed=True))
    assert part.words == ()
    assert server.faults.calls == [f"POST {PLAIN}"]


async def test_rate_and_pitch_are_sent_as_google_wants_them(
    config: GoogleTtsConfig, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    engine = GoogleTts(config, http)
    (normal,) = await said(engine, Saying("نعم", "ar"))
    (fast,) = await said(engine, Saying("نعم", "ar", rate=5.0, pitch=2.0))
    assert fast.pcm.seconds < normal.pcm.seconds
    assert server.asked[-1]["audioConfig"] | {"speakingRate": 2.0, "pitch": 12.0} == server.asked[-1]["audioConfig"]


@pytest.mark.parametrize("text", ["", " \n ", "…!", "🎉"])
async def test_nothing_to_say_asks_nobody(
    text: str, config: GoogleTtsConfig, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    assert await said(GoogleTts(config, http), Saying(text, "ar")) == []
    assert server.faults.calls == []


async def test_what_cannot_be_spoken_is_refused(
    config: GoogleTtsConfig, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    engine = GoogleTts(config, http)
    with pytest.raises(Impossible, match="no voice is set for fr; these are: ar, en"):
        await said(engine, Saying("oui", "fr"))
    with pytest.raises(Impossible, match="en-US-Wavenet-D does not speak ar; ar-XA-Wavenet-B does"):
        await said(engine, Saying("نعم", "ar", voice="en-US-Wavenet-D"))
    with pytest.raises(NeedsOwner, match="unknown-voice"):
        await said(engine, Saying("نعم", "ar", voice="ar+f3"))
    with pytest.raises(Impossible, match="text-too-long"):
        await said(engine, Saying("نعم " * 2000, "ar"))
    with pytest.raises(Impossible, match="cannot-clone"):
        await said(engine, Saying("نعم", "ar", clone=Clone("v", Pcm(b"", 16_000), "نعم")))
    assert server.faults.calls == []


@pytest.mark.parametrize(
    ("fault", "kind", "code", "after"),
    [
        (Fault(status=401), NeedsOwner, "vendor-denied", None),
        (Fault(status=403), NeedsOwner, "vendor-denied", None),
        (Fault(status=429, headers={"retry-after": "7"}), Retryable, "vendor-busy", 7.0),
        (Fault(status=500), Retryable, "vendor-down", 0.0),
        (Fault(cut_after=500), Retryable, "vendor-garbled", 0.0),
        (Fault(status=200, body=b'{"audioContent": "%%%"}'), Retryable, "vendor-garbled", 0.0),
        (Fault(status=200, body=b'{"audioContent": "UklGRg=="}'), Retryable, "vendor-garbled", 0.0),
        (Fault(delay=1.0), Retryable, "vendor-slow", 0.0),
    ],
)
async def test_a_failing_server(
    fault: Fault,
    kind: type[SawtakError],
    code: str,
    after: float | None,
    config: GoogleTtsConfig,
    server: EmulatedSynthesis,
    http: httpx.AsyncClient,
) -> None:
    engine = GoogleTts(config.model_copy(update={"timeout": 0.5}), http)
    server.faults.next(fault)
    with pytest.raises(kind, match=code) as raised:
        await said(engine, Saying("نعم", "ar", timed=True))
    assert config.api_key.get_secret_value() not in str(raised.value)
    assert getattr(raised.value, "after", None) == after
    assert await said(engine, Saying("نعم", "ar"))


async def test_a_cancelled_saying_harms_nobody(
    config: GoogleTtsConfig, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    engine = GoogleTts(config, http)
    server.faults.next(Fault(delay=60.0), path=PLAIN)
    waiting = asyncio.create_task(said(engine, Saying("نعم", "ar")))
    while not server.faults.calls:
        await asyncio.sleep(0.005)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await said(engine, Saying("نعم", "ar"))


async def test_the_probe_knows_the_key_and_the_voices(
    config: GoogleTtsConfig, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    probe, bench = SPEC.probe, Bench(tmp_path, http)
    assert probe
    await probe(config, bench)
    with pytest.raises(NeedsOwner, match="google has no voice fr-FR-Wavenet-A"):
        await probe(config.model_copy(update={"voices": {"fr": "fr-FR-Wavenet-A"}}), bench)
    with pytest.raises(NeedsOwner, match="vendor-denied"):
        await probe(config.model_copy(update={"api_key": SecretStr("other")}), bench)
    with pytest.raises(NeedsOwner, match="google-credentials"):
        await probe(GoogleTtsConfig(base_url=config.base_url), bench)
    for odd in ("مفتاح", "a\nb"):
        with pytest.raises(NeedsOwner, match="google-credentials"):
            await probe(config.model_copy(update={"api_key": SecretStr(odd)}), bench)
    assert SPEC.secrets == {"api_key", "service_account"}
    assert SPEC.languages_of(config) == {"ar", "en"}


async def test_a_service_account_gets_one_token_for_all(server: EmulatedSynthesis, http: httpx.AsyncClient) -> None:
    async with server.serving(service_account=True) as config:
        engine = GoogleTts(config, http)
        await asyncio.gather(*(said(engine, Saying("نعم", "ar")) for _ in range(5)))
        assert server.faults.calls.count(f"POST {TOKEN}") == 1
        server.accounts.tokens.clear()  # as if it had been revoked
        with pytest.raises(NeedsOwner, match="vendor-denied"):
            await said(engine, Saying("نعم", "ar"))
        assert await said(engine, Saying("نعم", "ar"))
        assert server.faults.calls.count(f"POST {TOKEN}") == 2


async def test_a_token_is_renewed_before_its_end(server: EmulatedSynthesis, http: httpx.AsyncClient) -> None:
    server.accounts.lasts = 60
    async with server.serving(service_account=True) as config:
        engine = GoogleTts(config, http)
        await said(engine, Saying("نعم", "ar"))
        await said(engine, Saying("نعم", "ar"))
    assert server.faults.calls.count(f"POST {TOKEN}") == 2


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault(status=400, body=b'{"error": "invalid_grant"}'), NeedsOwner, "vendor-denied"),
        (Fault(status=400, body=b'{"error": "invalid_request"}'), NeedsOwner, "vendor-denied"),
        (Fault(status=401), NeedsOwner, "vendor-denied"),
        (Fault(status=503), Retryable, "vendor-down"),
        (Fault(status=200, body=b'{"token_type": "Bearer"}'), Retryable, "vendor-garbled"),
        (Fault(status=200, body=b"<html>"), Retryable, "vendor-garbled"),
    ],
)
async def test_a_failing_token_server(
    fault: Fault, kind: type[SawtakError], code: str, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    async with server.serving(service_account=True) as config:
        engine = GoogleTts(config, http)
        server.faults.next(fault, path=TOKEN)
        with pytest.raises(kind, match=code):
            await said(engine, Saying("نعم", "ar"))
        assert await said(engine, Saying("نعم", "ar"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-20],
        lambda _: json.dumps({"client_email": "a@b.c"}),
        lambda text: json.dumps(json.loads(text) | {"private_key": "-----BEGIN"}),
        lambda _: "[]",
    ],
)
async def test_an_unusable_service_account_says_so_and_no_more(
    spoil: object, server: EmulatedSynthesis, http: httpx.AsyncClient
) -> None:
    broken = spoil(server.accounts.service_account("http://127.0.0.1:9"))  # type: ignore[operator]  # one of the above
    with pytest.raises(NeedsOwner, match="google-credentials") as raised:
        await Token(SecretStr(""), SecretStr(broken)).headers(http)
    assert raised.value.__cause__ is None
    assert "BEGIN" not in str(raised.value)


def test_marks_survive_what_a_customer_writes() -> None:
    words = ["<b>", '"&amp;"', "a\x01b", "نعم"]
    assert ssml(words) == (
        '<speak><mark name="0"/>&lt;b&gt; <mark name="1"/>&quot;&amp;amp;&quot; <mark name="2"/>ab '
        '<mark name="3"/>نعم<mark name="4"/></speak>'
    )


def test_a_mark_that_is_missing_or_out_of_order_times_nothing_wrong() -> None:
    words = ["a", "b", "c"]
    points = [{"markName": "0"}, {"markName": "2", "timeSeconds": 1.0}, {"markName": "3", "timeSeconds": 1.5}]
    found = spoken(words, points, 10.0, 2.0)
    assert [(word.text, word.start, word.end) for word in found] == [("a", 10.0, 11.0), ("c", 11.0, 11.5)]
    assert spoken(words, [{"markName": "0", "timeSeconds": 1.0}, {"markName": "1", "timeSeconds": 0.5}], 0, 2) == ()


_POINTS = st.fixed_dictionaries(
    {"markName": st.one_of(st.integers(-3, 9).map(str), st.text())},
    optional={"timeSeconds": st.one_of(st.floats(), st.text())},
)


@given(st.lists(st.one_of(st.none(), st.dictionaries(st.text(), st.text()), _POINTS)))
def test_wild_timepoints_give_rising_times_or_none(points: list[object]) -> None:
    words = spoken(["a", "b", "c"], points, 0.0, 2.0)
    assert all(0 <= word.start <= word.end <= 2.0 for word in words)
    assert all(one.end <= other.start for one, other in pairwise(words))
