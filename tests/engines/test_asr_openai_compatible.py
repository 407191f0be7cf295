"""The OpenAI-compatible recogniser against an emulated server: what it sends, what it reads, how it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import SecretStr, ValidationError

from core_pipeline.contracts.engines import Asr, Pcm
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.asr.openai_compatible import SPEC, OpenAiAsrConfig
from core_pipeline.engines.asr.openai_compatible.emulator import EmulatedTranscriptions
from core_pipeline.engines.emulation.faults import Fault
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.factories import bench

TONE = Pcm((np.sin(np.arange(32_000) / 5) * 9000).astype("<i2").tobytes(), 16_000)


@asynccontextmanager
async def opened(
    vendor: EmulatedTranscriptions, folder: Path, **changed: object
) -> AsyncIterator[tuple[Asr, OpenAiAsrConfig, Bench]]:
    ready = bench(folder)
    async with vendor.serving() as served, ready.http:
        config = served.model_copy(update=changed)
        engine: Asr = await SPEC.open(config, ready)
        yield engine, config, ready
        await engine.close()


async def failure(vendor: EmulatedTranscriptions, folder: Path, **changed: object) -> SawtakError:
    async with opened(vendor, folder, **changed) as (engine, _, _):
        with pytest.raises(SawtakError) as caught:
            await engine.transcribe(TONE, "ar")
    assert "emulated-key" not in str(caught.value)
    return caught.value


async def test_it_hears_words_with_times_and_confidence(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions("ما هي ساعات العمل")
    async with opened(vendor, tmp_path) as (engine, _, _):
        heard = await engine.transcribe(TONE, "ar")
    assert (heard.text, heard.language) == ("ما هي ساعات العمل", "ar")
    assert heard.confidence == pytest.approx(0.802, abs=0.001)
    assert [word.text for word in heard.words] == heard.text.split()
    assert heard.words[-1].end == pytest.approx(2.0)
    form = vendor.forms[0]
    assert (form["model"], form["language"], form["response_format"]) == (["whisper-1"], ["ar"], ["verbose_json"])
    assert form["timestamp_granularities[]"] == ["segment", "word"]


async def test_speech_is_sent_at_sixteen_kilohertz(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    async with opened(vendor, tmp_path) as (engine, _, _):
        await engine.transcribe(Pcm(TONE.data, 8_000))
    assert vendor.heard[0].sample_rate == 16_000
    assert vendor.heard[0].seconds == pytest.approx(4.0)


async def test_a_language_it_was_not_told_is_read_from_the_answer(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    async with opened(vendor, tmp_path, language="en") as (engine, _, _):
        heard = await engine.transcribe(TONE)
    assert "language" not in vendor.forms[0]
    assert heard.language == "ar"


async def test_a_model_without_verbose_answers_is_asked_plainly_from_then_on(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions("نعم", verbose=False)
    async with opened(vendor, tmp_path) as (engine, _, _):
        heard = [await engine.transcribe(TONE, "ar") for _ in range(2)]
    assert [(one.text, one.confidence, one.words) for one in heard] == [("نعم", None, ())] * 2
    assert [form["response_format"] for form in vendor.forms] == [["verbose_json"], ["json"], ["json"]]


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault(401), NeedsOwner, "vendor-denied"),
        (Fault(403), NeedsOwner, "vendor-denied"),
        (Fault(402), NeedsOwner, "vendor-unpaid"),
        (Fault(429, body=b'{"error": {"code": "insufficient_quota"}}'), NeedsOwner, "vendor-unpaid"),
        (Fault(404), NeedsOwner, "vendor-lacks"),
        (Fault(301, {"location": "http://127.0.0.1:1/"}), NeedsOwner, "vendor-lacks"),
        (Fault(500), Retryable, "vendor-down"),
        (Fault(529), Retryable, "vendor-down"),
        (Fault(cut_after=9), Retryable, "vendor-garbled"),
        (Fault(500, body=b'{"error": 1}', cut_after=3), Retryable, "vendor-down"),
        (Fault(200, body=b"<html>"), Retryable, "vendor-garbled"),
        (Fault(200, body=b"[1]"), Retryable, "vendor-garbled"),
    ],
)
async def test_every_failure_says_what_to_do(tmp_path: Path, fault: Fault, kind: type[SawtakError], code: str) -> None:
    vendor = EmulatedTranscriptions()
    vendor.faults.next(fault, times=2)
    error = await failure(vendor, tmp_path)
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("asked", "after"), [("7", 7.0), ("1e9", 3600.0), ("nan", 0.0), ("-4", 0.0), ("soon", 0.0), ("", 0.0)]
)
async def test_too_many_requests_are_repeated_when_the_vendor_says(tmp_path: Path, asked: str, after: float) -> None:
    vendor = EmulatedTranscriptions()
    vendor.faults.next(Fault(429, {"retry-after": asked}))
    error = await failure(vendor, tmp_path)
    assert isinstance(error, Retryable)
    assert (error.code, error.after) == ("vendor-busy", after)


async def test_a_slow_server_and_one_that_is_down_may_be_tried_again(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    vendor.faults.next(Fault(delay=3.0))
    slow = await failure(vendor, tmp_path, timeout=0.2)
    down = await failure(vendor, tmp_path, base_url="http://127.0.0.1:9/v1")
    assert [(type(one), one.code) for one in (slow, down)] == [(Retryable, "vendor-slow"), (Retryable, "vendor-down")]


async def test_wrong_speech_is_impossible_and_wrong_settings_need_the_owner(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    vendor.faults.next(Fault(400, body=b'{"error": {"code": "invalid_file"}}'), times=2)
    refused = await failure(vendor, tmp_path)
    key = await failure(vendor, tmp_path, api_key=SecretStr("another"))
    model = await failure(vendor, tmp_path, model="whisper-9")
    odd = await failure(vendor, tmp_path, api_key=SecretStr("مفتاح"))
    assert (type(refused), refused.code) == (Impossible, "vendor-refused")
    assert "invalid_file" in refused.detail
    assert [one.code for one in (key, model, odd)] == ["vendor-denied", "vendor-lacks", "vendor-denied"]
    assert all(isinstance(one, NeedsOwner) for one in (key, model, odd))


async def test_what_it_cannot_hear_is_never_sent(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    async with opened(vendor, tmp_path, longest_seconds=1.0) as (engine, _, _):
        with pytest.raises(Impossible):
            await engine.transcribe(TONE)
        with pytest.raises(Impossible):
            await engine.transcribe(Pcm(b"", 16_000), "xx")
        assert (await engine.transcribe(Pcm(bytes(3000), 16_000))).text == ""
    assert vendor.faults.calls == []


async def test_an_abandoned_request_does_no_harm(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    vendor.faults.next(Fault(delay=2.0))
    async with opened(vendor, tmp_path) as (engine, _, _):
        late = asyncio.create_task(engine.transcribe(TONE, "ar"))
        await asyncio.sleep(0.05)
        late.cancel()
        assert (await engine.transcribe(TONE, "ar")).text


async def test_the_probe_asks_without_cost(tmp_path: Path) -> None:
    vendor = EmulatedTranscriptions()
    assert SPEC.probe
    async with opened(vendor, tmp_path) as (_, config, ready):
        await SPEC.probe(config, ready)
        vendor.faults.next(Fault(404))
        await SPEC.probe(config, ready)
        for wrong in ({"model": "another"}, {"api_key": SecretStr("another")}):
            with pytest.raises(NeedsOwner):
                await SPEC.probe(config.model_copy(update=wrong), ready)
    assert set(vendor.faults.calls) == {"GET /v1/models"}


def test_the_price_is_that_of_a_minute() -> None:
    assert SPEC.price(OpenAiAsrConfig(usd_per_minute=0.006)) * 60 == pytest.approx(6000)
    assert SPEC.secrets == {"api_key"}
    with pytest.raises(ValidationError):
        OpenAiAsrConfig(base_url="file:///etc/passwd")


async def test_an_address_that_is_none_needs_the_owner(tmp_path: Path) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(NeedsOwner):
            await SPEC.open(OpenAiAsrConfig(base_url="http://[::bad/"), Bench(tmp_path, http))
