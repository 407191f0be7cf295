"""The Google recogniser against emulated servers: credentials, languages, long speech, failures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from core_pipeline.contracts.engines import Asr, Pcm
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.asr.google import SPEC, GoogleAsrConfig
from core_pipeline.engines.asr.google.emulator import EmulatedSpeech
from core_pipeline.engines.asr.google.engine import LONGEST, SEARCHED
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.pieces import pieces
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.factories import bench


def tone(seconds: float, rate: int = 16_000) -> Pcm:
    return Pcm((np.sin(np.arange(int(seconds * rate)) / 5) * 9000).astype("<i2").tobytes(), rate)


@asynccontextmanager
async def opened(
    vendor: EmulatedSpeech, folder: Path, *, with_account: bool = False, **changed: Any
) -> AsyncIterator[Asr]:
    ready = bench(folder)
    async with vendor.serving(with_account=with_account) as config, ready.http:
        engine: Asr = await SPEC.open(config.model_copy(update=changed), ready)
        yield engine
        await engine.close()


async def failure(vendor: EmulatedSpeech, folder: Path, **changed: Any) -> SawtakError:
    async with opened(vendor, folder, **changed) as engine:
        with pytest.raises(SawtakError) as caught:
            await engine.transcribe(tone(1), "ar")
    assert "emulated-key" not in str(caught.value)
    return caught.value


async def test_it_hears_words_with_times_and_confidence(tmp_path: Path) -> None:
    vendor = EmulatedSpeech("ما هي ساعات العمل")
    async with opened(vendor, tmp_path) as engine:
        heard = await engine.transcribe(tone(2), "ar")
    assert (heard.text, heard.language) == ("ما هي ساعات العمل", "ar")
    assert heard.confidence == pytest.approx(0.91)
    assert [(word.text, word.confidence) for word in heard.words] == [(word, 0.9) for word in heard.text.split()]
    assert heard.words[-1].end == pytest.approx(2.0)
    assert (vendor.asked[0]["languageCode"], vendor.asked[0]["encoding"]) == ("ar-EG", "LINEAR16")
    assert "alternativeLanguageCodes" not in vendor.asked[0]


async def test_the_language_is_chosen_by_google_where_none_was_asked_for(tmp_path: Path) -> None:
    vendor = EmulatedSpeech("hello", speaks="en-GB")
    async with opened(vendor, tmp_path, locales={"ar": "ar-AE", "en": "en-GB"}) as engine:
        heard = await engine.transcribe(tone(1))
        silence = await engine.transcribe(Pcm(bytes(32_000), 16_000))
    assert (vendor.asked[0]["languageCode"], vendor.asked[0]["alternativeLanguageCodes"]) == ("ar-AE", ["en-GB"])
    assert (heard.language, heard.text) == ("en", "hello")
    assert (silence.language, silence.text, silence.confidence) == ("ar", "", 0.0)


async def test_long_speech_is_heard_to_its_end_with_true_times(tmp_path: Path) -> None:
    vendor = EmulatedSpeech("واحد اثنان")
    async with opened(vendor, tmp_path) as engine:
        heard = await engine.transcribe(tone(130), "ar")
    assert len(vendor.asked) == 3
    assert heard.text == "واحد اثنان واحد اثنان واحد اثنان"
    assert all(one.end <= other.start + 0.01 for one, other in pairwise(heard.words))
    assert heard.words[-1].end == pytest.approx(130, abs=0.01)


async def test_a_service_account_gets_one_token_for_all_requests(tmp_path: Path) -> None:
    vendor = EmulatedSpeech()
    async with opened(vendor, tmp_path, with_account=True) as engine:
        assert (await engine.transcribe(tone(1), "ar")).text
        assert (await engine.transcribe(tone(1), "ar")).text
        assert len(vendor.accounts.tokens) == 1
        vendor.faults.next(Fault(401), path="/v1/speech:recognize")
        with pytest.raises(NeedsOwner):
            await engine.transcribe(tone(1), "ar")
        assert (await engine.transcribe(tone(1), "ar")).text
    assert len(vendor.accounts.tokens) == 2


async def test_a_key_of_another_account_is_refused(tmp_path: Path) -> None:
    strange = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = strange.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    async with EmulatedSpeech().serving(with_account=True) as config, bench(tmp_path).http as http:
        account = json.loads(config.service_account.get_secret_value()) | {"private_key": pem}
        forged = config.model_copy(update={"service_account": SecretStr(json.dumps(account))})
        engine: Asr = await SPEC.open(forged, Bench(tmp_path, http))
        with pytest.raises(NeedsOwner):
            await engine.transcribe(tone(1), "ar")
    for broken in ("{}", "no JSON"):
        assert isinstance(await failure(EmulatedSpeech(), tmp_path, service_account=SecretStr(broken)), NeedsOwner)


async def test_a_wrong_key_and_none_need_the_owner(tmp_path: Path) -> None:
    wrong = await failure(EmulatedSpeech(), tmp_path, api_key=SecretStr("another"))
    none = await failure(EmulatedSpeech(), tmp_path, api_key=SecretStr(""))
    assert (type(wrong), wrong.code) == (NeedsOwner, "vendor-denied")
    assert "API_KEY_INVALID" in wrong.detail
    assert isinstance(none, NeedsOwner)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault(403, body=b'{"error": {"status": "PERMISSION_DENIED"}}'), NeedsOwner, "vendor-denied"),
        (Fault(404), NeedsOwner, "vendor-lacks"),
        (Fault(429, {"retry-after": "3"}), Retryable, "vendor-busy"),
        (Fault(503), Retryable, "vendor-down"),
        (Fault(cut_after=20), Retryable, "vendor-garbled"),
        (Fault(200, body=b"{"), Retryable, "vendor-garbled"),
        (Fault(400, body=b'{"error": {"status": "INVALID_ARGUMENT"}}'), Impossible, "vendor-refused"),
    ],
)
async def test_every_failure_says_what_to_do(tmp_path: Path, fault: Fault, kind: type[SawtakError], code: str) -> None:
    vendor = EmulatedSpeech()
    vendor.faults.next(fault)
    error = await failure(vendor, tmp_path)
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b'{"results": 3}',
        b'{"results": [{"alternatives": [{"transcript": null, "words": [{"startTime": 7}]}]}, 5]}',
        b'{"results": [{"alternatives": []}, {"languageCode": 4}]}',
    ],
)
async def test_answers_that_say_nothing_do_no_harm(tmp_path: Path, answer: bytes) -> None:
    vendor = EmulatedSpeech()
    vendor.faults.next(Fault(200, body=answer))
    async with opened(vendor, tmp_path) as engine:
        heard = await engine.transcribe(tone(1))
    assert (heard.text, heard.words, heard.language) == ("", (), "ar")


async def test_an_unknown_language_is_never_sent(tmp_path: Path) -> None:
    vendor = EmulatedSpeech()
    async with opened(vendor, tmp_path) as engine:
        with pytest.raises(Impossible):
            await engine.transcribe(tone(1), "xx")
    assert vendor.faults.calls == []


def test_settings_that_google_would_refuse_are_refused_here() -> None:
    refused: list[dict[str, Any]] = [
        {"detect": []},
        {"detect": ["ar", "en", "fr", "de", "it"]},
        {"locales": {"ar": "Arabic (Egypt)"}},
    ]
    for wrong in refused:
        with pytest.raises(ValidationError):
            GoogleAsrConfig.model_validate(wrong)
    assert SPEC.secrets == {"api_key", "service_account"}


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 8_000 * 200))
def test_pieces_cover_speech_without_gap_or_overlap(length: int) -> None:
    speech = Pcm(np.random.default_rng(length).integers(-9, 9, length, dtype="<i2").tobytes(), 8_000)
    cut = list(pieces(speech, LONGEST, SEARCHED))
    assert b"".join(piece.data for _, piece in cut) == speech.data
    assert all(piece.seconds <= LONGEST for _, piece in cut)
    assert [start for start, _ in cut] == pytest.approx(
        [sum(piece.seconds for _, piece in cut[:i]) for i in range(len(cut))]
    )
