"""The OpenAI-compatible voice: streamed as it comes, whatever the server cuts, says or breaks."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech, Tts
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.tts.openai_compatible import SPEC, OpenAiTtsConfig
from core_pipeline.engines.tts.openai_compatible.emulator import EmulatedSpeech, tone
from core_pipeline.engines.tts.openai_compatible.engine import OpenAiTts
from core_pipeline.engines.tts.openai_compatible.wave_stream import Waves
from core_pipeline.media.wav import wav
from errors import Impossible, NeedsOwner, Retryable, SawtakError

SPEECH = "/v1/audio/speech"
HELLO = Saying("مرحبا بكم في مطعم اللؤلؤة", "ar")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def server() -> EmulatedSpeech:
    return EmulatedSpeech()


@pytest.fixture
async def config(server: EmulatedSpeech) -> AsyncIterator[OpenAiTtsConfig]:
    async with server.serving() as given:
        yield given


async def said(engine: Tts, saying: Saying = HELLO) -> list[Speech]:
    return [part async for part in engine.speak(saying)]


def joined(parts: list[Speech]) -> Pcm:
    (rate,) = {part.pcm.sample_rate for part in parts}
    return Pcm(b"".join(part.pcm.data for part in parts), rate)


async def test_the_sound_is_passed_on_sample_for_sample(config: OpenAiTtsConfig, http: httpx.AsyncClient) -> None:
    parts = await said(OpenAiTts(config, http))
    assert joined(parts) == tone(len(HELLO.text) * 0.06, 220.0)
    assert len(parts) > 5
    assert all(len(part.pcm.data) % 2 == 0 for part in parts)


async def test_a_wav_file_is_the_same_sound_asked_for_or_not(http: httpx.AsyncClient) -> None:
    for server, wanted in ((EmulatedSpeech(), "wav"), (EmulatedSpeech(always_wav=True), "pcm")):
        async with server.serving() as config:
            other = config.model_copy(update={"format": wanted, "sample_rate": 16_000})
            assert joined(await said(OpenAiTts(other, http))) == tone(len(HELLO.text) * 0.06, 220.0)
            assert server.asked[-1]["response_format"] == wanted


async def test_what_is_asked_for(config: OpenAiTtsConfig, server: EmulatedSpeech, http: httpx.AsyncClient) -> None:
    await said(OpenAiTts(config, http))
    assert server.asked[-1] == {
        "model": "tts-1", "input": HELLO.text, "voice": "nova", "response_format": "pcm"
    }  # fmt: skip
    warm = OpenAiTts(config.model_copy(update={"instructions": "Speak warmly."}), http)
    await said(warm, Saying("نعم", "ar", voice="onyx", rate=9.0, pitch=2.0))
    assert server.asked[-1] == {
        "model": "tts-1", "input": "نعم", "voice": "onyx", "response_format": "pcm",
        "speed": 4.0, "instructions": "Speak warmly.",
    }  # fmt: skip


async def test_nothing_to_say_asks_nobody(
    config: OpenAiTtsConfig, server: EmulatedSpeech, http: httpx.AsyncClient
) -> None:
    assert await said(OpenAiTts(config, http), Saying(" \n", "ar")) == []
    assert server.faults.calls == []


async def test_what_cannot_be_spoken_is_refused(
    config: OpenAiTtsConfig, server: EmulatedSpeech, http: httpx.AsyncClient
) -> None:
    engine = OpenAiTts(config, http)
    with pytest.raises(Impossible, match="no voice is set for fr; these are: ar, en"):
        await said(engine, Saying("oui", "fr"))
    with pytest.raises(Impossible, match="text-too-long"):
        await said(engine, Saying("نعم " * 2000, "ar"))
    with pytest.raises(Impossible, match="cannot-clone"):
        await said(engine, Saying("نعم", "ar", clone=Clone("v", Pcm(b"", 16_000), "نعم")))
    assert server.faults.calls == []
    with pytest.raises(Impossible, match="vendor-refused"):
        await said(engine, Saying("نعم", "ar", voice="nobody"))


async def test_it_speaks_the_languages_that_have_a_voice_and_costs_what_is_set() -> None:
    config = OpenAiTtsConfig(voices={"fr": "alloy", "xx": "alloy"}, usd_per_million_characters=12.5)
    assert SPEC.languages_of(config) == {"fr"}
    assert SPEC.price(config) == 12.5


@pytest.mark.parametrize(
    ("fault", "kind", "code", "after"),
    [
        (Fault(status=401), NeedsOwner, "vendor-denied", None),
        (Fault(status=403), NeedsOwner, "vendor-denied", None),
        (Fault(status=429, headers={"retry-after": "7"}), Retryable, "vendor-busy", 7.0),
        (Fault(status=500), Retryable, "vendor-down", 0.0),
        (Fault(status=404), NeedsOwner, "vendor-lacks", None),
        (Fault(cut_after=4_000), Retryable, "vendor-garbled", 0.0),
        (Fault(cut_after=0), Retryable, "vendor-garbled", 0.0),
        (Fault(status=200, headers={"content-type": "audio/pcm"}), Retryable, "vendor-garbled", 0.0),
        (Fault(status=200, body=b"{}"), NeedsOwner, "vendor-lacks", None),
        (Fault(status=200, headers={"content-type": "audio/mpeg"}, body=b"ID3"), NeedsOwner, "vendor-lacks", None),
        (Fault(delay=1.0), Retryable, "vendor-slow", 0.0),
    ],
)
async def test_a_failing_server(
    fault: Fault,
    kind: type[SawtakError],
    code: str,
    after: float | None,
    config: OpenAiTtsConfig,
    server: EmulatedSpeech,
    http: httpx.AsyncClient,
) -> None:
    engine = OpenAiTts(config.model_copy(update={"timeout": 0.3}), http)
    server.faults.next(fault, path=SPEECH)
    with pytest.raises(kind, match=code) as raised:
        await said(engine)
    assert config.api_key.get_secret_value() not in str(raised.value)
    assert getattr(raised.value, "after", None) == after
    assert await said(engine)


async def test_a_server_that_is_not_there_is_retryable(http: httpx.AsyncClient) -> None:
    with pytest.raises(Retryable, match="vendor-down"):
        await said(OpenAiTts(OpenAiTtsConfig(base_url="http://127.0.0.1:9/v1"), http))


async def test_a_listener_who_leaves_ends_the_request(
    config: OpenAiTtsConfig, server: EmulatedSpeech, http: httpx.AsyncClient
) -> None:
    engine = OpenAiTts(config, http)
    async for _ in engine.speak(Saying("نعم " * 1000, "ar")):
        break
    server.faults.next(Fault(delay=60.0), path=SPEECH)
    waiting = asyncio.create_task(said(engine))
    while len(server.faults.calls) < 2:
        await asyncio.sleep(0.005)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert joined(await said(engine)) == tone(len(HELLO.text) * 0.06, 220.0)


async def test_the_probe_knows_the_key_and_the_model(
    config: OpenAiTtsConfig, server: EmulatedSpeech, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    probe, bench = SPEC.probe, Bench(tmp_path, http)
    assert probe
    await probe(config, bench)
    with pytest.raises(NeedsOwner, match="has no model other"):
        await probe(config.model_copy(update={"model": "other"}), bench)
    with pytest.raises(NeedsOwner, match="vendor-denied"):
        await probe(OpenAiTtsConfig(base_url=config.base_url), bench)
    server.faults.next(Fault(status=404))
    await probe(config, bench)


@given(st.binary(max_size=400), st.lists(st.integers(1, 60), max_size=12), st.sampled_from(["raw", "file", "endless"]))
def test_pieces_of_any_length_give_the_same_samples(data: bytes, cuts: list[int], form: str) -> None:
    samples = b"\1\0" + data[: len(data) // 2 * 2]
    file = samples if form == "raw" else wav(Pcm(samples, 22_050))
    if form == "endless":
        file = file[:40] + struct.pack("<I", 0xFFFF_FFFF) + file[44:]
    waves, out = Waves(16_000), b""
    for cut in [*cuts, len(file)]:
        out += waves.feed(file[:cut])
        file = file[cut:]
    assert out == samples
    assert waves.sample_rate == (16_000 if form == "raw" else 22_050)


@given(st.binary(max_size=300))
def test_wild_files_do_no_harm(data: bytes) -> None:
    try:
        assert len(Waves(16_000).feed(b"RIFF" + data)) <= len(data)
    except ValueError:
        return


def test_what_follows_the_samples_and_stereo_are_left_out() -> None:
    file = wav(Pcm(b"\1\0\2\0", 16_000))
    assert Waves(8_000).feed(file + b"LIST....junk") == b"\1\0\2\0"
    with pytest.raises(ValueError, match="mono"):
        Waves(8_000).feed(file[:22] + b"\2\0" + file[24:])
